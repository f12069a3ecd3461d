import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seg.compare.figures import CROP_PX, crop_window
from seg.compare.report import write_report
from seg.compare.summary import summarize
from seg.data.writing import encode_image, encode_mask, encode_probability, write_file
from seg.record import RunRecord, SplitScores

IMAGES = ["s1", "s2", "s3"]


def record(name: str, seed: int, val: float, test: float, status: str = "finished") -> RunRecord:
    def scores(value: float, images: list[str]) -> SplitScores:
        spread = [value - 0.1, value, value + 0.1][: len(images)]
        return SplitScores(images, dict.fromkeys(("boundary_f1", "iou", "dice", "ap", "brier"), spread))

    finished = status == "finished"
    return RunRecord(
        name=name,
        loss="losses.L2Loss",
        seed=seed,
        status=status,
        rank_by="boundary_f1",
        threshold=0.35,
        validation=scores(val, IMAGES) if finished else None,
        test=scores(test, IMAGES) if finished else None,
        data={"fingerprint": "f" * 64, "train": ["a"], "val": ["b"], "test": IMAGES},
        versions={"torch": "1"},
        started="2026-01-01T00:00:00+00:00",
        seconds=10.0,
        steps=100,
        checkpoint="checkpoints/c.ckpt" if finished else None,
        config={"model": {"loss": {"class_path": "losses.L2Loss"}}},
        error=None if finished else "the loss became nan at step 3",
    )


def save(folder: Path, run: RunRecord, pictures: bool = True) -> None:
    folder.mkdir(parents=True)
    run.save(folder)
    if run.status != "finished":
        return
    rows = "epoch,step,val/boundary_f1,val/loss\n0,9,0.3,0.9\n0,9,,\n1,19,0.5,0.7\n"
    (folder / "metrics.csv").write_text(rows)
    rng = np.random.default_rng(run.seed)
    for image in IMAGES if pictures else []:
        truth = rng.random((40, 50)) < 0.2
        write_file(folder / "test" / image / "image.png", encode_image(rng.integers(0, 255, (40, 50), dtype=np.uint8)))
        write_file(folder / "test" / image / "truth.png", encode_mask(truth, 255))
        write_file(folder / "test" / image / "probability.png", encode_probability(rng.random((40, 50))))


RUNS = [
    ("l2", 0, 0.60, 0.90),
    ("l2", 1, 0.62, 0.90),
    ("jaccard", 0, 0.70, 0.50),
    ("jaccard", 1, 0.74, 0.54),
]


@pytest.fixture
def comparison(tmp_path):
    for name, seed, val, test in RUNS:
        save(tmp_path / "runs" / name / f"seed-{seed}", record(name, seed, val, test))
    return tmp_path


def summary_of(*runs: RunRecord):
    return summarize({Path(f"{run.name}{run.seed}"): run for run in runs})


def test_validation_decides_even_where_the_test_says_otherwise():
    summary = summary_of(*(record(*run) for run in RUNS))
    assert [row.name for row in summary.rows] == ["jaccard", "l2"]
    assert summary.chosen == Path("jaccard1")
    assert str(summary.rows[0].validation) == "0.720 ± 0.028"
    assert str(summary.rows[0].test["iou"]) == "0.520 ± 0.028"
    assert summary.rows[0].step_ms == pytest.approx(100)
    assert "jaccard is best on validation: Boundary F1 0.720 ± 0.028 over 2 seed(s)" in summary.verdict
    assert "The run to promote is jaccard, seed 1." in summary.verdict
    assert "cannot be told apart" not in summary.verdict


def test_a_difference_within_the_spread_is_said_to_be_none():
    summary = summary_of(
        record("a", 0, 0.5, 0), record("a", 1, 0.7, 0), record("b", 0, 0.55, 0), record("b", 1, 0.6, 0)
    )
    assert summary.rows[0].name == "a"
    assert "it cannot be told apart from b." in summary.verdict


def test_one_seed_establishes_nothing():
    assert "no difference to another loss is established" in summary_of(record("a", 0, 0.9, 0)).verdict


def test_failed_runs_are_counted_and_never_ranked():
    summary = summary_of(record("a", 0, 0.9, 0, "diverged"), record("b", 0, 0.2, 0), record("b", 1, 0, 0, "failed"))
    assert [(row.name, row.finished, row.failed) for row in summary.rows] == [("b", 1, 1), ("a", 0, 1)]
    assert summary.chosen == Path("b0")


def test_runs_that_cannot_be_compared_are_warned_about():
    first = record("a", 0, 0.5, 0)
    other = replace(record("b", 0, 0.5, 0), rank_by="iou", steps=7, data=first.data | {"fingerprint": "other"})
    warnings = " ".join(summary_of(first, other).warnings)
    for part in ("did not see the same data", "by different metrics", "different numbers of steps"):
        assert part in warnings
    assert summary_of(first, record("b", 0, 0.4, 0)).warnings == []


def test_the_page_needs_nothing_but_itself(comparison):
    page = write_report(comparison).read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    assert "<script" not in page
    assert "url(http" not in page
    assert page.count("data:image/png;base64,") == 3 * (2 + 2 * 2)
    assert page.count("<svg") == 3
    for heading in ("Scores", "The same test crops for every loss", "Learning curves", "To repeat it"):
        assert f"<h2>{heading}</h2>" in page
    assert "s1 (worst, mean" in page
    assert "s3 (best, mean" in page


def test_every_picture_has_words_and_every_table_a_caption(comparison):
    page = write_report(comparison).read_text()
    assert page.count("<img ") == len(re.findall(r'<img [^>]*alt="[^"]+"', page))
    assert page.count("<table>") == page.count("<caption>") == 1
    assert '<html lang="en">' in page


def test_the_csv_has_a_line_per_run_split_and_image(comparison):
    save(comparison / "runs" / "edge" / "seed-0", record("edge", 0, 0, 0, "diverged"))
    write_report(comparison)
    with (comparison / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 2 * 3 + 1
    chosen = [row for row in rows if row["loss"] == "jaccard" and row["split"] == "test" and row["seed"] == "0"]
    assert [float(row["iou"]) for row in chosen] == pytest.approx([0.4, 0.5, 0.6])
    assert [row["status"] for row in rows if row["loss"] == "edge"] == ["diverged"]


def test_the_markdown_ranks_like_the_page(comparison):
    write_report(comparison)
    lines = (comparison / "report.md").read_text().splitlines()
    names = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert names == ["loss", "jaccard", "l2"]
    assert lines.count("|" + "---|" * 10) == 1
    assert "0.720 ± 0.028" in lines[lines.index("|" + "---|" * 10) + 1]


def test_the_same_records_give_the_same_bytes(comparison):
    first = write_report(comparison).read_bytes()
    assert write_report(comparison).read_bytes() == first


def test_a_name_from_outside_cannot_write_html(tmp_path):
    hostile = "<script>alert(1)</script>"
    save(tmp_path / "run", record(hostile, 0, 0.5, 0.5))
    page = write_report(tmp_path).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_single_run_and_runs_without_pictures_have_a_report(tmp_path):
    save(tmp_path / "run", record("l2", 0, 0.5, 0.5), pictures=False)
    page = write_report(tmp_path / "run").read_text()
    assert "l2 is best on validation" in page
    assert "<img" not in page


def test_where_every_run_failed_the_report_says_why(tmp_path):
    save(tmp_path / "run", record("l2", 0, 0, 0, "diverged"))
    page = write_report(tmp_path).read_text()
    assert "No run finished: there is nothing to rank." in page
    assert "the loss became nan at step 3" in page


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run"):
        write_report(tmp_path)


def test_the_crop_is_where_the_boundary_is():
    truth = np.zeros((400, 500), dtype=bool)
    truth[300:340, 350:420] = True
    rows, columns = crop_window(truth)
    assert truth[rows, columns].sum() == truth.sum()
    assert (rows.stop - rows.start, columns.stop - columns.start) == (CROP_PX, CROP_PX)
    assert crop_window(truth[:50, :60]) == (slice(0, 50), slice(0, 60))
