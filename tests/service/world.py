"""A predictor that is quick and easy to foresee, and images to send it."""

import io
import threading
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from starlette.applications import Starlette
from starlette.testclient import TestClient

from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling
from seg.inference.artifact_info import ArtifactInfo, NetworkInfo, Provenance
from seg.inference.novelty import learn
from seg.instances.decoder import build_decoder, describe_decoder
from seg.instances.watershed import WatershedDecoder
from service.app import create_app
from service.served_model import ServedModel, StoredModel
from service.settings import Settings


class Brightness:
    """Bright pixels are boundary, in proportion to the type's range."""

    info = ArtifactInfo(
        network=NetworkInfo("unet", "resnet18", 1, 1, {}),
        stride_px=32,
        scaling=IntensityScaling(),
        boundary_value=0,
        threshold=0.5,
        rank_by="iou",
        scores={},
        provenance=Provenance("l2", "losses.L2Loss", "losses.L2Loss", 0, 1, "2026-01-01", None, "f" * 64, {}),
        decoder=describe_decoder(WatershedDecoder(sigma_px=0, keep_boundary=0.5, min_size_px=4)),
    )

    def __init__(self) -> None:
        self.hold = threading.Event()
        self.hold.set()
        self.calls = 0

    def probabilities(self, image, tta=False, before_tile=None):
        self.calls += 1
        self.hold.wait(10)
        if before_tile:
            before_tile()
        if image.shape == (13, 13):
            raise RuntimeError("secret: /etc/model")
        if image.shape == (17, 17):
            raise MemoryError
        gray = image if image.ndim == 2 else image.mean(axis=2)
        probability = (gray / np.iinfo(image.dtype).max if image.dtype.kind in "iu" else gray).astype(np.float32)
        return (1 - probability if tta else probability)[None]

    def decode(self, probabilities, image, decoder=None):
        return (decoder or build_decoder(self.info.decoder)).decode(probabilities)


class Familiar(Brightness):
    """Knows smooth images."""

    _known = tuple(gaussian_filter(np.random.default_rng(seed).random((64, 64)), 2) for seed in range(4))
    info = replace(Brightness.info, reference=learn(_known, [], IntensityScaling(), 1, Planes()))


def smooth_image() -> NDArray[np.uint8]:
    """An image as `Familiar` knows them."""
    image = gaussian_filter(np.random.default_rng(9).random((64, 64)), 2)
    return (255 * (image - image.min()) / np.ptp(image)).astype(np.uint8)


def png_of(array, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind, **options)
    return stream.getvalue()


def tiff_of(array, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


class Shelf:
    """A store of models in memory; counts how often each was loaded."""

    def __init__(self, **predictors) -> None:
        self.predictors, self.loads = predictors, []

    def list(self) -> list[StoredModel]:
        made = datetime(2026, 1, 2, tzinfo=UTC)
        return [
            StoredModel(f"septum:{name}", number == 0, made, "torch", predictor.info)
            for number, (name, predictor) in enumerate(self.predictors.items())
        ]

    def load(self, tag: str) -> ServedModel:
        self.loads.append(tag)
        return ServedModel(tag, self.predictors[tag.removeprefix("septum:")], "torch")


def app_of(predictor, store: Shelf | None = None, **settings) -> Starlette:
    app = create_app(Settings(**settings), store or Shelf())
    app.state.model = predictor and ServedModel("septum:one", predictor, "torch")
    return app


def client_of(predictor, store: Shelf | None = None, **settings) -> TestClient:
    app = app_of(predictor, store, **settings)
    return TestClient(app, raise_server_exceptions=False)


def error_of(answer) -> tuple[int, str]:
    """Status and code of a refusal."""
    body = answer.json()
    assert list(body) == ["error"]
    assert sorted(body["error"]) == ["code", "message"]
    return answer.status_code, body["error"]["code"]
