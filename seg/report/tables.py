"""The comparison for programs: CSV of every score, JSON of the judgement."""

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seg.analysis.baselines import Scores, baseline_images
from seg.analysis.claim import Claim
from seg.analysis.pair import Pair
from seg.analysis.pairwise import Judgement
from seg.analysis.summary import Summary
from seg.metrics.table import METRICS
from seg.record import RunRecord


def to_csv(runs: dict[Path, RunRecord], baselines: Scores) -> str:
    """Return one line per run, split and image; one without scores for a run that did not finish.

    Args:
        runs: folder -> record.
        baselines: baseline -> metric -> one value per test image.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["loss", "seed", "status", "threshold", "split", "image", *METRICS])
    for record in runs.values():
        about = [record.name, record.seed, record.status, round(record.used_threshold, 4)]
        for split, scores in (("validation", record.validation), ("test", record.test)):
            if scores is not None:
                writer.writerows(_lines([*about, split], scores.images, scores.metrics))
        if record.validation is None:
            writer.writerow([*about, "", "", *[""] * len(METRICS)])
    images = baseline_images(runs)
    for name, metrics in baselines.items():
        writer.writerows(_lines([name, "", "baseline", "", "test"], images, metrics))
    return stream.getvalue()


def _lines(about: list[Any], images: list[str], metrics: dict[str, list[float]]) -> list[list[Any]]:
    return [
        [*about, image, *(metrics[metric][number] if metric in metrics else "" for metric in METRICS)]
        for number, image in enumerate(images)
    ]


def to_json(
    summary: Summary,
    runs: dict[Path, RunRecord],
    baselines: Scores,
    claims: list[Claim],
    tuned: dict[str, Any],
    annotation: list[str],
    folder: Path,
) -> str:
    """Return the verdict, the values of every metric, the claims, the hyper-parameters chosen, and what each run was.

    Args:
        summary: of the comparison.
        runs: folder -> record.
        baselines: baseline -> metric -> one value per test image.
        claims: judged.
        tuned: arm -> its choice and its trials.
        annotation: sentences on what more training images would bring.
        folder: of the comparison.
    """
    document = {
        "verdict": summary.verdict,
        "warnings": summary.warnings,
        "rank_by": summary.rank_by,
        "ranking": [row.name for row in summary.rows if row.validation],
        "chosen": str(summary.chosen.relative_to(folder)) if summary.chosen else None,
        "winners_curse": asdict(summary.curse) if summary.curse else None,
        "metrics": {metric: _judgement(judgement) for metric, judgement in summary.judgements.items()},
        "claims": [asdict(claim) for claim in claims],
        "tuning": tuned,
        "annotation": annotation,
        "step": {
            "meaning": summary.cost.meaning,
            "ms": {row.name: row.step_ms for row in summary.rows if row.step_ms},
        },
        "baselines": {
            name: {metric: sum(values) / len(values) for metric, values in metrics.items()}
            for name, metrics in baselines.items()
        },
        "runs": {str(path.relative_to(folder)): _run(record) for path, record in runs.items()},
    }
    return json.dumps(without_nan(document), indent=1, allow_nan=False) + "\n"


def _run(record: RunRecord) -> dict[str, Any]:
    names = ("name", "seed", "status", "collapse", "versions")
    return {name: getattr(record, name) for name in names} | {"data": record.data.fingerprint}


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return {
        "losses": {name: asdict(estimate) for name, estimate in judgement.estimates.items()},
        "pairs": [_pair(pair) for pair in judgement.pairs],
        "indistinguishable": judgement.groups,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    names = ("better", "worse", "p", "p_holm", "p_images", "effect", "wins", "seeds", "images", "different", "loser")
    return {name: getattr(pair, name) for name in names} | {"difference": asdict(pair.difference)}


def without_nan(value: Any) -> Any:
    """Return the same with null for NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
