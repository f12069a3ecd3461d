import base64
import csv
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seg.analysis.summary import summarize
from seg.data.writing import encode_image, encode_mask, encode_probability, write_file
from seg.metrics.table import METRICS
from seg.record import RunRecord, SplitScores
from seg.report.figures.crops import CROP_PX, crop_window
from seg.report.glossary import METRIC_TERMS
from seg.report.one import write_report
from tests.seg import records

IMAGES = ["s1", "s2", "s3"]


def record(name: str, seed: int, val: float, test: float, status: str = "finished") -> RunRecord:
    def scores(value: float, images: list[str]) -> SplitScores:
        spread = [value - 0.1, value, value + 0.1][: len(images)]
        return SplitScores(images, dict.fromkeys(("boundary_f1", "iou", "dice", "ap", "brier"), spread))

    finished = status == "finished"
    return records.record(
        name,
        seed,
        status=status,
        threshold=0.35,
        validation=scores(val, IMAGES) if finished else None,
        test=scores(test, IMAGES) if finished else None,
        data=replace(records.DATA, test=IMAGES),
        versions={"torch": "1"},
        seconds=10.0,
        steps=100,
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


def save_comparison(folder: Path) -> Path:
    for name, seed, val, test in RUNS:
        save(folder / "runs" / name / f"seed-{seed}", record(name, seed, val, test))
    return folder


@pytest.fixture
def comparison(tmp_path):
    return save_comparison(tmp_path)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A comparison with its report; to be read only."""
    folder = save_comparison(tmp_path_factory.mktemp("reported"))
    write_report(folder)
    return folder


def summary_of(*runs: RunRecord):
    return summarize({Path(f"{run.name}{run.seed}"): run for run in runs})


def test_validation_decides_even_where_the_test_says_otherwise():
    summary = summary_of(*(record(*run) for run in RUNS))
    assert [row.name for row in summary.rows] == ["jaccard", "l2"]
    assert summary.chosen == Path("jaccard1")
    assert str(summary.rows[0].validation) == "0.720 ± 0.028"
    assert str(summary.rows[0].test["iou"]) == "0.520 ± 0.028"
    assert summary.rows[0].step_ms == pytest.approx(100)
    assert summary.verdict[1] == "jaccard is best on validation: Boundary F1 0.720 ± 0.028. The run to promote: seed 1."


def test_one_seed_establishes_nothing():
    summary = summary_of(record("a", 0, 0.9, 0.9), record("b", 0, 0.2, 0.2))
    assert "no difference to another loss is established" in " ".join(summary.verdict)


def test_failed_runs_are_counted_and_never_ranked():
    summary = summary_of(record("a", 0, 0.9, 0, "diverged"), record("b", 0, 0.2, 0), record("b", 1, 0, 0, "failed"))
    assert [(row.name, row.finished, row.failed) for row in summary.rows] == [("b", 1, 1), ("a", 0, 1)]
    assert summary.chosen == Path("b0")


def test_runs_that_cannot_be_compared_are_warned_about():
    first = record("a", 0, 0.5, 0)
    other = replace(record("b", 0, 0.5, 0), rank_by="iou", steps=7, data=replace(first.data, fingerprint="other"))
    warnings = " ".join(summary_of(first, other).warnings)
    for part in ("did not see the same data", "by different metrics", "different numbers of steps"):
        assert part in warnings
    assert summary_of(first, record("b", 0, 0.4, 0)).warnings == []
    failed = summary_of(first, record("b", 0, 0.4, 0), record("b", 1, 0, 0, "failed"))
    assert failed.warnings == ["Not every run of b finished: its mean over the others may be too good."]


def test_runs_with_other_channels_of_the_same_images_can_be_compared():
    first, other = record("a", 0, 0.5, 0), record("b", 0, 0.4, 0)
    other = replace(
        other, config=replace(other.config, context=1), data=replace(other.data, fingerprint="of three sections")
    )
    assert summary_of(first, other).warnings == []
    few = replace(first, data=replace(first.data, train=["one of them"]))
    assert summary_of(first, few).warnings == []
    elsewhere = replace(other, data=replace(other.data, test=["another"]))
    assert "did not see the same data" in summary_of(first, elsewhere).warnings[0]


def test_collapsed_runs_are_counted_by_verdict():
    runs = [
        replace(record("a", seed, 0.5, 0.5), collapse=verdict)
        for seed, verdict in enumerate(("black", "none", "black"))
    ]
    assert summary_of(*runs).rows[0].collapses == {"black": 2}


def test_the_page_needs_nothing_but_itself(reported):
    page = (reported / "report.html").read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    assert "url(http" not in page
    headings = re.findall(r'<h2 id="(\w+)">', page)
    assert headings == ["crops", "ranking", "pairs", "claims", "metrics", "sharpness", "pixels", "training", "repeat"]
    assert all(f'href="#{heading}"' in page for heading in headings)
    assert "s1 (worst, mean" in page
    assert "s3 (best, mean" in page


def test_every_picture_has_words_and_every_table_a_caption(reported):
    page = (reported / "report.html").read_text()
    assert page.count("<img ") == len(re.findall(r'<img [^>]*alt="[^"]+"', page))
    assert page.count("<table") == page.count("<caption>") == 4
    assert page.count("<svg") == len(re.findall(r'<div role="img" aria-label="[^"]+"><svg', page)) == 9
    assert len(re.findall(r'<label class="see">[^<]+\n<input type="range"', page)) == 3
    assert '<html lang="en">' in page


def test_pictures_come_before_the_tables_and_the_lecture_before_its_claims(reported):
    page = (reported / "report.html").read_text()
    assert page.index("<img ") < page.index("<table")
    assert page.index("A lecture on convolutional networks claims") < page.index('<ul class="claims">')


def test_pictures_have_a_column_of_their_own_beside_the_verdict(reported):
    page = (reported / "report.html").read_text()
    before = page[page.index('<div class="lead">') : page.index("<figure")]
    assert before.count("<div") - before.count("</div>") == 2  # both columns, and this one


def test_terms_are_explained_where_they_are_read(reported):
    page = (reported / "report.html").read_text()
    explained = dict(re.findall(r'<abbr title="([^"]+)">([^<]+)</abbr>', page))
    words = set(explained.values())
    assert {"p", "p, Holm", "effect", "wins", "Brier score (smaller is better)", "Boundary F1"} <= words
    assert set(METRIC_TERMS) == set(METRICS)


def test_the_csv_has_a_line_per_run_split_and_image(comparison):
    save(comparison / "runs" / "edge" / "seed-0", record("edge", 0, 0, 0, "diverged"))
    write_report(comparison)
    with (comparison / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 2 * 3 + 1 + 2 * 3
    chosen = [row for row in rows if row["loss"] == "jaccard" and row["split"] == "test" and row["seed"] == "0"]
    assert [float(row["iou"]) for row in chosen] == pytest.approx([0.4, 0.5, 0.6])
    assert [row["status"] for row in rows if row["loss"] == "edge"] == ["diverged"]


def test_the_markdown_ranks_like_the_page(reported):
    lines = (reported / "report.md").read_text().splitlines()
    names = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert names[:5] == ["loss", "jaccard", "l2", "all black", "Otsu on the gradient"]
    assert lines.count("|" + "---|" * 12) == 1
    assert "0.720 ± 0.028" in lines[lines.index("|" + "---|" * 12) + 1]


def test_the_same_records_give_the_same_bytes(comparison):
    first = write_report(comparison).read_bytes()
    assert write_report(comparison).read_bytes() == first


def test_a_name_from_outside_cannot_write_html(tmp_path):
    hostile = "<script>alert(1)</script> $\\frac$"  # nor be taken for a formula in a figure
    save(tmp_path / "run", record(hostile, 0, 0.5, 0.5))
    page = write_report(tmp_path).read_text()
    assert hostile not in page
    assert "&lt;script&gt;" in page
    assert page.count("<script") == 1


def test_the_page_runs_its_own_script_and_no_other(reported):
    page = (reported / "report.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page


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
    rows, columns = crop_window(truth, CROP_PX)
    assert truth[rows, columns].sum() == truth.sum()
    assert (rows.stop - rows.start, columns.stop - columns.start) == (CROP_PX, CROP_PX)
    assert crop_window(truth[:50, :60], CROP_PX) == (slice(0, 50), slice(0, 60))


def test_the_json_says_the_same_to_programs(reported):
    document = json.loads((reported / "report.json").read_text())
    assert document["ranking"] == ["jaccard", "l2"]
    assert document["chosen"] == "runs/jaccard/seed-1"
    (pair,) = document["metrics"]["boundary_f1"]["pairs"]
    assert (pair["better"], pair["worse"], pair["seeds"], pair["images"]) == ("l2", "jaccard", 2, 3)
    assert pair["difference"]["mean"] == pytest.approx(0.38)
    assert document["metrics"]["boundary_f1"]["losses"]["l2"]["mean"] == pytest.approx(0.9)
    assert document["baselines"]["all black"]["iou"] == 0
    assert document["step"]["ms"] == pytest.approx({"jaccard": 100, "l2": 100})
    assert document["tuning"] == {}


def test_page_and_markdown_say_what_a_step_s_time_is(reported):
    for name in ("report.html", "report.md"):
        assert "per step: time of the training by its steps, validation of each epoch" in (reported / name).read_text()


def test_the_report_shows_what_was_tuned_and_every_trial(comparison):
    write_report(comparison)
    assert "Hyper-parameters" not in (comparison / "report.html").read_text()
    trials = [{"options": {"lr": 0.1}, "score": 0.5}, {"options": {"lr": 0.3}, "score": None}]
    (comparison / "tuning.json").write_text(json.dumps({"l2": {"chosen": {"lr": 0.1}, "trials": trials}}))
    page = write_report(comparison).read_text()
    assert "<strong>lr 0.1</strong></td><td>0.500" in page
    assert "lr 0.3</td><td>failed" in page
    assert "the best of its 2 trials" in page
    assert "- l2: lr 0.1, the best of 2" in (comparison / "report.md").read_text()
    assert json.loads((comparison / "report.json").read_text())["tuning"]["l2"]["trials"] == trials


def test_the_report_tells_learning_rates_gradients_and_divergence(tmp_path):
    config = records.config(model={"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.003}}})
    run = replace(record("l2", 0, 0.6, 0.9), config=config, start_gradient=0.0421)
    save(tmp_path / "runs" / "l2" / "seed-0", run)
    save(tmp_path / "runs" / "l2" / "seed-1", replace(run, seed=1, status="diverged", validation=None, test=None))
    page = write_report(tmp_path).read_text()
    table = page[page.index("Table of learning rates") :]
    row = re.search(r"<tr><th scope=\"row\">l2</th>(.*?)</tr>", table).group(1)
    assert re.findall(r"<td>(.*?)</td>", row) == ["0.003", "\N{EN DASH}", "0.0421", "1 of 2"]


def test_every_figure_is_a_file_too(reported):
    page = (reported / "report.html").read_text()
    names = re.findall(r"\(figures/(\w+)\.svg\)", page)
    assert len(set(names)) == len(names) == 9
    for name in names:
        assert (reported / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (reported / "figures" / f"{name}.svg").read_text()


def test_the_baselines_are_scored_once_and_again_when_the_data_changed(comparison):
    write_report(comparison)
    file = comparison / "baselines.json"
    content = json.loads(file.read_text())
    content["scores"]["all black"]["iou"] = [0.25] * 3
    file.write_text(json.dumps(content))
    assert "0.250" in write_report(comparison).with_suffix(".md").read_text()
    file.write_text(json.dumps(content | {"fingerprint": "another"}))
    assert "0.250" not in write_report(comparison).with_suffix(".md").read_text()


def test_losses_that_surely_differ_by_little_are_practically_equal_where_the_report_is_asked_so(tmp_path):
    for name in ("a", "b"):
        for seed in range(3):
            save(tmp_path / name / str(seed), record(name, seed, 0.5, 0.5), pictures=False)
    assert "practically equal" in write_report(tmp_path, rope=0.01).with_suffix(".md").read_text()
    assert "practically equal" not in write_report(tmp_path).with_suffix(".md").read_text()
    with pytest.raises(ValueError, match=r"rope must be >= 0, got -0\.1"):
        write_report(tmp_path, rope=-0.1)


def test_the_page_lists_the_scores_of_groups_the_worst_first(tmp_path):
    grouped = replace(records.DATA, test=IMAGES, groups={"s1": "mouse", "s2": "rat", "s3": "rat"})
    for seed in (0, 1):
        save(tmp_path / f"runs/a/{seed}", replace(record("a", seed, 0.6, 0.5), data=grouped))
    written = write_report(tmp_path)
    page = written.read_text()
    table = page[page.index('id="groups"') :]
    assert '<th scope="row">mouse</th><td>0.400</td>' in table
    assert table.index("mouse") < table.index("rat")
    listed = "\n| group | a |\n|---|---|\n| mouse | 0.400 | \n| rat | 0.550 | \n"
    assert listed in written.with_suffix(".md").read_text()


def test_runs_of_a_cross_validation_are_told_apart_by_their_fold(tmp_path):
    for fold in (0, 1, 2):
        run = record("a", 0, 0.6, 0.5)
        save(tmp_path / f"runs/a/{fold}", replace(run, config=records.config(data={"folds": 3, "fold": fold})))
    page = write_report(tmp_path).read_text()
    assert [f"a, seed 0, fold {fold}: finished" in page for fold in (0, 1, 2)] == [True] * 3
