"""Choose the parameters of a decoder on validation images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.instances.decoder import Decoder
from seg.instances.flood import Labels

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
        trials: number of settings that were tried.
    """

    decoder: Decoder
    score: float
    trials: int


def tune_decoder(starts: Sequence[Decoder], cases: Sequence[CellCase], score: CellScore, max_trials: int) -> Tuned:
    """Search for the decoder with the best mean score, one field after the other, until nothing improves.

    The search starts from the best of `starts` and is deterministic. Among equal scores the setting tried first stays,
    so that the order of `Decoder.search_space` prefers the simpler value.

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
    best = max(starts, key=search.score)
    improved = True
    while improved and not search.exhausted:
        improved = False
        for name, values in best.search_space().items():
            found = search.best_value(best, name, values)
            improved |= found != best
            best = found
    return Tuned(best, search.score(best), len(search.scores))


class _Search:
    """Scores of settings, each computed once."""

    def __init__(self, cases: Sequence[CellCase], score: CellScore, max_trials: int) -> None:
        self.cases, self.score_one, self.max_trials = cases, score, max_trials
        self.scores: dict[Decoder, float] = {}

    @property
    def exhausted(self) -> bool:
        return len(self.scores) >= self.max_trials

    def score(self, decoder: Decoder) -> float:
        if decoder not in self.scores:
            values = [case.score(decoder, self.score_one) for case in self.cases]
            self.scores[decoder] = float(np.mean(values))
        return self.scores[decoder]

    def best_value(self, decoder: Decoder, name: str, values: Sequence[Any]) -> Decoder:
        """Return the decoder with the best value of a field; neighbors of the present value are tried first."""
        best = decoder
        for value in values:
            candidate = replace(decoder, **{name: value})  # type: ignore[type-var]
            if candidate not in self.scores and self.exhausted:
                break
            if self.score(candidate) > self.score(best):
                best = candidate
        return best
