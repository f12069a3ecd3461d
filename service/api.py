"""The BentoML service: `bentoml serve service.api:BoundaryService`."""

import os
from pathlib import Path

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "true")

import bentoml
import torch

from seg.inference.predictor import Predictor, verify
from service.app import create_app
from service.settings import Settings

settings = Settings.from_environment()
artifact = Path(bentoml.models.get(settings.model).path)
verify(artifact)  # here, so that the server ends: a worker that fails in __init__ would be started again and again
app = create_app(settings)


@bentoml.service(
    name="septum", workers=1, metrics={"enabled": False}, traffic={"timeout": settings.work_timeout_s + 60}
)
@bentoml.asgi_app(app, path="/")
class BoundaryService:
    """Answers images with boundary masks; the HTTP surface is `service.app`."""

    def __init__(self) -> None:
        """Load and check the model, once."""
        torch.set_num_threads(settings.threads)
        app.state.predictor = Predictor.load(artifact)
