"""Several comparisons side by side: `seg report A B`."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from seg.analysis.pair import Estimate, Pair
from seg.analysis.pairwise import Judgement, correct, judge
from seg.analysis.ranks import Ranks
from seg.analysis.verdict import describe, power_words, with_interval
from seg.data.writing import write_file
from seg.metrics.table import METRICS
from seg.record import RunRecord
from seg.report.figures.ranks import critical_difference_diagram
from seg.report.one import render
from seg.report.tables import without_nan
from seg.runs import find_runs


@dataclass(frozen=True)
class Side:
    """One of the comparisons.

    Attributes:
        name: of its folder, unique.
        records: its runs.
        judgement: of the metric that ranks.
    """

    name: str
    records: list[RunRecord]
    judgement: Judgement

    @property
    def data(self) -> set[str]:
        """Fingerprints of the data."""
        return {record.data.fingerprint for record in self.records}


def write_across(folders: list[Path], out: Path) -> Path:
    """Write report.html, report.md and report.json about several comparisons.

    Args:
        folders: of the comparisons.
        out: folder of the report.

    Returns:
        The path of the page.

    Raises:
        FileNotFoundError: there is no run in a folder.
        ValueError: the comparisons rank by different metrics, or one has no finished run.
    """
    sides, rank_by = _load(folders)
    names = sorted(set.intersection(*(set(side.judgement.estimates) for side in sides)))
    pairs = _same_loss(sides, names, rank_by)
    ranks = _ranks(sides, names, rank_by)
    sentences = [_sentence(pair, METRICS[rank_by].title) for pair in pairs] or [_UNLIKE if names else _NOTHING]
    sentences[:0] = [ranks.sentence()] if ranks else []
    content = {
        "title": "Comparisons: " + ", ".join(side.name for side in sides),
        "sides": sides,
        "word": METRICS[rank_by].title,
        "losses": list(dict.fromkeys(name for side in sides for name in side.judgement.estimates)),
        "pairs": pairs,
        "sentences": sentences,
        "ranks": ranks,
        "drawings": [critical_difference_diagram(ranks, out)] if ranks else [],
    }
    write_file(out / "report.json", json.dumps(_document(sides, rank_by, sentences, ranks), indent=1).encode())
    render("across.md", content, out / "report.md")
    render("across.html", content, out / "report.html")
    return out / "report.html"


_UNLIKE = "The comparisons did not see the same data: their scores are shown side by side and not tested by image."
_NOTHING = "The comparisons have no loss in common."


def _load(folders: list[Path]) -> tuple[list[Side], str]:
    records = {folder: list(find_runs(folder).values()) for folder in folders}
    metrics = {record.rank_by for runs in records.values() for record in runs}
    if len(metrics) > 1:
        raise ValueError(
            f"the comparisons rank by different metrics ({', '.join(sorted(metrics))}): compare like with like"
        )
    (rank_by,) = metrics
    names = [folder.resolve().name for folder in folders]
    unlike = names if len(set(names)) == len(names) else [str(folder) for folder in folders]
    sides = []
    for name, (folder, runs) in zip(unlike, records.items(), strict=True):
        judgement = judge(runs, rank_by)
        if judgement is None:
            raise ValueError(f"{folder} has no finished run: there is nothing to compare")
        sides.append(Side(name, runs, judgement))
    return sides, rank_by


def _same_loss(sides: list[Side], names: list[str], metric: str) -> list[Pair]:
    """Return each loss of the first comparison against itself in the others; none where the data differ."""
    if len(set.union(*(side.data for side in sides))) > 1:
        return []
    first, *others = sides
    pairs = []
    for other in others:
        for name in names:
            runs = [_renamed(run, side) for side in (first, other) for run in side.records if run.name == name]
            judgement = judge(runs, metric)
            pairs += judgement.pairs if judgement else []
    return correct(pairs)


def _renamed(record: RunRecord, side: Side) -> RunRecord:
    return replace(record, name=f"{record.name} in {side.name}")


def _ranks(sides: list[Side], names: list[str], metric: str) -> Ranks | None:
    """Return the ranks over the data sets; None with fewer than two data sets or common losses."""
    by_data = {frozenset(side.data): side for side in sides}
    if len(by_data) < 2 or len(names) < 2:
        return None
    means = [[side.judgement.estimates[name].mean for name in names] for side in by_data.values()]
    return Ranks.of(names, METRICS[metric].merit(np.array(means)))


def _sentence(pair: Pair, word: str) -> str:
    if pair.different:
        return describe(pair, word) + "."
    return (
        f"{pair.better} and {pair.worse} cannot be told apart "
        f"({with_interval(pair.difference)} for the first): {power_words(pair)}."
    )


def _document(sides: list[Side], rank_by: str, sentences: list[str], ranks: Ranks | None) -> object:
    estimates: dict[str, dict[str, Estimate]] = {side.name: side.judgement.estimates for side in sides}
    return without_nan(
        {
            "rank_by": rank_by,
            "verdict": sentences,
            "losses": {name: {loss: asdict(value) for loss, value in each.items()} for name, each in estimates.items()},
            "ranks": asdict(ranks) if ranks else None,
        }
    )
