"""What `GET /model` tells."""

from dataclasses import dataclass, fields

from seg.data.image_error import MAX_SIDE_PX
from seg.data.scaling import IntensityScaling
from seg.inference.artifact_info import ArtifactInfo
from service.served_model import StoredModel
from service.settings import Settings

_FORMATS = ("PNG", "JPEG", "TIFF")
_SAMPLES = ("integers of 8 to 32 bits", "floating point", "one bit", "palette")


@dataclass(frozen=True)
class Licenses:
    """Of the model's weights, as whoever trained them states it, and of the software."""

    model: str
    software: str = "Apache-2.0"


@dataclass(frozen=True)
class AcceptedInput:
    """The images that the service takes.

    Attributes:
        channels: of the network. Grey and RGB are converted to 1 or 3 channels; another number must be in the file.
        scaling: from intensities to the network's input.
        max_bytes: of a request.
        max_pixels: of an image.
        max_side_px: of an image.
        formats: of files.
        samples: types of pixel values.
    """

    channels: int
    scaling: IntensityScaling
    max_bytes: int
    max_pixels: int
    max_side_px: int = MAX_SIDE_PX
    formats: tuple[str, ...] = _FORMATS
    samples: tuple[str, ...] = _SAMPLES


@dataclass(frozen=True, kw_only=True)
class ModelCard(ArtifactInfo):
    """The artifact's description, and what this service adds.

    Attributes:
        tag: in the model store.
        loss: class path of the loss that the model was trained with.
        license: of model and software.
        input: the images that are taken.
    """

    tag: str
    loss: str
    license: Licenses
    input: AcceptedInput


def describe(model: StoredModel, settings: Settings) -> ModelCard:
    """Return the model card: loss, scores and provenance of the model, its license, what the service takes.

    Args:
        model: any that can answer.
        settings: limits of the service.
    """
    info = model.info
    limits = (settings.max_body_bytes, settings.max_pixels)
    return ModelCard(
        **{each.name: getattr(info, each.name) for each in fields(ArtifactInfo)},
        tag=model.tag,
        loss=info.provenance.loss,
        license=Licenses(settings.model_license),
        input=AcceptedInput(info.network.in_channels, info.scaling, *limits),
    )
