"""Detects collapsed networks: constant, all background, all boundary."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from seg.metrics.unknown import without_nan

Verdict = Literal["none", "nan", "constant", "black", "white", "threshold artefact"]

#: In the order of their numbers in the learning curves: 0 is none.
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_CONSTANT = 1e-3
_USELESS_AP = 1.5


@dataclass(frozen=True)
class Evidence:
    """Evidence for a verdict, of one image or of a split (means over its images, extremes of extremes).

    Attributes:
        prevalence: share of boundary pixels.
        ap: average precision; by chance it equals the prevalence.
        highest_on, highest_off: largest probability on and off the true boundary.
        lowest: smallest probability.
        predicted_at_half: share of the pixels with probability >= 0.5.
        finite: whether all probabilities are finite.
    """

    prevalence: float
    ap: float
    highest_on: float
    highest_off: float
    lowest: float
    predicted_at_half: float
    finite: bool

    def __str__(self) -> str:
        return (
            f"AP {self.ap:.3f} at a prevalence of {self.prevalence:.3f}; largest probability {self.highest_on:.3f} on "
            f"the boundary, {self.highest_off:.3f} elsewhere; {self.predicted_at_half:.1%} predicted at 0.5"
        )


def gather(probability: NDArray[np.float32], mask: NDArray[np.bool_], ap: float) -> Evidence:
    """Return the evidence of one image.

    Args:
        probability: (H, W), or those of some pixels, (n,).
        mask: of the same shape, True on the boundary.
        ap: average precision of the image.
    """
    finite = bool(np.isfinite(probability).all())
    known = without_nan(probability)
    return Evidence(
        prevalence=float(mask.mean()),
        ap=ap if finite else 0.0,
        highest_on=float(known[mask].max(initial=0)),
        highest_off=float(known[~mask].max(initial=0)),
        lowest=float(known.min()),
        predicted_at_half=float((known >= 0.5).mean()),
        finite=finite,
    )


def summarize(images: Sequence[Evidence]) -> Evidence:
    """Return the evidence of a split."""
    return Evidence(
        prevalence=float(np.mean([image.prevalence for image in images])),
        ap=float(np.mean([image.ap for image in images])),
        highest_on=max(image.highest_on for image in images),
        highest_off=max(image.highest_off for image in images),
        lowest=min(image.lowest for image in images),
        predicted_at_half=float(np.mean([image.predicted_at_half for image in images])),
        finite=all(image.finite for image in images),
    )


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict.

    nan: a probability is not finite. constant: all probabilities are equal. black: AP is close to chance
    (<= 1.5 x prevalence) and no boundary pixel is more probable than all others. white: AP is close to chance and the
    mask at 0.5 is nearly full. threshold artefact: AP is good, but the mask at 0.5 is nearly empty or full; the network
    has learned, 0.5 is the wrong threshold.
    """
    highest = max(evidence.highest_on, evidence.highest_off)
    useless = evidence.ap <= _USELESS_AP * evidence.prevalence
    nearly_full = evidence.predicted_at_half > 0.99
    nearly_empty = evidence.predicted_at_half < 0.02 * evidence.prevalence
    if not evidence.finite:
        return "nan"
    if highest - evidence.lowest < _CONSTANT:
        return "constant"
    if useless and nearly_full:
        return "white"
    if useless and evidence.highest_on <= evidence.highest_off:
        return "black"
    if not useless and evidence.prevalence > 0 and (nearly_empty or nearly_full):
        return "threshold artefact"
    return "none"
