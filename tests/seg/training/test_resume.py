"""A training that was killed ends as if it had not been."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

from seg.__main__ import main
from seg.compare.plan import Plan
from seg.compare.run import run_comparison
from seg.record import FILE_NAME
from seg.runs import find_runs

LOSSES = Path(__file__).parents[3] / "configs" / "loss"
SCHEDULES = {
    "one_cycle": {"class_path": "seg.model.schedule.OneCycle"},
    "exponential": {"class_path": "seg.model.schedule.Exponential", "init_args": {"factor": 0.5}},
    "plateau": {"class_path": "seg.model.schedule.OnPlateau", "init_args": {"patience": 0}},
}


@pytest.fixture(scope="module")
def plan(tiny, tmp_path_factory) -> Path:
    """Four epochs with each kind of schedule, crops from a process of their own."""
    content = {
        "configs": [str(tiny / "base.yaml")],
        "data": str(tiny / "data.yaml"),
        "arms": {
            name: {"loss": str(LOSSES / "jaccard.yaml"), "options": {"model.schedule": schedule}}
            for name, schedule in SCHEDULES.items()
        },
        "seeds": [0],
        "options": {"trainer.max_epochs": 4, "data.num_workers": 1},
    }
    path = tmp_path_factory.mktemp("resume") / "plan.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def uninterrupted(plan) -> Path:
    folder = plan.parent / "uninterrupted"
    assert run_comparison(Plan.load(plan), folder, [], scheduler=None)[1] == []
    return folder


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


def scores(run: Path) -> dict:
    record = json.loads((run / FILE_NAME).read_text())
    return {key: record[key] for key in ("validation", "test", "threshold", "optimistic", "steps", "checkpoint")}


def assert_equal(folder: Path, expected: Path) -> None:
    runs = [run.relative_to(expected) for run in find_runs(expected)]
    assert [run.relative_to(folder) for run in find_runs(folder)] == runs
    for run in runs:
        assert (folder / run / "metrics.csv").read_bytes() == (expected / run / "metrics.csv").read_bytes()
        assert scores(folder / run) == scores(expected / run)
        there = weights(expected / run)
        assert all(torch.equal(value, there[name]) for name, value in weights(folder / run).items())


@pytest.mark.slow
def test_a_comparison_that_was_killed_and_moved_resumes_and_ends_equal(plan, uninterrupted, tmp_path):
    for checkpoints, folder in ((1, tmp_path / "first"), (3, tmp_path / "second")):
        command = [sys.executable, "-m", "seg", "compare", str(plan), "--out", str(folder)]
        tree = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 300
        while len(list(tmp_path.rglob("last.ckpt"))) < checkpoints and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(tree.pid, signal.SIGKILL)
        tree.wait()
        assert len(list(tmp_path.rglob(FILE_NAME))) < len(SCHEDULES)
        shutil.move(folder, tmp_path / "second" if checkpoints == 1 else tmp_path / "third")
    last = next(tmp_path.rglob("last.ckpt"))
    assert str(tmp_path) not in str({**torch.load(last, weights_only=True)["callbacks"]})
    assert run_comparison(Plan.load(plan), tmp_path / "third", [], scheduler=None)[1] == []
    resumed = [log for log in tmp_path.rglob("log.txt") if "Restored all states" in log.read_text()]
    assert resumed
    assert_equal(tmp_path / "third", uninterrupted)


@pytest.mark.slow
def test_a_damaged_checkpoint_is_set_aside_and_its_run_starts_again(plan, uninterrupted, tmp_path):
    shutil.copytree(uninterrupted, tmp_path, dirs_exist_ok=True)
    run = next(iter(find_runs(tmp_path)))
    (run / FILE_NAME).unlink()
    last = run / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:-500])
    assert run_comparison(Plan.load(plan), tmp_path, [], scheduler=None)[1] == []
    assert last.with_name("last.ckpt.damaged").is_file()
    assert f"{last} is damaged: kept as last.ckpt.damaged, the run starts again" in (run / "log.txt").read_text()
    assert_equal(tmp_path, uninterrupted)


@pytest.mark.slow
def test_a_cluster_gives_the_same(plan, uninterrupted, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert run_comparison(Plan.load(plan), tmp_path, [], cluster.scheduler_address)[1] == []
    assert_equal(tmp_path, uninterrupted)


def test_a_scheduler_that_does_not_answer_is_named(plan, tmp_path, capsys):
    pytest.importorskip("distributed")
    assert main(["compare", str(plan), "--out", str(tmp_path), "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "no scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
