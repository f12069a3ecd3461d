from dataclasses import replace
from pathlib import Path

import pytest

from seg.record import RunRecord, SplitScores, choose_run, find_runs, rank_losses


def record(name: str, seed: int = 0, val: float = 0.5, test: float = 0.5, status: str = "finished") -> RunRecord:
    def scores(value: float) -> SplitScores | None:
        metrics = {"boundary_f1": [value, value], "iou": [value / 2, value / 2]}
        return SplitScores(images=["a", "b"], metrics=metrics) if status == "finished" else None

    return RunRecord(
        name=name,
        loss=f"losses.{name}",
        seed=seed,
        status=status,
        rank_by="boundary_f1",
        threshold=0.5,
        validation=scores(val),
        test=scores(test),
        data={"fingerprint": "f"},
        versions={},
        started="2026-01-01T00:00:00+00:00",
        seconds=1.0,
        steps=2,
        checkpoint="c.ckpt",
        config={},
    )


def test_a_record_survives_its_file(tmp_path):
    original = record("l2")
    original.save(tmp_path)
    assert RunRecord.load(tmp_path) == original
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_a_record_of_another_version_is_refused_with_its_path(tmp_path):
    (tmp_path / "record.json").write_text('{"name": "l2"}')
    with pytest.raises(ValueError, match=r"record\.json is not a run record of this version"):
        RunRecord.load(tmp_path)


def test_losses_are_ranked_by_their_mean_on_validation_whatever_the_test_says():
    records = [
        record("l2", 0, val=0.6, test=0.9),
        record("l2", 1, val=0.6, test=0.9),
        record("iou", 0, 0.9),
        record("iou", 1, 0.4),
    ]
    assert rank_losses(records) == [("iou", pytest.approx(0.65)), ("l2", pytest.approx(0.6))]


def test_runs_that_did_not_finish_are_never_ranked():
    records = [record("l2", status="diverged"), record("iou", status="failed"), record("edge", val=0.1)]
    assert rank_losses(records) == [("edge", pytest.approx(0.1))]


def runs() -> dict[Path, RunRecord]:
    return {
        Path("a"): record("iou", 0, val=0.9),
        Path("b"): record("iou", 1, val=0.4),
        Path("c"): record("l2", 0, val=0.6),
        Path("d"): record("l2", 1, val=0.7),
        Path("e"): replace(record("l2", 2, val=1.0), status="failed"),
    }


def test_the_best_seed_of_the_best_loss_is_chosen():
    assert choose_run(runs()) == Path("a")


def test_a_loss_can_be_named():
    assert choose_run(runs(), "l2") == Path("d")
    with pytest.raises(ValueError, match="no finished run of loss dice; finished: iou, l2"):
        choose_run(runs(), "dice")
    with pytest.raises(ValueError, match=r"of loss \(any\); finished: none"):
        choose_run({})


def test_runs_are_found_below_a_folder_and_in_it(tmp_path):
    for name in ("l2", "iou"):
        (tmp_path / name / "seed-0").mkdir(parents=True)
        record(name).save(tmp_path / name / "seed-0")
    assert [found.name for found in find_runs(tmp_path).values()] == ["iou", "l2"]
    assert list(find_runs(tmp_path / "l2" / "seed-0")) == [tmp_path / "l2" / "seed-0"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no run"):
        find_runs(tmp_path / "empty")
