"""`python -m tests.soak.leaking PORT`: a service that keeps four kilobytes of each request, to be caught."""

import sys

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.service.world import Brightness, app_of


class Leaking:
    """Forgets nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.kept = app, []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.kept.append(bytearray(b"x" * 4096))
        await self.app(scope, receive, send)


if __name__ == "__main__":
    uvicorn.run(Leaking(app_of(Brightness())), port=int(sys.argv[1]), log_config=None)
