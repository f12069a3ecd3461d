"""The runs of a comparison: which there are, and which is the best on validation."""

from pathlib import Path

from seg.record import FILE_NAME, RunRecord, read_json

COMPARISON = "comparison.json"


def find_runs(folder: Path) -> dict[Path, RunRecord]:
    """Return every run of the comparison in `folder`, or at and below it, by its folder, in the order of the names.

    Raises:
        FileNotFoundError: there is none.
        ValueError: comparison.json or a record cannot be read.
    """
    listed = folder / COMPARISON
    if listed.is_file():
        planned = read_json(listed, "the same `seg compare` again writes it anew")["runs"]
        paths = sorted(folder / run for run in planned if (folder / run / FILE_NAME).is_file())
    else:
        paths = sorted(path.parent for path in folder.rglob(FILE_NAME))
    if not paths:
        raise FileNotFoundError(f"no run (record.json) in {folder}: give the folder of `seg compare` or `seg fit`")
    return {path: RunRecord.load(path) for path in paths}


def rank_losses(records: list[RunRecord]) -> list[tuple[str, float]]:
    """Order the losses by their validation score, best first, as (name, mean over images and seeds).

    The score is the metric that the runs name in `rank_by`, never the value of a loss. A loss is
    ranked by its finished runs only; one without any is left out.
    """
    scores: dict[str, list[float]] = {}
    for record in records:
        if record.status == "finished" and record.validation is not None:
            scores.setdefault(record.name, []).append(record.validation.mean(record.rank_by))
    means = {name: sum(values) / len(values) for name, values in scores.items()}
    return sorted(means.items(), key=lambda item: (-item[1], item[0]))


def choose_run(runs: dict[Path, RunRecord], loss: str | None = None) -> Path:
    """Return the folder of the best run on validation: of the best loss, or of the loss named.

    Args:
        runs: folder -> record.
        loss: name of an arm; None: the best.

    Raises:
        ValueError: no finished run (of that loss).
    """
    return best_first(runs, loss or _best_loss(runs))[0]


def choose_members(runs: dict[Path, RunRecord], loss: str | None = None, count: int | None = None) -> list[Path]:
    """Return the folders of the runs of an ensemble, the best on validation first.

    Args:
        runs: folder -> record.
        loss: name of an arm; None: any if there is a count, else the best.
        count: the best so many runs; None: all of the loss.

    Raises:
        ValueError: there are fewer than two, or fewer than asked for.
    """
    found = best_first(runs, loss if loss or count else _best_loss(runs))
    if len(found) < (count or 2) or (count is not None and count < 2):
        raise ValueError(
            f"an ensemble has at least 2 runs, {count or 2} are asked for and {len(found)} finished: "
            "train more seeds, or ask for fewer"
        )
    return found[:count]


def best_first(runs: dict[Path, RunRecord], loss: str | None) -> list[Path]:
    """Return the folders of the finished runs, the best on validation first.

    Args:
        runs: folder -> record.
        loss: name of an arm; None: of all.

    Raises:
        ValueError: no finished run (of that loss).
    """
    scores = {
        path: record.validation.mean(record.rank_by)
        for path, record in runs.items()
        if record.status == "finished" and record.validation is not None and loss in (None, record.name)
    }
    if not scores:
        names = [name for name, _ in rank_losses(list(runs.values()))]
        raise ValueError(f"no finished run of loss {loss or '(any)'}; finished: {', '.join(names) or 'none'}")
    return sorted(scores, key=lambda path: -scores[path])


def _best_loss(runs: dict[Path, RunRecord]) -> str | None:
    ranking = rank_losses(list(runs.values()))
    return ranking[0][0] if ranking else None
