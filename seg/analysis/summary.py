"""The records of a comparison as numbers and sentences, without any layout."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seg.analysis.choice import WinnersCurse, cheaper_sentence
from seg.analysis.failures import FailureRate
from seg.analysis.pairwise import Judgement, judge
from seg.analysis.step_cost import StepCost
from seg.analysis.verdict import verdict
from seg.metrics.table import METRICS, OPTIMISTIC
from seg.record import RunRecord
from seg.runs import choose_run, rank_losses


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation over n seeds (NaN for one seed)."""

    mean: float
    deviation: float
    n: int

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Summarize one value per seed."""
        deviation = statistics.stdev(values) if len(values) > 1 else float("nan")
        return cls(statistics.fmean(values), deviation, len(values))

    def __str__(self) -> str:
        return f"{self.mean:.3f}" if self.n == 1 else f"{self.mean:.3f} ± {self.deviation:.3f}"


@dataclass(frozen=True)
class LossRow:
    """One loss in the table.

    Attributes:
        name: of the arm.
        validation: the metric that ranks.
        test: metric -> spread over the seeds.
        seeds: metric -> mean over the test images, one per seed.
        optimistic: the same for the scores at the test images' own thresholds.
        collapses: verdict -> number of its finished runs, without "none".
        failures: runs that failed, diverged or collapsed.
        median: of the metric that ranks, over the seeds, on the test images; None where no run finished.
        thresholds: chosen on validation, one per seed.
        step_ms: milliseconds per training step, mean over its runs; see Summary.cost.
        finished, failed: number of runs.
        best: folder of its best run on validation, of the first fold where there are several; None where no run
            finished.
    """

    name: str
    validation: Spread | None
    test: dict[str, Spread]
    seeds: dict[str, list[float]]
    optimistic: dict[str, Spread]
    collapses: dict[str, int]
    failures: FailureRate
    median: float | None
    thresholds: list[float]
    step_ms: float | None
    finished: int
    failed: int
    best: Path | None


@dataclass(frozen=True)
class Summary:
    """The comparison as a whole.

    Attributes:
        rows: the losses, best on validation first, those without a finished run last.
        rank_by: the metric that ranks.
        chosen: folder of the run that would be promoted, None where no run finished.
        judgements: metric -> which losses differ on the test images; without the metrics that a run lacks.
        warnings: why the runs may not be comparable.
        verdict: sentences, the most important first.
        cost: of the runs, per step.
        curse: what the validation score of the best loss is expected to lose; None where that cannot be told.
    """

    rows: list[LossRow]
    rank_by: str
    chosen: Path | None
    judgements: dict[str, Judgement]
    warnings: list[str]
    verdict: list[str]
    cost: StepCost
    curse: WinnersCurse | None


def summarize(runs: dict[Path, RunRecord], rope: float = 0.0, looks: Sequence[int] = ()) -> Summary:
    """Rank the losses on validation and judge their test scores.

    Args:
        runs: folder -> record.
        rope: losses that differ by less than this in the metric that ranks are practically equal.
        looks: numbers of seeds with which the verdict was looked at, this time included.
    """
    records = list(runs.values())
    ranked = [name for name, _ in rank_losses(records)]
    names = ranked + sorted({record.name for record in records} - set(ranked))
    cost = StepCost.of(runs)
    rows = [_row(name, runs, cost) for name in names]
    rank_by = records[0].rank_by
    chosen = choose_run(runs) if ranked else None
    judged = {metric: judge(records, metric, looks) for metric in METRICS}
    judgements = {metric: judgement for metric, judgement in judged.items() if judgement}
    failures = {row.name: row.failures for row in rows}
    curse = WinnersCurse.of(records)
    beside = [str(curse)] if curse else []
    if chosen and rank_by in judgements:
        cheaper = cheaper_sentence(names[0], judgements[rank_by], {row.name: row.step_ms for row in rows})
        beside[:0] = [cheaper] if cheaper else []
    best = runs[chosen] if chosen else None
    sentences = verdict(judgements, rank_by, best, str(rows[0].validation), failures, rope, beside)
    return Summary(rows, rank_by, chosen, judgements, _warnings(records), sentences, cost, curse)


def _row(name: str, runs: dict[Path, RunRecord], cost: StepCost) -> LossRow:
    of_loss = {path: record for path, record in runs.items() if record.name == name}
    finished = [record for record in of_loss.values() if record.status == "finished"]
    validations = [record.validation for record in finished if record.validation]
    tests = [record.test for record in finished if record.test]
    seeds = {
        metric: [scores.mean(metric) for scores in tests]
        for metric in METRICS
        if tests and all(metric in scores.metrics for scores in tests)
    }
    return LossRow(
        name=name,
        validation=Spread.of([scores.mean(finished[0].rank_by) for scores in validations]) if finished else None,
        test={metric: Spread.of(values) for metric, values in seeds.items()},
        seeds=seeds,
        optimistic={
            name: Spread.of([record.optimistic[name] for record in finished])
            for name in OPTIMISTIC
            if finished and all(name in record.optimistic for record in finished)
        },
        collapses=Counter(record.collapse for record in finished if record.collapse != "none"),
        failures=FailureRate.of(of_loss.values()),
        median=statistics.median(seeds[finished[0].rank_by]) if finished and finished[0].rank_by in seeds else None,
        thresholds=[record.used_threshold for record in finished],
        step_ms=cost.mean(of_loss),
        finished=len(finished),
        failed=len(of_loss) - len(finished),
        best=_best(of_loss, name) if finished else None,
    )


def _best(runs: dict[Path, RunRecord], name: str) -> Path:
    """Return the best run on validation; of the first fold, so that the runs of all losses have the same images."""
    finished = {path: run for path, run in runs.items() if run.status == "finished"}
    first = min(run.config.fold or 0 for run in finished.values())
    return choose_run({path: run for path, run in finished.items() if (run.config.fold or 0) == first}, name)


def _warnings(records: list[RunRecord]) -> list[str]:
    warnings = []
    if not _saw_same_data(records):
        warnings.append(
            "The runs did not see the same data (their fingerprints differ): their scores are not comparable."
        )
    if len({record.rank_by for record in records}) > 1:
        warnings.append("The runs chose epoch and threshold by different metrics: their scores are not comparable.")
    if len({(record.steps) for record in records if record.status == "finished"}) > 1:
        warnings.append("The runs were trained for different numbers of steps.")
    broken = sorted({record.name for record in records if record.status != "finished"})
    if broken:
        warnings.append(f"Not every run of {', '.join(broken)} finished: its mean over the others may be too good.")
    return warnings


def _saw_same_data(records: Sequence[RunRecord]) -> bool:
    """Return whether runs of a fold have one fingerprint of the data; with different channels, the same images."""
    by_channels: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
    by_fold: defaultdict[int | None, set[tuple[str, ...]]] = defaultdict(set)
    for record in records:
        config, data = record.config, record.data
        by_channels[config.fold, str(config.file_channels), config.context, config.projection].add(data.fingerprint)
        by_fold[config.fold].add((*data.val, *data.test))
    return all(len(each) == 1 for each in by_channels.values()) and all(len(each) == 1 for each in by_fold.values())
