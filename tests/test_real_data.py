"""On real sections, where they are at hand."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from seg.__main__ import main
from seg.data.doctor.alignment import check_alignment, check_orientation
from seg.data.doctor.examination import examine
from seg.data.doctor.leakage_checks import SAME, check_near_duplicates
from seg.data.doctor.neighbors import compare_splits
from seg.data.doctor.similarity import Spectra, features_of
from seg.data.folder import ImageFolder
from seg.data.module import BoundaryDataModule
from seg.data.split import BlockSplit, GroupSplit
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


def test_the_only_doubt_about_isbi2012_is_the_missing_gap_between_its_splits(real_data):
    data = BoundaryDataModule(source_of("isbi2012", real_data), BlockSplit(val=5, test=5))
    assert [finding.check for finding in examine(data).findings] == ["neighboring sections"]
    data = BoundaryDataModule(source_of("isbi2012", real_data), BlockSplit(val=5, test=5, gap=1))
    assert examine(data).findings == []


@pytest.mark.slow
def test_nuclei_split_by_groups_have_no_false_alarm_of_near_duplicates_or_masks_that_do_not_fit(real_data):
    samples = list(source_of("nuclei", real_data))
    split = GroupSplit(0.2, 0.2, seed=0).assign([sample.name for sample in samples])
    pairs = compare_splits(samples, split)
    assert len(pairs) > 13_000
    found = [*check_near_duplicates(samples, pairs), *check_alignment(samples), *check_orientation(samples)]
    assert found == []


def test_near_duplicates_are_told_from_other_sections_and_nuclei(real_data):
    rng = np.random.default_rng(0)
    for name in ("isbi2012", "nuclei"):
        images = [sample.image for sample in source_of(name, real_data)[5:25]]
        others = [
            *(image[30:-40, 50:-20] for image in images[:5]),
            *((image * 0.6 + 40).astype(np.uint8) for image in images[5:10]),
            *(image + rng.normal(0, image.std() / 2, image.shape) for image in images[10:15]),
            *(np.roll(image, (7, -11), (0, 1)) for image in images[15:]),
        ]
        spectra = Spectra(features_of([*images, *others]))
        alike = np.array([[spectra.similarity(first, 20 + second) for second in range(20)] for first in range(20)])
        assert np.array_equal(alike > SAME, np.eye(20, dtype=bool)), name


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
