"""The report of a comparison: one HTML page, Markdown, CSV, JSON and figures, from what the runs left."""

import base64
import hashlib
import statistics
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from seg.analysis.annotation import annotation_sentences, learning_curves
from seg.analysis.baselines import Scores, score_baselines
from seg.analysis.claims import judge_claims
from seg.analysis.formatting import format_score, p_value
from seg.analysis.groups import scores_by_group
from seg.analysis.learning_rates import learning_rates
from seg.analysis.looks import remember_look
from seg.analysis.summary import Summary, summarize
from seg.analysis.trials import ends_of_search, load_trials
from seg.analysis.verdict import pair_words, with_interval
from seg.data.writing import write_file
from seg.metrics.table import METRICS, OPTIMISTIC
from seg.record import RunRecord
from seg.report.figures import differences
from seg.report.figures import training as training_figures
from seg.report.figures.annotation import annotation_figure
from seg.report.figures.cells import cells_figure
from seg.report.figures.examples import choose_examples, sharpness_figure
from seg.report.figures.pixels import pixel_figures
from seg.report.figures.style import Drawing
from seg.report.glossary import METRIC_TERMS, TERMS
from seg.report.repeat import repeat
from seg.report.tables import to_csv, to_json
from seg.runs import find_runs


def write_report(folder: Path, rope: float = 0.0) -> Path:
    """Write report.html, report.md, report.csv, report.json and figures/ about all runs in the folder.

    Args:
        folder: of `seg compare`, or of one run.
        rope: losses that differ by less than this in the metric that ranks are practically equal, >= 0.

    Returns:
        The path of the page.

    Raises:
        FileNotFoundError: there is no run in the folder.
        ValueError: a record cannot be read, or rope is negative.
    """
    if rope < 0:
        raise ValueError(f"rope must be >= 0, got {rope}")
    runs = find_runs(folder)
    summary = summarize(runs, rope, remember_look(folder, runs))
    baselines = score_baselines(folder, runs)
    write_file(folder / "report.csv", to_csv(runs, baselines).encode())
    tuned = load_trials(folder)
    options = {option for of_arm in tuned.values() for option in of_arm["chosen"]}
    claims = judge_claims(runs, summary.judgements, summary.rank_by, _prevalence(baselines), options)
    curves = learning_curves(runs.values(), summary.rank_by)
    annotation = [sentence for curve in curves for sentence in annotation_sentences(curve, summary.rank_by)]
    write_file(folder / "report.json", to_json(summary, runs, baselines, claims, tuned, annotation, folder).encode())
    content = {
        "folder_name": folder.resolve().name,
        "summary": summary,
        "judgement": summary.judgements.get(summary.rank_by),
        "runs": {path.relative_to(folder): record for path, record in runs.items()},
        "choice": runs[summary.chosen].decoder_choice if summary.chosen else {},
        "claims": claims,
        "tuned": tuned,
        "ends": ends_of_search(tuned),
        "learning_rates": learning_rates(runs.values(), tuned),
        "baselines": {name: _means(scores) for name, scores in baselines.items()},
        "annotation": annotation,
        "groups": scores_by_group(runs.values(), summary.rank_by),
        "drawings": _draw(summary, runs, baselines, folder)
        | {"annotation": [annotation_figure(curves, summary.rank_by, folder)] if curves else []},
        "examples": choose_examples(summary, runs),
    }
    render("report.html", content, folder / "report.html")
    render("report.md", content, folder / "report.md")
    return folder / "report.html"


def render(name: str, content: dict[str, Any], path: Path) -> None:
    """Fill in one of the templates of this package and write it.

    Args:
        name: of the template, without .jinja.
        content: variables of the template, beside the globals of all reports.
        path: of the file.
    """
    environment = Environment(
        loader=PackageLoader("seg.report", "page"),
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = resources.files("seg.report") / "page"
    script = (page / "script.js").read_text(encoding="utf-8")
    environment.globals |= {
        "metrics": METRICS,
        "terms": TERMS,
        "metric_terms": METRIC_TERMS,
        "validated": [metric for metric in METRICS.values() if metric.validated],
        "optimistic": OPTIMISTIC,
        "with_interval": with_interval,
        "pair_words": pair_words,
        "format_score": format_score,
        "p_value": p_value,
        "repeat": repeat,
        "to_yaml": lambda value: yaml.safe_dump(value, sort_keys=False),
        "style": (page / "style.css").read_text(encoding="utf-8"),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    write_file(path, environment.get_template(f"{name}.jinja").render(content).encode())


def _prevalence(baselines: Scores) -> float | None:
    """Return the share of boundary: the average precision of a constant answer."""
    return statistics.fmean(baselines["all black"]["ap"]) if baselines else None


def _means(scores: dict[str, list[float]]) -> dict[str, float]:
    return {metric: statistics.fmean(values) for metric, values in scores.items()}


def _draw(summary: Summary, runs: dict[Path, RunRecord], baselines: Scores, folder: Path) -> dict[str, list[Drawing]]:
    """Return the figures of each section."""
    judgement, rank_by = summary.judgements.get(summary.rank_by), summary.rank_by
    order = [row.name for row in summary.rows]
    drawn = {
        "pixels": pixel_figures(runs, order, folder),
        "learning": training_figures.learning_curves(runs, order, rank_by, folder),
        "cost": training_figures.cost(summary, runs, folder),
        "averaging": training_figures.averaging(runs, order, rank_by, folder),
        "sharpness": sharpness_figure(summary, runs, folder),
        "cells": cells_figure(summary.chosen, runs, folder),
        "ranking": [],
        "pairs": [],
    }
    if judgement:
        seeds = {row.name: row.seeds[rank_by] for row in summary.rows if row.validation}
        floor = {name: statistics.fmean(scores[rank_by]) for name, scores in baselines.items()}
        drawn["ranking"] = [differences.ranking(judgement, seeds, floor, rank_by, folder)]
        drawn["pairs"] = [differences.pairs(judgement, rank_by, folder)] if judgement.pairs else []
    return drawn
