"""What `benchmarks.peer_server` serves through LitServe; its workers import it by name."""

from collections.abc import Callable
from pathlib import Path

import litserve
from fastapi import Request, Response


class Api(litserve.LitAPI):
    """Answers a PNG with a PNG.

    Args:
        make: from an artifact's folder to the function that answers.
        artifact: that folder.
    """

    def __init__(self, make: Callable[[Path], Callable[[bytes], bytes]], artifact: Path) -> None:
        super().__init__()
        self._make, self._artifact = make, artifact

    def setup(self, device: str) -> None:
        """Load the network."""
        self._answer = self._make(self._artifact)

    def decode_request(self, request: Request) -> bytes:
        """Return the file of a form: LitServe takes no image as the body."""
        return request["image"].file.read()

    def predict(self, data: bytes) -> bytes:
        """Return the mask."""
        return self._answer(data)

    def encode_response(self, mask: bytes) -> Response:
        """Return it under its type."""
        return Response(mask, media_type="image/png")
