"""What validation's choice of a loss is worth: what its score is expected to lose, and which loss costs less."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seg.analysis.formatting import format_score
from seg.analysis.pairwise import Judgement
from seg.analysis.score_tables import merge_scores
from seg.analysis.variance import Scores, TwoWayVariance
from seg.metrics.table import METRICS
from seg.record import RunRecord

#: A loss is named as cheaper where a step takes at most this share of the best one's time.
CHEAPER = 0.9

_DRAWS = 200


@dataclass(frozen=True)
class WinnersCurse:
    """What the validation score of the best loss is expected to lose on new images.

    Attributes:
        selection: because it is the best of several, >= 0.
        gap: between validation and test, mean over all runs: because each run chose epoch and threshold on validation,
            and because the images differ.
        losses: number of them.
        runs: number of them.
    """

    selection: float
    gap: float
    losses: int
    runs: int

    @classmethod
    def of(cls, records: Sequence[RunRecord]) -> "WinnersCurse | None":
        """Estimate it from all finished runs; None with fewer than two losses, seeds or validation images.

        Args:
            records: of all runs.
        """
        finished = [run for run in records if run.status == "finished" and run.validation and run.test]
        metric = METRICS[records[0].rank_by]
        tables = _validation_tables(finished, metric.key)
        if tables is None:
            return None
        gaps = [
            np.mean(metric.merit(np.array(run.validation.metrics[metric.key])))
            - np.mean(metric.merit(np.array(run.test.metrics[metric.key])))
            for run in finished
            if run.validation and run.test
        ]
        return cls(selection_bias(metric.merit(tables)), float(np.mean(gaps)), len(tables), len(finished))

    def __str__(self) -> str:
        total = self.selection + self.gap
        if total <= 0:
            return (
                f"Runs did not lose from validation to test (mean over {self.runs} runs: {format_score(-self.gap)} "
                f"more), nor is the best of {self.losses} expected to on new images like these."
            )
        change = "lose" if self.gap >= 0 else "gain"
        return (
            f"On new images its score is expected to be about {format_score(total)} lower than on validation: "
            f"{format_score(self.selection)} because it is the best of {self.losses}, while runs {change} "
            f"{format_score(abs(self.gap))} from validation to test (mean over {self.runs} runs)."
        )


def _validation_tables(finished: Sequence[RunRecord], metric: str) -> Scores | None:
    """Return (losses, seeds, images) of the seeds and images that all losses have; None where these are too few."""
    scores = merge_scores(finished, metric, "validation")
    names = sorted({name for name, _ in scores})
    seeds = [seed for seed in sorted({seed for _, seed in scores}) if all((name, seed) in scores for name in names)]
    if len(names) < 2 or len(seeds) < 2:
        return None
    images = sorted(set.intersection(*(set(by_image) for by_image in scores.values())))
    if len(images) < 2:
        return None
    return np.array([[[scores[name, seed][image] for image in images] for seed in seeds] for name in names])


def selection_bias(merits: Scores) -> float:
    """Return by how much the score of the best of several losses is expected to be too good, because it was chosen.

    The bootstrap asks how much too good the best of redrawn scores is, compared with the scores that they are drawn
    around. These are further apart than the true ones, so that it finds too little; a second bootstrap around each of
    the redrawn scores tells how much, and that is added. Errors are normal, their variance that of seeds and images.

    Args:
        merits: (losses, seeds, images), larger is better.

    Source:
        Hall, The Bootstrap and Edgeworth Expansion 1992, section 1.4, for the iteration.
    """
    losses = len(merits)
    apart = merits - merits.mean(axis=(0, 1))
    errors = np.array([TwoWayVariance.of(of_loss).error for of_loss in apart]) * np.sqrt(losses / (losses - 1))
    rng = np.random.default_rng(2026)
    means = merits.mean(axis=(1, 2))
    redrawn = means + errors * rng.standard_normal((_DRAWS, losses))
    again = redrawn[:, None] + errors * rng.standard_normal((_DRAWS, _DRAWS, losses))
    first, second = _excess(redrawn, means), _excess(again, redrawn[:, None])
    return max(2 * first - second, 0.0)


def _excess(redrawn: Scores, around: Scores) -> float:
    """Return by how much the best of redrawn scores is too good on average, (..., losses)."""
    best = redrawn.argmax(axis=-1)[..., None]
    return float(np.take_along_axis(redrawn - around, best, axis=-1).mean())


def cheaper_sentence(name: str, judgement: Judgement, step_ms: Mapping[str, float | None]) -> str:
    """Name the loss that costs least of those that cannot be told from the best one; "" where none costs less.

    Args:
        name: of the best loss on validation.
        judgement: of the metric that ranks.
        step_ms: loss -> milliseconds of a training step.
    """
    alike = [other for other in judgement.estimates if other != name and not judgement.pair(name, other).loser]
    costs = {other: cost for other in alike if (cost := step_ms.get(other))}
    own = step_ms.get(name)
    if not costs or not own:
        return ""
    cheapest = min(costs, key=lambda other: costs[other])
    if costs[cheapest] > CHEAPER * own:
        return ""
    return (
        f"{cheapest} costs least of the losses that cannot be told from {name}: {costs[cheapest]:.0f} instead of "
        f"{own:.0f} ms per training step."
    )
