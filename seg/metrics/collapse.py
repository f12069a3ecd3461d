"""Detects collapsed networks, from what the images of a split tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from seg.metrics.evidence import Evidence, Values

Verdict = Literal[
    "none",
    "diverged",
    "constant",
    "black",
    "white",
    "threshold artefact",
    "inverted",
    "uninformative",
    "same answer",
    "partly collapsed",
    "collapsed channel",
]

#: In the order of their numbers in the learning curves: 0 is none.
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

#: Nothing was learned, in any image.
COLLAPSED: tuple[Verdict, ...] = ("constant", "black", "white", "inverted", "uninformative", "same answer")

#: Nothing was learned of some images, or of a channel beside the boundary.
PARTLY: tuple[Verdict, ...] = ("partly collapsed", "collapsed channel")

_CONSTANT = 1e-3  # range of the probabilities
_USELESS, _REVERSED, _LEARNED = 0.6, 0.3, 0.75  # areas under the ROC curve
_NEARLY = 0.02  # of the boundary or background that there is
_SAME = 0.95  # correlation from image to image


@dataclass(frozen=True)
class Finding:
    """The verdict on a split, with its reason.

    Attributes:
        verdict: one of `VERDICTS`.
        reason: with the figures.
    """

    verdict: Verdict
    reason: str

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}"


def judge_split(images: Sequence[Sequence[Evidence]]) -> Finding:
    """Return the verdict on all images of a split.

    That on the boundary, if there is one; otherwise "collapsed channel" where another channel has collapsed.

    Args:
        images: each with the evidence of its channels, the boundary first.
    """
    boundary, *others = (judge_channel(channel) for channel in zip(*images, strict=True))
    for number, found in enumerate(others, start=1):
        if boundary.verdict == "none" and found.verdict in (*COLLAPSED, *PARTLY, "diverged"):
            return Finding("collapsed channel", f"channel {number} is {found}")
    return boundary


def judge_channel(images: Sequence[Evidence]) -> Finding:
    """Return the verdict on one channel.

    diverged: a probability is not finite. same answer: the probabilities hardly differ from image to image, as those of
    a network that answers the mean of the masks. partly collapsed: at least half of the images have collapsed, the
    others are ranked well. Otherwise the verdict on the mean of the images, see `judge`. Images that are all boundary
    or have none do not count: there black and white are right.

    Args:
        images: the evidence of each.
    """
    if not all(image.finite for image in images):
        return Finding("diverged", "a probability is not finite")
    mixed = [image for image in images if not np.isnan(image.auc)]
    if not mixed:
        return Finding("none", "no image has both boundary and background")
    whole = _mean(mixed)
    if whole.highest - whole.lowest >= _CONSTANT and _answers_alike(mixed):
        return Finding("same answer", f"the probabilities hardly differ from image to image; {_figures(whole)}")
    if partly := _partly(mixed):
        return Finding("partly collapsed", f"{partly}; {_figures(whole)}")
    return Finding(judge(whole), _figures(whole))


def _figures(evidence: Evidence) -> str:
    return (
        f"a boundary pixel is ranked above another one in {evidence.auc:.1%} of the pairs, chance is 50 %; "
        f"probabilities from {evidence.lowest:.3g} to {evidence.highest:.3g}; "
        f"{evidence.predicted_at_half:.1%} predicted at 0.5, {evidence.prevalence:.1%} are boundary"
    )


def _partly(images: Sequence[Evidence]) -> str:
    """Return which images have collapsed, where others have not; "" elsewhere."""
    verdicts = [judge(image) for image in images]
    collapsed = [verdict for verdict in verdicts if verdict in COLLAPSED]
    good = [image.auc for image, verdict in zip(images, verdicts, strict=True) if verdict not in COLLAPSED]
    if 2 * len(collapsed) < len(images) or not good or np.mean(good) < _LEARNED:
        return ""
    return f"{len(collapsed)} of {len(images)} images are {', '.join(sorted(set(collapsed)))}"


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict on one image, or on the mean of several.

    Nothing is learned where a boundary pixel is ranked above another one in fewer than 60 % of the pairs (50 % is
    chance). Then the answer is constant (the probabilities range over less than 0.001), inverted (fewer than 30 %),
    black or white (the mask at 0.5 is nearly empty or full), or uninformative. Where something is learned, but the mask
    at 0.5 is nearly empty or full, 0.5 is the wrong threshold: threshold artefact.
    """
    nearly_full = 1 - evidence.predicted_at_half < _NEARLY * (1 - evidence.prevalence)
    nearly_empty = evidence.predicted_at_half < _NEARLY * evidence.prevalence
    if evidence.auc >= _USELESS:
        return "threshold artefact" if nearly_empty or nearly_full else "none"
    if np.isnan(evidence.auc):
        return "none"
    if evidence.highest - evidence.lowest < _CONSTANT:
        return "constant"
    if evidence.auc < _REVERSED:
        return "inverted"
    return "white" if nearly_full else "black" if nearly_empty else "uninformative"


def _mean(images: Sequence[Evidence]) -> Evidence:
    """Return the mean of the images, with the extremes of their extremes."""
    return Evidence(
        prevalence=float(np.mean([image.prevalence for image in images])),
        auc=float(np.mean([image.auc for image in images])),
        highest=max(image.highest for image in images),
        lowest=min(image.lowest for image in images),
        predicted_at_half=float(np.mean([image.predicted_at_half for image in images])),
        finite=True,
        answer=images[0].answer,
        truth=images[0].truth,
    )


def _answers_alike(images: Sequence[Evidence]) -> bool:
    """Return whether answers hardly differ from image to image though the truth does."""
    if len(images) < 2:
        return False
    pairs = list(pairwise(images))
    answers = [_correlation(one.answer, other.answer) for one, other in pairs]
    truths = [_correlation(one.truth, other.truth) for one, other in pairs]
    return min(answers) > _SAME and float(np.mean(truths)) < _SAME


def _correlation(one: Values, other: Values) -> float:
    if not (one.std() > 0 and other.std() > 0):
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
