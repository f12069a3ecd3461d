"""What `seg promote` says of a model before it replaces another, and what `seg models` lists; without a training."""

from dataclasses import replace
from pathlib import Path

import bentoml.models  # by its name: it is loaded lazily, and patches of what stands for it until then are lost
import numpy as np
import pytest

from seg.data.writing import encode_image, encode_mask, write_file
from seg.metrics.rand import connected_cells
from seg.record import SplitScores
from service.models import list_models, make_latest
from service.replacement import compare_models, load_latest
from tests.seg import records
from tests.service.world import Brightness

DESCRIPTION = """\
name: septum
version: {name}
module: ''
labels: {{}}
options: {{}}
metadata: {{}}
context: {{framework_name: '', framework_versions: {{}}, bentoml_version: 1.4.39, python_version: 3.11.7}}
signatures: {{}}
api_version: v1
creation_time: '2026-01-0{day}T00:00:00+00:00'
"""
NAMES = [f"s{number}" for number in range(8)]


class Skewed(Brightness):
    """Misses the boundary on the left."""

    def probabilities(self, image):
        found = super().probabilities(image).copy()
        found[:, :, : image.shape[1] // 2] = 0
        return found

    def decode(self, probabilities, _image):
        return connected_cells(probabilities[0] < 0.5)

    def averages(self, tta):
        return bool(tta)


class Whole(Skewed):
    def probabilities(self, image):
        return Brightness.probabilities(self, image)


@pytest.fixture
def run(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    for name in NAMES:
        truth = rng.random((32, 40)) < 0.2
        write_file(tmp_path / "test" / name / "image.png", encode_image(truth.astype(np.uint8) * 255))
        write_file(tmp_path / "test" / name / "truth.png", encode_mask(truth, 255))
    return tmp_path


def record(rank_by="iou"):
    scores = SplitScores(NAMES, {rank_by: [0.5] * len(NAMES)})
    return records.record("l2", 0, scores, rank_by=rank_by, data=replace(records.DATA, test=NAMES))


@pytest.mark.parametrize("rank_by", ["iou", "instance_ap"])
def test_a_better_model_is_better_and_the_same_is_not(run, rank_by):
    better = compare_models(Whole(), Skewed(), run, record(rank_by))
    assert (better.verdict, better.new) == ("better", 1.0)
    assert 0.3 < better.old < 0.7
    assert compare_models(Skewed(), Whole(), run, record(rank_by)).verdict == "worse"
    same = compare_models(Whole(), Whole(), run, record())
    assert (same.verdict, same.low, same.high) == ("not told apart", 0, 0)


def test_pixels_that_nobody_annotated_do_not_count(run):
    for name in NAMES:
        valid = np.ones((32, 40), np.bool_)
        valid[:, :20] = False
        write_file(run / "test" / name / "valid.png", encode_mask(valid, 255))
    assert compare_models(Whole(), Skewed(), run, record()).verdict == "not told apart"


def test_without_a_model_before_there_is_nothing_to_compare_or_list(tmp_path, monkeypatch):
    def missing(_tag):
        raise bentoml.exceptions.NotFound("no model")

    monkeypatch.setattr(bentoml.models, "get", missing)
    assert load_latest(record()) is None
    assert list(list_models()) == ["no model is stored yet: `seg promote DIR` stores one"]


def test_an_older_model_becomes_the_latest_again(tmp_path, monkeypatch):
    folders = {name: tmp_path / "septum" / name for name in ("one", "two")}
    for number, (name, folder) in enumerate(folders.items()):
        folder.mkdir(parents=True)
        (folder / "model.yaml").write_text(DESCRIPTION.format(name=name, day=number + 1))
    (tmp_path / "septum" / "half").mkdir()  # one that is being stored
    (tmp_path / "septum" / "latest").write_text("two")
    store = bentoml._internal.models.model.ModelStore(tmp_path)
    monkeypatch.setattr(bentoml.models, "get", store.get)

    def listed() -> list[str]:
        return [line.split()[0] for line in list(list_models())[1:-1]]

    assert listed() == ["septum:two", "septum:one"]
    assert make_latest("one") == "septum:one"
    assert listed() == ["septum:one", "septum:two"]
    assert make_latest("septum:two") == "septum:two"
    with pytest.raises(ValueError, match="there is no model three to go back to: there are septum:two, septum:one"):
        make_latest("three")
