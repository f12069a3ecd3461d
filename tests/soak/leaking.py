"""`python -m tests.soak.leaking PORT`: a service that keeps four kilobytes of each request, to be caught."""

import sys

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from service.app import create_app
from service.settings import Settings
from tests.service.world import Brightness


class Leaking:
    """Forgets nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.kept = app, []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.kept.append(bytearray(b"x" * 4096))
        await self.app(scope, receive, send)


if __name__ == "__main__":
    app = create_app(Settings())
    app.state.predictor = Brightness()
    uvicorn.run(Leaking(app), port=int(sys.argv[1]), log_config=None)
