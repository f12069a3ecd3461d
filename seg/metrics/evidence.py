"""What one image tells of a collapse of the network that answered it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.metrics.unknown import without_nan

#: Answers are compared from image to image at as many places along each side.
_PLACES = 32

#: Pixels of each class that are ranked at most: the area under the curve is exact to .01.
_MOST_PIXELS = 20_000

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """One channel of one image.

    Attributes:
        prevalence: share of the pixels that are positive.
        auc: share of the pairs of a positive and another pixel in which the positive one is more probable, ties counted
            half: the area under the ROC curve. Chance is 0.5; NaN where one of the two is missing.
        highest, lowest: probability.
        predicted_at_half: share of the pixels with probability >= 0.5.
        finite: whether all probabilities are finite.
        answer, truth: (1024,), probability and mask at places that are spread over the image.
    """

    prevalence: float
    auc: float
    highest: float
    lowest: float
    predicted_at_half: float
    finite: bool
    answer: Values
    truth: Values

    def to_row(self) -> Values:
        """Return all of it as numbers, in which processes exchange it."""
        about = (self.prevalence, self.auc, self.highest, self.lowest, self.predicted_at_half, self.finite)
        return np.concatenate([about, self.answer, self.truth])

    @classmethod
    def of_row(cls, row: Values) -> "Evidence":
        """Return the evidence from its numbers."""
        prevalence, auc, highest, lowest, predicted_at_half, finite = row[:6].tolist()
        answer, truth = np.split(row[6:], 2)
        return cls(prevalence, auc, highest, lowest, predicted_at_half, bool(finite), answer, truth)


def gather(
    probability: NDArray[np.float32], mask: NDArray[np.bool_], valid: NDArray[np.bool_] | None = None
) -> Evidence:
    """Return the evidence of one channel of an image.

    Args:
        probability: (H, W).
        mask: (H, W), True where the channel's class is.
        valid: (H, W), False at void pixels; None: there are none.
    """
    known = without_nan(probability)
    pixels, truths = (known, mask) if valid is None else (known[valid], mask[valid])
    return Evidence(
        prevalence=float(truths.mean()),
        auc=area_under_roc(pixels[truths], pixels[~truths]),
        highest=float(pixels.max()),
        lowest=float(pixels.min()),
        predicted_at_half=float((pixels >= 0.5).mean()),
        finite=bool(np.isfinite(probability).all()),
        answer=_spread(known),
        truth=_spread(mask),
    )


def area_under_roc(positive: NDArray[Any], negative: NDArray[Any]) -> float:
    """Return the share of the pairs in which the positive value is larger, ties counted half; NaN without a pair.

    Args:
        positive: values, of which at most 20,000 are taken, evenly spaced.
        negative: likewise.
    """
    if not len(positive) or not len(negative):
        return float("nan")
    ranked = np.sort(_some(negative))
    below = [np.searchsorted(ranked, _some(positive), side=side) for side in ("left", "right")]
    return float(np.mean(below) / len(ranked))


def _some(values: NDArray[Any]) -> NDArray[Any]:
    return values[:: -(-len(values) // _MOST_PIXELS)]


def _spread(picture: NDArray[Any]) -> Values:
    rows, columns = (np.linspace(0, side - 1, _PLACES).astype(int) for side in picture.shape)
    values: Values = picture[np.ix_(rows, columns)].astype(np.float64).ravel()
    return values
