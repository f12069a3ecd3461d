import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from seg.__main__ import main
from seg.compare.plan import Plan
from seg.compare.run import earlier_looks

FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="a full disk is simulated by /dev/full")
LOSSES = """
import os
from losses import L2Loss

class ExitLoss(L2Loss):
    calls = 0

    def per_image(self, logits, target):
        self.calls += 1
        if self.calls > 3:
            os._exit(3)
        return super().per_image(logits, target)
"""


@pytest.fixture
def plan(tiny, tmp_path, monkeypatch) -> Path:
    """Two runs in one process; the loss of the second ends its process without a word."""
    (tmp_path / "their_exit.py").write_text(LOSSES)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (tmp_path / "exit.yaml").write_text("class_path: their_exit.ExitLoss\n")
    content = yaml.safe_load((tiny / "compare.yaml").read_text())
    content |= {"configs": [str(tiny / "base.yaml")], "data": str(tiny / "data.yaml"), "processes": 1}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(content | {"losses": [content["losses"][0]]}))
    (tmp_path / "exit_plan.yaml").write_text(yaml.safe_dump(content | {"losses": [str(tmp_path / "exit.yaml")]}))
    return tmp_path / "plan.yaml"


def compare(plan: Path, out: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "seg", "compare", str(plan), "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_second_comparison_in_the_same_folder_is_refused(plan, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / "lock"):
        assert main(["compare", str(plan), "--out", str(out)]) == 1
    assert f"another comparison is running in {out}: wait for it, or give another --out" in capsys.readouterr().err
    assert {path.name for path in out.iterdir()} <= {"lock", "data_warnings.json"}  # neither runs nor a report


@needs_full_device
def test_a_disk_that_is_full_before_the_first_run_is_one_sentence_with_the_file(plan, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "comparison.json.partial").symlink_to(FULL)
    assert main(["compare", str(plan), "--out", str(out)]) == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told == f"seg compare: error: [Errno 28] No space left on device: '{out / 'comparison.json'}'"


def test_a_comparison_without_any_record_says_how_its_runs_ended(plan, tmp_path):
    done = compare(plan.with_name("exit_plan.yaml"), tmp_path / "out")
    assert done.returncode == 1
    assert "1 of 1 runs failed: exit seed 0 (" in done.stderr
    assert "no run (record.json)" not in done.stderr


def test_looks_at_the_verdict_outlive_the_plan_that_is_written_anew(tmp_path):
    assert earlier_looks(tmp_path) == []
    looks = [{"seeds": 3, "runs": ["runs/l2/seed-0"]}]
    (tmp_path / "comparison.json").write_text(json.dumps({"runs": [], "looks": looks}))
    assert earlier_looks(tmp_path) == looks
    (tmp_path / "comparison.json").write_text('{"runs": ["runs/l2')
    assert earlier_looks(tmp_path) == []


@needs_full_device
def test_a_run_on_a_full_disk_says_so(plan, tmp_path):
    (run,) = Plan.load(plan).runs([])
    task = run.task(tmp_path / "runs", "fingerprint")
    (task.folder / "checkpoints").mkdir(parents=True)
    (task.folder / "checkpoints" / "last.ckpt.partial").symlink_to(FULL)
    fields = {"name": task.name, "seed": 0, "folder": str(task.folder), "args": task.args, "identity": task.identity}
    command = [sys.executable, "-m", "seg.compare.worker"]
    done = subprocess.run(command, input=json.dumps(fields), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1]) == f"no space left on the disk of {task.folder}"
    assert "Traceback" in (task.folder / "log.txt").read_text()


@pytest.mark.slow
def test_processes_can_be_spawned_where_they_cannot_be_forked(plan, tmp_path, monkeypatch):
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    assert main(["compare", str(plan), "--out", str(tmp_path / "out")]) == 0
