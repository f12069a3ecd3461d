import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seg.__main__ import main
from seg.record import SplitScores
from seg.report.across import write_across
from tests.seg.records import DATA, record

IMAGES = [f"i{number}" for number in range(6)]


def save(folder: Path, name: str, seed: int, score: float, **changes) -> None:
    """Save a run whose test images all score about the same."""
    noise = np.random.default_rng([seed, *name.encode()]).normal(0, 0.003, len(IMAGES))
    split = SplitScores(IMAGES, {"iou": (score + noise).tolist()})
    run = record(name, seed, split, rank_by="iou", data=DATA)
    path = folder / "runs" / name / f"seed-{seed}"
    path.mkdir(parents=True)
    replace(run, **changes).save(path)


def comparison(folder: Path, scores: dict[str, float], **changes) -> Path:
    for name, score in scores.items():
        for seed in range(3):
            save(folder, name, seed, score, **changes)
    return folder


def fingerprint(letter: str) -> dict:
    return {"data": replace(DATA, fingerprint=letter * 64)}


def test_on_the_same_data_each_loss_is_tested_against_itself(tmp_path):
    old = comparison(tmp_path / "old", {"l2": 0.5, "iou": 0.6, "gone": 0.1})
    new = comparison(tmp_path / "new", {"l2": 0.5, "iou": 0.7, "fresh": 0.2})
    text = write_across([old, new], tmp_path / "out").with_suffix(".md").read_text()
    assert "iou in new beats iou in old in IoU by 0.100 [0.100, 0.100]." in text
    assert "l2 in new and l2 in old cannot be told apart (0.000 [0.000, 0.000] for the first)" in text
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split("|")[1].strip() for line in lines] == ["loss", "iou", "l2", "gone", "fresh"]
    assert "| gone | 0.1" in text
    assert "| fresh | none | 0.2" in text


def test_on_several_data_sets_the_losses_are_ranked(tmp_path):
    folders = [
        comparison(tmp_path / letter, {"a": 0.9, "b": 0.5, "c": 0.1 * number}, **fingerprint(letter))
        for number, letter in enumerate("xyz")
    ]
    page = write_across(folders, tmp_path / "out").read_text()
    assert "Over 3 data sets a has the best mean rank, 1.00; it differs from c." in page
    assert "did not see the same data" in page
    assert "The same loss in both" not in page
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    assert document["ranks"]["mean"] == {"a": 1.0, "b": 2.0, "c": 3.0}
    assert document["losses"]["y"]["b"]["mean"] == pytest.approx(0.5, abs=0.01)
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)


def test_comparisons_without_a_common_loss_say_so(tmp_path):
    folders = [comparison(tmp_path / name, {name: 0.5}) for name in ("a", "b")]
    assert "no loss in common" in write_across(folders, tmp_path / "out").read_text()


def test_folders_of_the_same_name_are_told_apart_by_their_paths(tmp_path):
    folders = [comparison(tmp_path / name / "runs", {"l2": 0.5}) for name in ("a", "b")]
    text = write_across(folders, tmp_path / "out").with_suffix(".md").read_text()
    assert f"l2 in {folders[0]}" in text


def test_what_cannot_be_compared_is_refused(tmp_path):
    good = comparison(tmp_path / "good", {"l2": 0.5})
    other = comparison(tmp_path / "other", {"l2": 0.5}, rank_by="dice")
    failed = comparison(tmp_path / "failed", {"l2": 0.5}, status="failed", validation=None, test=None)
    with pytest.raises(ValueError, match=r"rank by different metrics \(dice, iou\)"):
        write_across([good, other], tmp_path)
    with pytest.raises(ValueError, match="failed has no finished run"):
        write_across([good, failed], tmp_path)


def test_the_command_writes_beside_the_first_folder_or_where_it_is_told(tmp_path, capsys):
    folders = [str(comparison(tmp_path / name, {"l2": 0.5})) for name in ("a", "b")]
    assert main(["report", *folders]) == 0
    assert (tmp_path / "a-b" / "report.html").is_file()
    assert main(["report", *folders, "--out", str(tmp_path / "here")]) == 0
    assert (tmp_path / "here" / "report.html").is_file()
    assert main(["report", folders[0], "--out", str(tmp_path)]) == 2
    assert "--out is for a report on several folders" in capsys.readouterr().err
