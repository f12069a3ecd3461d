"""How each arm was moved: its learning rate, its gradients at the start, and whether it diverged.

A loss is not bad because its learning rate was: a rate at the end of what was tried, gradients of another size than
those of the other losses, or runs that diverged are reasons to tune the rate before the loss is judged.
"""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from seg.analysis.trials import tried_range
from seg.record import RunRecord

OPTION = "model.optimizer.init_args.lr"


@dataclass(frozen=True)
class LearningRate:
    """Of one arm.

    Attributes:
        name: of the arm.
        rate: the highest of the schedule; None: the optimizer's own default.
        tried: smallest and largest rate of the search; None: it was not searched.
        gradient: length of the gradient in the first steps, mean over the runs; None where no run tells.
        diverged: number of runs.
        runs: number of runs.
    """

    name: str
    rate: float | None
    tried: tuple[float, float] | None
    gradient: float | None
    diverged: int
    runs: int

    @property
    def at_end(self) -> bool:
        """Whether a better rate may lie beyond those tried."""
        return self.tried is not None and self.rate in self.tried


def learning_rates(records: Iterable[RunRecord], tuned: dict[str, Any]) -> list[LearningRate]:
    """Return the learning rate of each arm, in the order of the records.

    Args:
        records: of a comparison.
        tuned: arm -> its choice and its trials.
    """
    arms: dict[str, list[RunRecord]] = {}
    for record in records:
        arms.setdefault(record.name, []).append(record)
    return [_of_arm(name, of_arm, tuned.get(name, {})) for name, of_arm in arms.items()]


def _of_arm(name: str, records: list[RunRecord], tuned: dict[str, Any]) -> LearningRate:
    optimizer = records[0].config.raw["model"].get("optimizer") or {}
    gradients = [record.start_gradient for record in records if record.start_gradient is not None]
    low, high = tried_range(tuned, OPTION)
    return LearningRate(
        name=name,
        rate=(optimizer.get("init_args") or {}).get("lr"),
        tried=(low, high) if low < high else None,
        gradient=statistics.fmean(gradients) if gradients else None,
        diverged=sum(record.status == "diverged" for record in records),
        runs=len(records),
    )
