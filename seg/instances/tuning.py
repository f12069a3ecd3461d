"""Choose the parameters of a decoder on validation images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.instances.decoder import Decoder
from seg.instances.labels import Labels

#: Standard errors of the mean gain by which one choice must be better than another.
MARGIN = 0.5

#: How good cells are against the ground truth of one image; larger is better.
CellScore = Callable[[Labels, Labels], float]


@dataclass(frozen=True)
class CellCase:
    """One validation image.

    Attributes:
        probability: (K, H, W).
        image: (C, H, W), the network's input.
        cells: (H, W), the true cells, 0 is background.
        valid: (H, W), False at void pixels, where no cell counts; None: there are none.
    """

    probability: NDArray[np.float32]
    image: NDArray[np.float32]
    cells: Labels
    valid: NDArray[np.bool_] | None = None

    def score(self, decoder: Decoder, score: CellScore) -> float:
        """Return how good the cells of a decoder are.

        Args:
            decoder: to be tried.
            score: of one image.
        """
        found = decoder.decode(self.probability, self.image)
        return score(found if self.valid is None else found * self.valid, self.cells)


@dataclass(frozen=True)
class Tuned:
    """The decoder that was best.

    Attributes:
        decoder: with the chosen parameters.
        score: mean over the validation images.
        error: its standard error over these images; None for one image.
        trials: number of settings that were tried.
    """

    decoder: Decoder
    score: float
    error: float | None
    trials: int


def tune_decoder(starts: Sequence[Decoder], cases: Sequence[CellCase], score: CellScore, max_trials: int) -> Tuned:
    """Search for the decoder with the best mean score, one field after the other, until nothing improves.

    The search starts from the best of `starts` and is deterministic. A setting replaces another only if its mean score
    is larger by more than `MARGIN` standard errors of the difference over the images: else what suits a few images by
    chance would be chosen. So the order of `Decoder.search_space` prefers the simpler value.

    Args:
        starts: at least one decoder, e.g. one per kind of foreground.
        cases: validation images, at least one. Test images must not be among them.
        score: of one image.
        max_trials: settings that are tried at most, the same for every arm of a comparison.

    Raises:
        ValueError: there is no decoder or no image.
    """
    if not starts or not cases:
        raise ValueError("tuning a decoder needs at least one decoder and one validation image")
    search = _Search(cases, score, max_trials)
    best = starts[0]
    for start in starts[1:]:
        best = search.better(best, start)
    improved = True
    while improved and not search.exhausted:
        improved = False
        for name, values in best.search_space().items():
            found = search.best_value(best, name, values)
            improved |= found != best
            best = found
    scores = search.score(best)
    return Tuned(best, float(scores.mean()), standard_error(scores), len(search.scores))


def exceeds_chance(gains: NDArray[np.float64]) -> bool:
    """Return whether the mean gain of one choice over another is larger than `MARGIN` standard errors.

    Args:
        gains: (N,), one per image.
    """
    return bool(gains.mean() > MARGIN * (standard_error(gains) or 0))


def standard_error(values: NDArray[np.float64]) -> float | None:
    """Return the standard error of a mean, None for one value."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


class _Search:
    """Scores of settings, each computed once."""

    def __init__(self, cases: Sequence[CellCase], score: CellScore, max_trials: int) -> None:
        self.cases, self.score_one, self.max_trials = cases, score, max_trials
        self.scores: dict[Decoder, NDArray[np.float64]] = {}

    @property
    def exhausted(self) -> bool:
        return len(self.scores) >= self.max_trials

    def score(self, decoder: Decoder) -> NDArray[np.float64]:
        """Return the score of each image."""
        if decoder not in self.scores:
            self.scores[decoder] = np.array([case.score(decoder, self.score_one) for case in self.cases])
        return self.scores[decoder]

    def better(self, best: Decoder, candidate: Decoder) -> Decoder:
        """Return the candidate if it is better beyond the margin, else what was best before."""
        return candidate if exceeds_chance(self.score(candidate) - self.score(best)) else best

    def best_value(self, decoder: Decoder, name: str, values: Sequence[Any]) -> Decoder:
        """Return the decoder with the best value of a field; neighbors of the present value are tried first."""
        best = decoder
        for value in values:
            candidate = replace(decoder, **{name: value})  # type: ignore[type-var]
            if candidate not in self.scores and self.exhausted:
                break
            best = self.better(best, candidate)
        return best
