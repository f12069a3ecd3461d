"""On real sections, where they are at hand."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from seg.__main__ import main
from seg.data.folder import ImageFolder
from seg.data.split import BlockSplit
from seg.record import RunRecord

CONFIGS = Path(__file__).parents[1] / "configs"


def source_of(name: str, real_data: Path) -> ImageFolder:
    arguments = yaml.safe_load((CONFIGS / "data" / f"{name}.yaml").read_text())["source"]["init_args"]
    return ImageFolder(**(arguments | {"root": str(real_data / Path(arguments["root"]).name)}))


def test_the_sections_of_isbi2012_are_split_as_published(real_data):
    samples = source_of("isbi2012", real_data)
    split = BlockSplit(val=5, test=5).assign([sample.name for sample in samples])
    assert [samples[index].name for index in split.val] == ["20", "21", "22", "23", "24"]
    assert [samples[index].name for index in split.test] == ["25", "26", "27", "28", "29"]
    assert np.mean([sample.mask.mean() for sample in samples]) == pytest.approx(0.21, abs=0.02)


def test_the_boundaries_of_the_nuclei_are_two_percent(real_data):
    samples = source_of("nuclei", real_data)
    assert len(samples) == 216
    assert np.mean([sample.mask.mean() for sample in samples]) == pytest.approx(0.02, abs=0.01)


@pytest.mark.slow
def test_a_minute_of_training_finds_membranes(real_data, tmp_path):
    args = ["fit", f"--config={CONFIGS / 'base.yaml'}", f"--data={CONFIGS / 'data' / 'isbi2012.yaml'}"]
    args += [f"--data.source.init_args.root={real_data / 'isbi2012'}", f"--config={CONFIGS / 'smoke.yaml'}"]
    args += [f"--model.loss={CONFIGS / 'loss' / 'bce_dice.yaml'}", "--trainer.enable_progress_bar=false"]
    args += [f"--trainer.logger.save_dir={tmp_path}", "--trainer.logger.name=run", "--data.steps_per_epoch=20"]
    assert main(args) == 0
    record = RunRecord.load(tmp_path / "run" / "version_0")
    assert record.test.mean("boundary_f1") > 0.7
    assert record.test.mean("ap") > 0.7  # the share of the boundary is 0.2
