"""How often the runs of a loss fail or collapse, with what so few runs leave open."""

from collections.abc import Iterable
from dataclasses import dataclass

from scipy import stats

from seg.analysis.variance import LEVEL
from seg.metrics.collapse import COLLAPSED
from seg.record import RunRecord

#: Verdicts on the chosen weights of a run that has learned, see seg.metrics.collapse.
LEARNED = ("none", "threshold artefact")


@dataclass(frozen=True)
class FailureRate:
    """Runs that failed, diverged or collapsed.

    Attributes:
        failed: number of them.
        runs: that were trained.
    """

    failed: int
    runs: int

    @classmethod
    def of(cls, runs: Iterable[RunRecord]) -> "FailureRate":
        """Count the runs of one loss."""
        outcomes = [run.status != "finished" or run.collapse not in LEARNED for run in runs]
        return cls(sum(outcomes), len(outcomes))

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the rate, one-sided where no run or every run failed.

        Source:
            Clopper and Pearson, Biometrika 1934.
        """
        tail = LEVEL if self.failed in (0, self.runs) else LEVEL / 2
        low = stats.beta.ppf(tail, self.failed, self.runs - self.failed + 1) if self.failed else 0.0
        high = stats.beta.isf(tail, self.failed + 1, self.runs - self.failed) if self.failed < self.runs else 1.0
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.failed} of {self.runs} ({low:.0%} to {high:.0%})"


def losers_by_rule(records: Iterable[RunRecord]) -> dict[frozenset[str], str]:
    """Return the pairs of losses of which one loses by rule, with its name.

    It does where all of its finished runs, at least two, have collapsed, and of the other one's, at least two, none
    failed or collapsed: too few runs for a test, but nobody would take that network.

    Args:
        records: of all runs.
    """
    by_loss: dict[str, list[RunRecord]] = {}
    for run in records:
        by_loss.setdefault(run.name, []).append(run)
    finished = {name: [run for run in runs if run.status == "finished"] for name, runs in by_loss.items()}
    lost = [name for name, runs in finished.items() if len(runs) > 1 and all(run.collapse in COLLAPSED for run in runs)]
    sound = [name for name, runs in by_loss.items() if len(runs) > 1 and not FailureRate.of(runs).failed]
    return {frozenset((loser, winner)): loser for loser in lost for winner in sound}


def failure_sentences(rates: dict[str, FailureRate]) -> list[str]:
    """Say which losses fail at times, and that the others may.

    Args:
        rates: loss -> its runs.
    """
    sentences = [
        f"{rate.failed} of {rate.runs} runs of {name} failed or collapsed (95 % interval of the rate: "
        f"{rate.interval()[0]:.0%} to {rate.interval()[1]:.0%}): its mean on new seeds may be far from the one here."
        for name, rate in rates.items()
        if rate.failed
    ]
    fewest = min((rate.runs for rate in rates.values() if not rate.failed), default=0)
    if fewest:
        others = "No run" if not sentences else "No run of the other losses"
        highest = FailureRate(0, fewest).interval()[1]
        sentences.append(
            f"{others} failed or collapsed, but {fewest} per loss leave rates up to {highest:.0%} possible; the "
            "intervals do not allow for failures that were not seen."
        )
    return sentences
