"""What besides the structure could tell how much boundary an image has, and does the network follow it?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from seg.analysis.variance import LEVEL, holm
from seg.audit.cases import Case, Image
from seg.audit.chance import correlate
from seg.model.run_predictor import Predict

LEAST_CORRELATION = 0.5
#: Of the predicted boundary: fading contrast costs any network a little.
_LEAST_RESPONSE = 0.5
#: A smaller share of predicted boundary is none.
_NOTHING = 0.002
#: Of the Laplacian of white noise with deviation 1: 1 + 1 + 1 + 1 + 16.
_LAPLACIAN = 20**0.5


@dataclass(frozen=True)
class Property:
    """A property of whole images.

    Attributes:
        name: of the property.
        correlation: Spearman's, with the share of boundary in the truth.
        p: of a permutation test, corrected for the number of properties that are tested together.
    """

    name: str
    correlation: float
    p: float

    @property
    def tells(self) -> bool:
        """Whether it tells how much boundary there is."""
        return abs(self.correlation) >= LEAST_CORRELATION and self.p <= LEVEL


@dataclass(frozen=True)
class Cue(Property):
    """A property that an image can be given, so that one sees whether the network follows it.

    Attributes:
        response: change of the predicted boundary from a low to a high value, as these images have it, relative to the
            larger of the two; in [-1, 1].
    """

    response: float

    @property
    def flagged(self) -> bool:
        """Whether the network follows it in the direction in which it gives the answer away."""
        return self.tells and self.response * np.sign(self.correlation) > _LEAST_RESPONSE

    @property
    def sentence(self) -> str:
        """What was seen."""
        told = "tells" if self.tells else "does not tell"
        return (
            f"{self.name} {told} how much boundary an image has (correlation {self.correlation:+.2f}); from a low to a "
            f"high value, as these images have it, the predicted boundary changes by {self.response:+.0%}"
        )


def brightness(image: Image) -> float:
    """Return the mean of an image (C, H, W)."""
    return float(image.mean())


def contrast(image: Image) -> float:
    """Return the standard deviation of an image (C, H, W)."""
    return float(image.std())


def noise(image: Image) -> float:
    """Return the standard deviation of the noise of an image (C, H, W), from the median of its Laplacian."""
    laplacian = np.abs(np.stack([ndimage.laplace(channel) for channel in image]))
    return float(np.median(laplacian)) / 0.6745 / _LAPLACIAN


def with_brightness(image: Image, value: float) -> Image:
    """Return the image with another mean.

    Args:
        image: (C, H, W) in [-1, 1].
        value: the mean, before values are cut off at -1 and 1.
    """
    altered: Image = np.clip(image + np.float32(value - image.mean()), -1, 1)
    return altered


def with_contrast(image: Image, value: float) -> Image:
    """Return the image with another standard deviation.

    Args:
        image: (C, H, W) in [-1, 1].
        value: the standard deviation, before values are cut off at -1 and 1.
    """
    mean = image.mean()
    altered: Image = np.clip(mean + (image - mean) * np.float32(value / max(image.std(), 1e-6)), -1, 1)
    return altered


def with_noise(image: Image, value: float) -> Image:
    """Return the image with at least this much noise.

    Args:
        image: (C, H, W) in [-1, 1].
        value: its standard deviation.
    """
    missing = max(value**2 - noise(image) ** 2, 0) ** 0.5
    drawn = np.random.default_rng(0).normal(0, missing, image.shape).astype(np.float32)
    altered: Image = np.clip(image + drawn, -1, 1)
    return altered


Measure = Callable[[Image], float]
Change = Callable[[Image, float], Image]

CUES: dict[str, tuple[Measure, Change]] = {
    "brightness": (brightness, with_brightness),
    "contrast": (contrast, with_contrast),
    "noise": (noise, with_noise),
}


def probe_cues(cases: Sequence[Case], predict: Predict) -> list[Cue]:
    """Correlate each cue with the share of boundary, and see whether the network follows it.

    Args:
        cases: of the audit.
        predict: the network.
    """
    shares = np.array([case.truth.mean() for case in cases])
    values = {name: np.array([measure(case.image) for case in cases]) for name, (measure, _) in CUES.items()}
    tests = [correlate(of_cue, shares) for of_cue in values.values()]
    corrected = holm(np.array([p for _, p in tests]))
    return [
        Cue(name, correlation, float(p), _response(cases, predict, values[name], CUES[name][1]))
        for name, (correlation, _), p in zip(values, tests, corrected, strict=True)
    ]


def _response(cases: Sequence[Case], predict: Predict, values: NDArray[np.float64], alter: Change) -> float:
    """Return how the predicted boundary changes from the tenth to the ninetieth percentile of a cue."""
    low, high = np.percentile(values, [10, 90])
    little, much = (
        float(np.mean([predict(alter(case.image, value)).mean() for case in cases])) for value in (low, high)
    )
    return (much - little) / max(little, much, _NOTHING)
