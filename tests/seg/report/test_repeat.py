"""The report's instruction for repeating a run, followed to the letter."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from seg.__main__ import main
from seg.record import RunRecord
from seg.report.repeat import repeat
from seg.runs import find_runs

LOSS = Path(__file__).parents[3] / "configs" / "loss" / "l2.yaml"


@pytest.mark.slow
def test_the_configuration_in_the_report_trains_the_run_again(tiny, tmp_path):
    board = {
        "class_path": "pytorch_lightning.loggers.TensorBoardLogger",
        "init_args": {"save_dir": str(tmp_path / "board"), "name": "{name}", "version": "seed-{seed}"},
    }
    content = {
        "configs": [str(tiny / "base.yaml")],
        "data": str(tiny / "data.yaml"),
        "arms": {"l2_constant": {"loss": str(LOSS), "options": {"model.schedule": None}}},
        "seeds": [3],
        "options": {"trainer.max_epochs": 1, "trainer.logger+": board},
    }
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(content))
    assert main(["compare", str(tmp_path / "plan.yaml"), "--out", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "board" / "l2_constant" / "seed-3").glob("events.*"))) == 1

    page = (tmp_path / "out" / "report.html").read_text()
    (folder,) = re.findall(r"<p>Folder <code>([^<]+)</code>", page)
    (shown,) = re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    (command,) = re.findall(r"<code>([^<]*seg fit [^<]+)</code>", page)
    (tmp_path / "run.yaml").write_text(html.unescape(shown))
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, shell=True, cwd=tmp_path, env=os.environ | path, check=True)
    first, second = (
        RunRecord.load(tmp_path / run) for run in (Path("out") / folder, Path("runs/l2_constant/version_0"))
    )
    assert (second.name, second.seed, second.steps) == ("l2_constant", 3, first.steps)
    assert second.data.fingerprint == first.data.fingerprint
    assert second.test == first.test
    assert len(find_runs(tmp_path / "out")) == 1


def test_a_run_without_a_name_has_a_place_too():
    assert repeat({"trainer": {"max_epochs": 1}})["trainer"]["logger"]["init_args"] == {
        "save_dir": "runs",
        "name": "repeat",
    }
