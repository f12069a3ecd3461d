"""From an image to the probability of a boundary, with a model that an artifact holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.scaling import match_channels, normalize, prepare, scale
from seg.data.stored_input import read_picture
from seg.data.writing import decode_probability
from seg.inference.any_size import for_any_size
from seg.inference.artifact_info import ARTIFACT, ArtifactInfo
from seg.inference.engine import AveragedEngine, Engine
from seg.inference.engine_choice import load_engine
from seg.inference.manifest import verify
from seg.inference.tiling import Tiling, predict_tiles
from seg.instances.decoder import Decoder, build_decoder
from seg.instances.labels import Labels

GOLDEN_IMAGE = "golden_image.png"
GOLDEN_PROBABILITY = "golden_probability.png"

#: Other processors round differently; more than this is another model.
GOLDEN_TOLERANCE = 1e-3

#: The least overlap with the recorded mask where an engine rounds coarsely (int8, half precision).
GOLDEN_DICE = 0.95


class Predictor:
    """A trained network with everything that was decided together with it; threads may share it.

    Args:
        engine: runs the network.
        info: the artifact's description.
        tiling: of images that are larger than a tile.

    Attributes:
        engine: as given.
        threshold: probability from which a pixel is boundary.
        boundary_value: of the boundary in masks, 0 or 255.
        info: as given.
        decoder: from probabilities to cells.

    Raises:
        ValueError: the description names no decoder.
    """

    def __init__(self, engine: Engine, info: ArtifactInfo, tiling: Tiling = Tiling()) -> None:  # noqa: B008  # frozen
        self.engine = engine
        self.info = info
        self.threshold = info.threshold
        self.boundary_value = info.boundary_value
        self.decoder = build_decoder(info.decoder)
        self._tiling = tiling

    @classmethod
    def load(cls, folder: str | Path, engine: str = "auto", any_size: bool = False, calls: int = 1) -> "Predictor":
        """Load an artifact after checking that it is whole and answers as it did when it was made.

        Args:
            folder: of the artifact.
            engine: one of `seg.inference.engine_choice.ENGINES`.
            any_size: start on images of any size at once, as a service must; see `seg.inference.any_size`.
            calls: of its engine at a time, beyond which small images wait.

        Raises:
            FileNotFoundError: the folder or its manifest is missing.
            ValueError: names the file that is missing, altered or not listed, the golden image is answered differently,
                or the artifact has no such engine.
        """
        folder = Path(folder)
        verify(folder, needed=(ARTIFACT, GOLDEN_IMAGE, GOLDEN_PROBABILITY))
        predictor = cls.from_files(folder, engine)
        if any_size:
            predictor.engine = for_any_size(predictor.engine, calls)
        predictor._check_golden(folder)
        return predictor

    @classmethod
    def from_files(cls, folder: Path, engine: str) -> "Predictor":
        """Load an artifact without checking it.

        Args:
            folder: of the artifact.
            engine: one of `seg.inference.engine_choice.ENGINES`.
        """
        info = ArtifactInfo.load(folder)
        return cls(load_engine(folder, info, engine), info)

    def probabilities(
        self, image: NDArray[Any], tta: bool | None = None, before_tile: Callable[[], None] | None = None
    ) -> NDArray[np.float32]:
        """Return the probabilities of all channels, (K, H, W) in [0, 1]; channel 0 is the boundary.

        Args:
            image: (H, W), (H, W, 3) or with the network's channels, of any type, as it was read. Beside it and the
                answer, one tile is in memory.
            tta: return the mean over the flips and turns of the image, for eight times the work; None: as the model's
                scores were made.
            before_tile: called before each tile; what it raises ends the prediction.

        Raises:
            ValueError: the image has another shape or type.
        """
        _check_image(image, self.info.network.in_channels)
        engine = AveragedEngine(self.engine) if self.averages(tta) else self.engine
        channels = self.info.network.in_channels
        limits = self.info.scaling.limits(match_channels(image, channels), self.info.planes.scaled_alone)

        def source(rows: slice, columns: slice) -> NDArray[np.float32]:
            if before_tile is not None:
                before_tile()
            return normalize(scale(match_channels(image[rows, columns], channels), limits))

        return predict_tiles(source, image.shape[:2], engine, self.info.stride_px, self._tiling)

    def averages(self, tta: bool | None) -> bool:
        """Return whether predictions are averaged: as asked, else as the model's scores were made."""
        return self.info.tta if tta is None else tta

    def probability(self, image: NDArray[Any], tta: bool | None = None) -> NDArray[np.float32]:
        """Return the probability of a boundary, (H, W) in [0, 1].

        Args:
            image: as for `probabilities`.
            tta: as for `probabilities`.
        """
        boundary: NDArray[np.float32] = self.probabilities(image, tta)[0]
        return boundary

    def boundary(
        self, image: NDArray[Any], threshold: float | None = None, tta: bool | None = None
    ) -> NDArray[np.bool_]:
        """Return the boundary, (H, W).

        Args:
            image: as for `probabilities`.
            threshold: probability from which a pixel is boundary; the one chosen on validation if None.
            tta: as for `probabilities`.
        """
        return self.probability(image, tta) >= (
            self.info.threshold_for(self.averages(tta)) if threshold is None else threshold
        )

    def labels(self, image: NDArray[Any], tta: bool | None = None) -> Labels:
        """Return the cells, (H, W), numbered from 1; 0 belongs to none.

        Args:
            image: as for `probabilities`.
            tta: as for `probabilities`.
        """
        return self.decode(self.probabilities(image, tta), image)

    def decode(self, probabilities: NDArray[np.float32], image: NDArray[Any], decoder: Decoder | None = None) -> Labels:
        """Return the cells that a decoder makes of probabilities.

        Args:
            probabilities: (K, H, W), as `probabilities` returns them.
            image: that they are of.
            decoder: the one chosen on validation if None.
        """
        decoder, seen = decoder or self.decoder, None
        if decoder.needs_image:
            alone = self.info.planes.scaled_alone
            seen = prepare(image, self.info.scaling, self.info.network.in_channels, alone)
        return decoder.decode(probabilities, seen)

    def _check_golden(self, folder: Path) -> None:
        expected = decode_probability((folder / GOLDEN_PROBABILITY).read_bytes())
        answer = self.probability(read_picture(folder / GOLDEN_IMAGE), tta=False)
        difference = np.abs(answer - expected).max()
        if self.engine.exact and difference > GOLDEN_TOLERANCE:
            raise ValueError(
                f"{folder}: the golden image gets probabilities {difference:.1g} away from the recorded ones"
            )
        overlap = dice(answer >= self.threshold, expected >= self.threshold)
        if overlap < GOLDEN_DICE:
            raise ValueError(f"{folder}: the golden image's mask overlaps the recorded one by a Dice of {overlap:.3f}")


def _check_image(image: NDArray[Any], channels: int) -> None:
    shaped = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, channels))
    if not shaped or image.size == 0:
        shapes = "(H, W) or (H, W, 3)" if channels in (1, 3) else f"(H, W, {channels})"
        raise ValueError(
            f"an image must have the shape {shapes}, got {image.shape}: predict the sections of a stack one by one"
        )
    if image.dtype.kind not in "buif":
        raise ValueError(f"an image must hold integers, floating point or booleans, got {image.dtype}")


def dice(prediction: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return 2 |A and B| / (|A| + |B|) of two masks; 1 where both are empty.

    Args:
        prediction: (H, W).
        truth: (H, W).
    """
    total = int(prediction.sum()) + int(truth.sum())
    return 2 * int((prediction & truth).sum()) / total if total else 1.0
