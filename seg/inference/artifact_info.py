"""What an artifact says of itself: the typed content of artifact.json.

A new field with a default needs nothing else: older files are read with the default, and a Septum that does not know
the field refuses the file instead of ignoring it. SCHEMA_VERSION changes only when a field changes its meaning.
"""

import json
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from numpy.typing import NDArray

from seg.data.planes import Planes, Projection
from seg.data.scaling import IntensityScaling
from seg.data.writing import write_file
from seg.inference.novelty import Novelty, Reference, judge
from seg.instances.decoder import describe_decoder
from seg.instances.watershed import WatershedDecoder
from seg.run_config import FORMER

ARTIFACT = "artifact.json"
SCHEMA_VERSION = 1

Record = TypeVar("Record")


@dataclass(frozen=True)
class NetworkInfo:
    """The architecture, as in `seg.network.unet.NetworkConfig`, without what only training needs.

    Attributes:
        architecture: e.g. "unet".
        encoder: of segmentation-models-pytorch.
        in_channels: of the input: 1 (grey), 3 (RGB), or any number.
        classes: channels of the answer; channel 0 is the boundary.
        options: passed on to the architecture.
        encoder_weights: none, the artifact has its own.
        members: networks of this architecture whose mean answers.
    """

    architecture: str
    encoder: str
    in_channels: int
    classes: int
    options: dict[str, Any]
    encoder_weights: None = None
    members: int = 1

    def of_member(self) -> dict[str, Any]:
        """Return the arguments of `seg.network.unet.NetworkConfig` of each member."""
        return {name: value for name, value in asdict(self).items() if name != "members"}


@dataclass(frozen=True)
class Provenance:
    """The run that trained the weights.

    Attributes:
        name: the arm of the comparison.
        loss: class path of the loss.
        loss_config: the loss with its parameters, as configured.
        seed: of weights, batches and augmentation.
        steps: optimiser steps done.
        started: ISO 8601, UTC.
        encoder_weights: that the training started from.
        data_fingerprint: sha256 of images, masks and split.
        versions: package -> version.
        start_from: the trained network that the training started from; None: it started from encoder_weights.
        members: runs of an ensemble; what else is told is of the first of them.
    """

    name: str
    loss: str
    loss_config: Any
    seed: int
    steps: int
    started: str
    encoder_weights: str | None
    data_fingerprint: str
    versions: dict[str, str]
    start_from: str | None = None
    members: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ArtifactInfo:
    """Everything that was decided together with the weights.

    Attributes:
        network: architecture.
        stride_px: of the network.
        scaling: from an image's intensities to the network's input.
        boundary_value: of the boundary in masks, 0 or 255.
        threshold: probability from which a pixel is boundary.
        threshold_tta: the same for predictions that are averaged over flips and turns; None: `threshold` has to do.
        tta: whether predictions are averaged unless they are asked not to be, as those were that scores are of.
        decoder: class path and arguments of the decoder that makes cells of the probabilities, chosen on validation.
        rank_by: the metric that chose epoch, threshold and run.
        scores: split -> metric -> mean over the images.
        intervals: metric -> ends of the 95 % interval of its mean on the test images; none: there is none.
        provenance: the run that it comes from.
        engine: engine -> what was measured at promotion.
        channels: of a file that the network takes, numbers from 0 or names; none: it takes grey or RGB.
        context: sections of a stack on either side that it takes, too.
        projection: max or mean of the sections of a stack that it takes; None: it takes a section.
        reference: the appearance of validation images and training crops; None: it was not kept.
        schema_version: of this file.
    """

    network: NetworkInfo
    stride_px: int
    scaling: IntensityScaling
    boundary_value: int
    threshold: float
    rank_by: str
    scores: dict[str, dict[str, float]]
    provenance: Provenance
    engine: dict[str, dict[str, Any]] = field(default_factory=dict)
    threshold_tta: float | None = None
    tta: bool = False
    decoder: dict[str, Any] = field(default_factory=lambda: describe_decoder(WatershedDecoder()))
    channels: list[int | str] = field(default_factory=list)
    context: int = 0
    projection: Projection | None = None
    reference: Reference | None = None
    intervals: dict[str, list[float]] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def planes(self) -> Planes:
        """The planes of a file that make an image."""
        return Planes(tuple(self.channels), self.context, self.projection)

    def threshold_for(self, tta: bool) -> float:
        """Return the threshold of predictions that are averaged over flips and turns, or not."""
        return self.threshold if not tta or self.threshold_tta is None else self.threshold_tta

    def novelty(self, image: NDArray[Any]) -> Novelty | None:
        """Return how unlike the images of the training an image is, (H, W) or (H, W, C); None: it is not known."""
        if self.reference is None:
            return None
        return judge(image, self.reference, self.scaling, self.network.in_channels, self.planes)

    def save(self, folder: Path) -> None:
        """Write artifact.json into the artifact's folder."""
        write_file(folder / ARTIFACT, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> "ArtifactInfo":
        """Read artifact.json of the artifact in a folder; files without a schema version are of version 1.

        Raises:
            FileNotFoundError: there is none.
            ValueError: it is damaged, or of a version that this Septum does not read.
        """
        path = folder / ARTIFACT
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            version = values.get("schema_version", SCHEMA_VERSION)
            if version == SCHEMA_VERSION:
                values.get("network", {}).pop(FORMER, None)
                return _build(cls, values)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"{path} cannot be read by this version of Septum ({error}): promote it again") from error
        raise ValueError(
            f"{path} has schema version {version}, this Septum reads {SCHEMA_VERSION}: "
            "install the Septum that promoted it, or promote it again"
        )


def _build(kind: type[Record], values: dict[str, Any]) -> Record:
    hints = get_type_hints(kind)
    return kind(**{name: _convert(hints.get(name), value) for name, value in values.items()})


def _convert(hint: Any, value: Any) -> Any:
    """Return a value of JSON as its type hint says: a dataclass, a dataclass or None, or as it is."""
    nested: Any = next(filter(is_dataclass, (hint, *get_args(hint))), None)
    return value if nested is None or value is None else _build(nested, value)
