"""A predictor that is quick and easy to foresee, and images to send it."""

import io
import threading

import numpy as np
import tifffile
from PIL import Image
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings


class Brightness:
    """Bright pixels are boundary, in proportion to the type's range."""

    threshold = 0.5
    boundary_value = 0

    def __init__(self) -> None:
        self.info = {"tag": "septum:one", "provenance": {"loss": "losses.L2Loss"}, "network": {"in_channels": 1}}
        self.hold = threading.Event()
        self.hold.set()
        self.calls = 0

    def probability(self, image, tta=False):
        self.calls += 1
        self.hold.wait(10)
        if image.shape == (13, 13):
            raise RuntimeError("secret: /etc/model")
        gray = image if image.ndim == 2 else image.mean(axis=2)
        probability = (gray / np.iinfo(image.dtype).max if image.dtype.kind in "iu" else gray).astype(np.float32)
        return 1 - probability if tta else probability


def png_of(array, **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG", **options)
    return stream.getvalue()


def tiff_of(array, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def client_of(predictor, **settings) -> TestClient:
    app = create_app(Settings(**settings))
    app.state.predictor = predictor
    return TestClient(app, raise_server_exceptions=False)
