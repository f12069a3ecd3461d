"""A training on two devices, here two processes of the CPU, is the training on one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from seg.__main__ import main
from seg.record import RunRecord

ROOT = Path(__file__).parents[3]
OWN_LOSS = '''
import torch
from losses import SegmentationLoss

class SecondDeviceNanLoss(SegmentationLoss):
    """Becomes NaN in the third step, on the second device alone."""

    steps = 0

    def set_progress(self, progress):
        self.steps += 1

    def per_image(self, logits, target):
        value = (logits.sigmoid() - target).square().mean(dim=(1, 2, 3))
        second = torch.distributed.is_initialized() and torch.distributed.get_rank() == 1
        return value * float("nan") if second and self.steps > 2 else value
'''


def arguments(tiny: Path, folder: Path, devices: int, loss: str) -> list[str]:
    data = yaml.safe_load((tiny / "data.yaml").read_text()) | {"crop_px": 64, "batch_size": 4}
    (folder / "data.yaml").write_text(yaml.safe_dump(data))
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={folder / 'data.yaml'}", f"--model.loss={loss}"]
    logger = [f"--trainer.logger.save_dir={folder}", "--trainer.logger.name=run"]
    version = f"--trainer.logger.version=on-{devices}"
    return [*args, *logger, version, "--trainer.accelerator=cpu", f"--trainer.devices={devices}"]


def fit_on_two(tiny: Path, folder: Path, loss: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "seg", *arguments(tiny, folder, 2, loss), "--trainer.enable_progress_bar=false"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_two_devices_give_the_scores_of_one(tiny, tmp_path):
    loss = str(ROOT / "configs" / "loss" / "l2.yaml")
    assert main([*arguments(tiny, tmp_path, 1, loss), "--trainer.enable_progress_bar=false"]) == 0
    done = fit_on_two(tiny, tmp_path, loss)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("test at threshold") == 1
    one, two = (RunRecord.load(tmp_path / "run" / f"on-{devices}") for devices in "12")
    assert (two.status, two.steps, two.collapse) == ("finished", one.steps, one.collapse)
    assert (two.validation.images, two.test.images) == (one.validation.images, one.test.images)
    assert {len(values) for values in two.test.metrics.values()} == {2}
    assert {len(values) for values in two.validation.metrics.values()} == {1}
    for name in ("ap", "brier", "boundary_f1", "iou", "dice"):
        assert two.test.metrics[name] == pytest.approx(one.test.metrics[name], abs=0.05), name
    run = tmp_path / "run" / "on-2"
    assert (run / two.checkpoint).is_file()
    assert sorted(path.name for path in (run / "test").iterdir()) == two.test.images
    assert len(list((run / "calibration").iterdir())) == 16
    assert (run / "metrics.csv").read_text().count("\n") == 1 + 6 + 2


@pytest.mark.slow
def test_a_loss_that_becomes_nan_on_one_device_ends_both(tiny, tmp_path):
    (tmp_path / "their_losses.py").write_text(OWN_LOSS)
    done = fit_on_two(tiny, tmp_path, "their_losses.SecondDeviceNanLoss")
    assert done.returncode == 1
    record = RunRecord.load(tmp_path / "run" / "on-2")
    assert (record.status, record.validation) == ("diverged", None)
    assert "seg fit: error: the loss became not finite on another device" in done.stderr
