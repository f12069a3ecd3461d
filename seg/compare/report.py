"""The report of a comparison: one HTML page, Markdown and CSV, from the records alone."""

import csv
import io
import statistics
from dataclasses import dataclass
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from seg.compare import figures
from seg.compare.summary import METRICS, MORE_METRICS, OPTIMISTIC, LossRow, Summary, summarize
from seg.data.writing import write_file
from seg.record import RunRecord, find_runs


@dataclass(frozen=True)
class Example:
    """The same crop of one test image for every loss; pictures are data URIs."""

    title: str
    image: str
    truth: str
    answers: list[tuple[str, str, str]]


def write_report(folder: Path) -> Path:
    """Write report.html, report.md and report.csv about all runs in the folder.

    Args:
        folder: of `seg compare`, or of one run.

    Returns:
        The path of the page.

    Raises:
        FileNotFoundError: there is no run in the folder.
        ValueError: a record is not one of this version.
    """
    runs = find_runs(folder)
    summary = summarize(runs)
    content = {
        "summary": summary,
        "metrics": METRICS,
        "ranking_word": (METRICS | MORE_METRICS)[summary.rank_by],
        "more_metrics": MORE_METRICS,
        "optimistic": OPTIMISTIC,
        "runs": runs,
        "examples": _examples(summary, runs),
        "curves": _curves(runs, summary.rank_by),
        "folder_name": folder.resolve().name,
        "to_yaml": lambda value: yaml.safe_dump(value, sort_keys=False),
    }
    environment = Environment(
        loader=PackageLoader("seg.compare", ""),
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("report.html", "report.md"):
        page = environment.get_template(f"{name}.jinja").render(content)
        write_file(folder / name, page.encode())
    write_file(folder / "report.csv", _table(runs).encode())
    return folder / "report.html"


def _table(runs: dict[Path, RunRecord]) -> str:
    """Return one line per run, split and image; one without scores for a run that did not finish."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    metrics = METRICS | MORE_METRICS
    writer.writerow(["loss", "seed", "status", "threshold", "split", "image", *metrics])
    for record in runs.values():
        about = [record.name, record.seed, record.status, round(record.threshold, 4)]
        for split, scores in (("validation", record.validation), ("test", record.test)):
            if scores is None:
                continue
            for number, image in enumerate(scores.images):
                values = [scores.metrics[metric][number] if metric in scores.metrics else "" for metric in metrics]
                writer.writerow([*about, split, image, *values])
        if record.validation is None:
            writer.writerow([*about, "", "", *[""] * len(metrics)])
    return stream.getvalue()


def _curves(runs: dict[Path, RunRecord], rank_by: str) -> list[tuple[str, str]]:
    """Return captions and SVGs: the metric for all losses in one, the loss for each on its own."""
    folders: dict[str, list[Path]] = {}
    for path, record in runs.items():
        folders.setdefault(record.name, []).append(path)
    word = (METRICS | MORE_METRICS)[rank_by]
    curves = [(f"{word} on validation", figures.learning_curves(folders, f"val/{rank_by}", word))]
    for name, paths in folders.items():
        svg = figures.learning_curves({name: paths}, "val/loss", "validation loss")
        curves.append((f"{name}: validation loss", svg))
    return curves


def _examples(summary: Summary, runs: dict[Path, RunRecord]) -> list[Example]:
    """Return the worst, the median and the best test image, by the mean over the losses."""
    shown = [row for row in summary.rows if row.best is not None and (row.best / "test").is_dir()]
    if not shown:
        return []
    scores = [_scores_by_image(runs[row.best], summary.rank_by) for row in shown if row.best]
    common = [image for image in scores[0] if all(image in of_loss for of_loss in scores)]
    means = {image: statistics.fmean(of_loss[image] for of_loss in scores) for image in common}
    order = sorted(means, key=lambda image: (means[image], image))
    picks = {order[0]: "worst", order[len(order) // 2]: "median", order[-1]: "best"} if order else {}
    return [_example(image, f"{image} ({rank}, mean {means[image]:.3f})", shown, runs) for image, rank in picks.items()]


def _scores_by_image(record: RunRecord, metric: str) -> dict[str, float]:
    assert record.test is not None
    return dict(zip(record.test.images, record.test.metrics[metric], strict=True))


def _example(image: str, title: str, rows: list[LossRow], runs: dict[Path, RunRecord]) -> Example:
    folders = {row.name: (row.best / "test" / image, runs[row.best].threshold) for row in rows if row.best}
    first, _ = next(iter(folders.values()))
    window = figures.crop_window(figures.read_truth(first))
    return Example(
        title=title,
        image=figures.image_crop(first, window),
        truth=figures.truth_crop(first, window),
        answers=[
            (name, figures.probability_crop(path, window), figures.overlay_crop(path, window, threshold))
            for name, (path, threshold) in folders.items()
        ],
    )
