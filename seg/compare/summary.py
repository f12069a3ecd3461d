"""What the records of a comparison say, as numbers and sentences; nothing of how it looks."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from seg.record import RunRecord, choose_run, rank_losses

#: Metrics in the order of the table, with the words for people. All but the Brier score are better when larger.
METRICS = {
    "boundary_f1": "Boundary F1",
    "iou": "IoU",
    "dice": "Dice",
    "ap": "Average precision",
    "brier": "Brier score",
}

#: Scores of the test alone, in a table of their own. Smaller is better where the words say so.
MORE_METRICS = {
    "v_rand": "V_Rand",
    "v_info": "V_Info",
    "cl_dice": "clDice",
    "boundary_f1_matched": "Boundary F1, one to one",
    "boundary_iou_1px": "Boundary IoU, 1 px",
    "boundary_iou_2px": "Boundary IoU, 2 px",
    "boundary_iou_3px": "Boundary IoU, 3 px",
    "surface_dice": "Surface Dice",
    "hd95_px": "HD95, px (smaller)",
    "betti_pieces": "Pieces, error (smaller)",
    "betti_holes": "Holes, error (smaller)",
    "instance_ap50": "Instance AP at 0.5",
    "instance_ap": "Instance AP 0.5:0.95",
    "instance_f1": "Instance F1",
    "instance_pq": "Panoptic quality",
    "ece": "Calibration error (smaller)",
    "sharpness": "Sharpness (1 is the truth's)",
    "grey_share": "Undecided pixels (smaller)",
}

#: Scores at thresholds that the test images chose themselves.
OPTIMISTIC = {
    "boundary_f1_ods": "Boundary F1, ODS",
    "boundary_f1_ois": "Boundary F1, OIS",
    "v_rand_best": "V_Rand, best threshold",
    "v_info_best": "V_Info, best threshold",
}


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
        optimistic: the same for the scores at the test images' own thresholds.
        collapses: the verdicts of its finished runs that are not "none".
        thresholds: chosen on validation, one per seed.
        step_ms: milliseconds of training per step, evaluation of each epoch included.
        finished, failed: number of runs.
        best: folder of its best run on validation, None where no run finished.
    """

    name: str
    validation: Spread | None
    test: dict[str, Spread]
    optimistic: dict[str, Spread]
    collapses: list[str]
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
        warnings: why the runs may not be comparable.
        verdict: one sentence or a few.
    """

    rows: list[LossRow]
    rank_by: str
    chosen: Path | None
    warnings: list[str]
    verdict: str


def summarize(runs: dict[Path, RunRecord]) -> Summary:
    """Rank the losses on validation and say what can be said."""
    records = list(runs.values())
    ranked = [name for name, _ in rank_losses(records)]
    names = ranked + sorted({record.name for record in records} - set(ranked))
    rows = [_row(name, runs) for name in names]
    rank_by = records[0].rank_by
    chosen = choose_run(runs) if ranked else None
    return Summary(rows, rank_by, chosen, _warnings(records), _verdict(rows, rank_by, chosen, runs))


def _row(name: str, runs: dict[Path, RunRecord]) -> LossRow:
    of_loss = {path: record for path, record in runs.items() if record.name == name}
    finished = [record for record in of_loss.values() if record.status == "finished"]
    validations = [record.validation for record in finished if record.validation]
    tests = [record.test for record in finished if record.test]
    steps = sum(record.steps for record in finished)
    return LossRow(
        name=name,
        validation=Spread.of([scores.mean(finished[0].rank_by) for scores in validations]) if finished else None,
        test={
            metric: Spread.of([scores.mean(metric) for scores in tests])
            for metric in (METRICS | MORE_METRICS)
            if tests and all(metric in scores.metrics for scores in tests)
        },
        optimistic={
            name: Spread.of([record.optimistic[name] for record in finished])
            for name in OPTIMISTIC
            if finished and all(name in record.optimistic for record in finished)
        },
        collapses=[record.collapse for record in finished if record.collapse != "none"],
        thresholds=[record.threshold for record in finished],
        step_ms=1000 * sum(record.seconds for record in finished) / steps if steps else None,
        finished=len(finished),
        failed=len(of_loss) - len(finished),
        best=choose_run(of_loss, name) if finished else None,
    )


def _warnings(records: list[RunRecord]) -> list[str]:
    warnings = []
    if len({record.data["fingerprint"] for record in records}) > 1:
        warnings.append(
            "The runs did not see the same data (their fingerprints differ): the ranking compares unlike things."
        )
    if len({record.rank_by for record in records}) > 1:
        warnings.append("The runs chose epoch and threshold by different metrics: the ranking compares unlike things.")
    if len({(record.steps) for record in records if record.status == "finished"}) > 1:
        warnings.append("The runs were trained for different numbers of steps.")
    return warnings


def _verdict(rows: list[LossRow], rank_by: str, chosen: Path | None, runs: dict[Path, RunRecord]) -> str:
    best = rows[0]
    if chosen is None or best.validation is None:
        return "No run finished: there is nothing to rank."
    word = (METRICS | MORE_METRICS)[rank_by]
    sentences = [
        f"{best.name} is best on validation: {word} {best.validation} over {best.validation.n} seed(s); "
        f"on the test images it scores {best.test[rank_by]}.",
        f"The run to promote is {runs[chosen].name}, seed {runs[chosen].seed}.",
    ]
    if best.validation.n == 1:
        sentences.append("One seed says nothing about the spread: no difference to another loss is established.")
    else:
        close = [row.name for row in rows[1:] if row.validation and _within_spread(best.validation, row.validation)]
        if close:
            sentences.append(f"Within the spread of the seeds it cannot be told apart from {', '.join(close)}.")
    return " ".join(sentences)


def _within_spread(first: Spread, second: Spread) -> bool:
    """Return whether the means differ by less than the two standard deviations together."""
    deviations = [spread.deviation for spread in (first, second) if spread.n > 1]
    return first.mean - second.mean <= sum(deviations)
