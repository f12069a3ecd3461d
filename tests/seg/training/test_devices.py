"""A training on two devices, here two processes of the CPU, is the training on one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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


def fit(tiny: Path, folder: Path, devices: int, loss: str) -> subprocess.CompletedProcess:
    data = yaml.safe_load((tiny / "data.yaml").read_text()) | {"crop_px": 64, "batch_size": 4}
    (folder / "data.yaml").write_text(yaml.safe_dump(data))
    args = [f"--config={tiny / 'base.yaml'}", f"--data={folder / 'data.yaml'}", f"--model.loss={loss}"]
    logger = [f"--trainer.logger.save_dir={folder}", "--trainer.logger.name=run", "--trainer.logger.version=one"]
    device = ["--trainer.accelerator=cpu", f"--trainer.devices={devices}", "--trainer.enable_progress_bar=false"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "seg", "fit", *args, *logger, *device]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=550)


@pytest.mark.slow
def test_two_devices_give_the_scores_of_one(tiny, tmp_path):
    records = []
    for devices in (1, 2):
        folder = tmp_path / str(devices)
        folder.mkdir()
        done = fit(tiny, folder, devices, str(ROOT / "configs" / "loss" / "l2.yaml"))
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("test at threshold") == 1
        run = folder / "run" / "one"
        records.append(RunRecord.load(run))
        assert sorted(path.name for path in (run / "test").iterdir()) == records[-1].test.images
        assert len(list((run / "calibration").iterdir())) == 16
        assert (run / records[-1].checkpoint).is_file()
        assert (run / "metrics.csv").read_text().count("\n") == 1 + 6 + 2
    one, two = records
    assert (two.status, two.steps, two.collapse) == ("finished", one.steps, one.collapse)
    assert two.validation.images == one.validation.images
    for name, values in one.test.metrics.items():
        if name in ("ap", "brier", "boundary_f1", "iou", "dice"):
            assert two.test.metrics[name] == pytest.approx(values, abs=0.03), name


@pytest.mark.slow
def test_a_loss_that_becomes_nan_on_one_device_ends_both(tiny, tmp_path):
    (tmp_path / "their_losses.py").write_text(OWN_LOSS)
    done = fit(tiny, tmp_path, 2, "their_losses.SecondDeviceNanLoss")
    assert done.returncode == 1
    record = RunRecord.load(tmp_path / "run" / "one")
    assert (record.status, record.validation) == ("diverged", None)
    assert "seg fit: error: the loss became not finite on another device" in done.stderr
