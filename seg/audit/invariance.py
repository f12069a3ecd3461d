"""How the score falls as images are turned, brightened, blurred, ...: the strength at which a network fails."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import ndimage

from seg.audit.cases import Case, Image
from seg.model.run_predictor import Predict

#: From an image (C, H, W) in [-1, 1] and a strength to the altered one.
Alter = Callable[[Image, float], Image]


@dataclass(frozen=True)
class Alteration:
    """A way to alter images, and how strongly.

    Attributes:
        name: for people.
        strengths: of which the first alters nothing.
        alter: the image alone; a turn or a scale also moves the truth.
        moves: whether the truth must be altered, too.
        covered_by: classes of albumentations that train it.
    """

    name: str
    strengths: tuple[float, ...]
    alter: Alter
    moves: bool = False
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """The score at each strength.

    Attributes:
        name: of the alteration.
        strengths: as in it.
        scores: mean Dice over the images.
        trained: whether the training's augmentation alters images so.
    """

    name: str
    strengths: tuple[float, ...]
    scores: list[float]
    trained: bool

    @property
    def fails_at(self) -> float | None:
        """The first strength that costs more than a fifth of the score; None: none does."""
        return next(
            (at for at, score in zip(self.strengths, self.scores, strict=True) if score < 0.8 * self.scores[0]), None
        )


def _jpeg(image: Image, quality: float) -> Image:
    if quality >= 100:
        return image
    channels = []
    for channel in image:
        stream = io.BytesIO()
        PillowImage.fromarray(((channel + 1) * 127.5).round().astype(np.uint8)).save(
            stream, "JPEG", quality=int(quality)
        )
        channels.append(np.asarray(PillowImage.open(stream), np.float32) / np.float32(127.5) - 1)
    return np.stack(channels)


def _noisy(image: Image, deviation: float) -> Image:
    drawn = np.random.default_rng(0).normal(0, 2 * deviation, image.shape)
    return np.clip(image + drawn, -1, 1).astype(np.float32)


def _gamma(image: Image, gamma: float) -> Image:
    return (((image + 1) / 2).clip(0, 1) ** gamma * 2 - 1).astype(np.float32)


def _zoom(image: Image, factor: float) -> Image:
    scaled: Image = np.clip(ndimage.zoom(image, (1, factor, factor), order=1), -1, 1)
    return scaled


def _turn(image: Image, turns: float) -> Image:
    return np.rot90(image, int(turns), (1, 2)).copy()


def _mirror(image: Image, flip: float) -> Image:
    return image[..., ::-1].copy() if flip else image


def _scaled(gain: bool) -> Alter:
    def alter(image: Image, strength: float) -> Image:
        mean = image.mean() if gain else 0.0
        moved = mean + (image - mean) * strength if gain else image + 2 * strength
        return np.clip(moved, -1, 1).astype(np.float32)

    return alter


_TURNS = ("D4", "RandomRotate90", "HorizontalFlip", "VerticalFlip", "Rotate", "Affine", "SquareSymmetry")
_LIGHT = ("RandomBrightnessContrast", "ColorJitter")

ALTERATIONS = (
    Alteration("quarter turns", (0, 1, 2, 3), _turn, True, _TURNS),
    Alteration("mirrored", (0, 1), _mirror, True, _TURNS),
    Alteration("scale, factor", (1, 0.75, 1.5), _zoom, True, ("RandomScale", "Affine", "RandomResizedCrop")),
    Alteration("brightness, share of the range", (0, -0.2, -0.1, 0.1, 0.2), _scaled(gain=False), False, _LIGHT),
    Alteration("contrast, factor", (1, 0.4, 0.7, 1.5), _scaled(gain=True), False, _LIGHT),
    Alteration("gamma", (1, 0.6, 1.6), _gamma, False, ("RandomGamma",)),
    Alteration("blur, sigma in px", (0, 1, 2), lambda image, sigma: ndimage.gaussian_filter(image, (0, sigma, sigma)),
               False, ("Blur", "GaussianBlur", "AdvancedBlur")),
    Alteration("noise, share of the range", (0, 0.05, 0.1), _noisy, False, ("GaussNoise", "ShotNoise")),
    Alteration("JPEG quality", (100, 60, 20), _jpeg, False, ("ImageCompression",)),
)  # fmt: skip


def invariance_curves(
    cases: Sequence[Case], predict: Predict, threshold: float, augmentation: Sequence[dict[str, Any]]
) -> list[Curve]:
    """Score altered images against the truth.

    Args:
        cases: of the audit.
        predict: the network.
        threshold: probability from which a pixel is boundary.
        augmentation: of the training, as its configuration has it.
    """
    trained = {str(each.get("class_path", "")).rpartition(".")[2] for each in augmentation}
    return [
        Curve(
            each.name,
            each.strengths,
            [_score(cases, predict, threshold, each, strength) for strength in each.strengths],
            not trained.isdisjoint(each.covered_by),
        )
        for each in ALTERATIONS
    ]


def _score(cases: Sequence[Case], predict: Predict, threshold: float, each: Alteration, strength: float) -> float:
    scores = []
    for case in cases:
        truth = case.truth
        if each.moves:
            truth = each.alter(np.where(truth, 1, -1).astype(np.float32)[None], strength)[0] > 0
        scores.append(_dice(predict(each.alter(case.image, strength)) >= threshold, truth))
    return float(np.mean(scores))


def _dice(prediction: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    total = int(prediction.sum()) + int(truth.sum())
    return 2 * int((prediction & truth).sum()) / total if total else 1.0
