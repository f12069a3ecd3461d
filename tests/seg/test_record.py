import json
from dataclasses import replace
from pathlib import Path

import pytest

from seg.analysis.trials import load_trials
from seg.record import RunRecord, SplitScores
from seg.runs import choose_run, find_runs, rank_losses
from tests.seg import records


def record(name: str, seed: int = 0, val: float = 0.5, test: float = 0.5, status: str = "finished") -> RunRecord:
    def scores(value: float) -> SplitScores | None:
        metrics = {"boundary_f1": [value, value], "iou": [value / 2, value / 2]}
        return SplitScores(images=["a", "b"], metrics=metrics) if status == "finished" else None

    return records.record(name, seed, status=status, validation=scores(val), test=scores(test))


def test_a_record_survives_its_file(tmp_path):
    original = record("l2")
    original.save(tmp_path)
    assert RunRecord.load(tmp_path) == original
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_a_record_from_before_versions_were_told_is_read(tmp_path):
    rewrite(tmp_path, lambda content: content.pop("schema_version"))
    assert RunRecord.load(tmp_path) == record("l2")


def test_a_field_that_came_later_has_its_default(tmp_path):
    rewrite(tmp_path, lambda content: content.pop("collapse"))
    assert RunRecord.load(tmp_path).collapse == "none"


def test_a_record_from_before_groups_were_told_has_none(tmp_path):
    rewrite(tmp_path, lambda content: [content["data"].pop(key) for key in ("groups", "serial")])
    data = RunRecord.load(tmp_path).data
    assert (data.groups, data.serial) == ({}, False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema_version": 2}, "schema version 2 is of a newer Septum, this one reads up to 1"),
        ({"flavor": {}}, "it has an unknown flavor"),
        ({"config": {"model": {}, "trainer": {}}}, "the configuration lacks 'data'"),
        ({"data": {"fingerprint": "f"}}, "missing 4 required positional arguments"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_with_its_path_and_a_reason(tmp_path, change, reason):
    rewrite(tmp_path, lambda content: content.update(change))
    with pytest.raises(ValueError, match=rf"record\.json is not a run record of this version .*{reason}"):
        RunRecord.load(tmp_path)


@pytest.mark.parametrize("text", ['{"name": "l2", "lo', "", "[]"])
def test_a_truncated_record_is_named(tmp_path, text):
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(ValueError, match=r"record\.json is damaged \(.*\): train the run again"):
        RunRecord.load(tmp_path)


def test_a_truncated_list_of_runs_is_named(tmp_path):
    (tmp_path / "comparison.json").write_text('{"runs": ["runs/l2')
    with pytest.raises(ValueError, match=r"comparison\.json is damaged .*: the same `seg compare` again"):
        find_runs(tmp_path)


def test_truncated_trials_are_named(tmp_path):
    assert load_trials(tmp_path) == {}
    (tmp_path / "tuning.json").write_text('{"l2": {"chosen"')
    with pytest.raises(ValueError, match=r"tuning\.json is damaged .*: the same `seg compare` again"):
        load_trials(tmp_path)


def rewrite(folder, change):
    """Save a record, and change its file."""
    record("l2").save(folder)
    content = json.loads((folder / "record.json").read_text())
    change(content)
    (folder / "record.json").write_text(json.dumps(content))


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


def test_a_truncated_comparison_names_its_file(tmp_path):
    (tmp_path / "comparison.json").write_text('{"runs": ["runs/l2')
    with pytest.raises(ValueError, match=r"comparison\.json is damaged \(Unterminated string"):
        find_runs(tmp_path)
