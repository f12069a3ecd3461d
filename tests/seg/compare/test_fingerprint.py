import pytest

from seg.compare.fingerprint import code_fingerprint
from seg.training.versions import versions


def test_versions_name_what_a_training_depends_on():
    assert {"septum", "torch", "pytorch-lightning"} <= versions().keys()


def test_a_changed_loss_of_ones_own_is_another_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "their_loss.py").write_text("one = 1\n")
    configuration = "class_path: their_loss.TheirLoss"
    before = code_fingerprint([configuration])
    assert code_fingerprint([configuration]) == before
    (tmp_path / "their_loss.py").write_text("one = 2\n")
    assert code_fingerprint([configuration]) != before


@pytest.mark.parametrize("class_path", ["nowhere.TheirLoss", "nowhere.at.all.TheirLoss", "math.Loss"])
def test_a_module_without_source_counts_as_none(class_path):
    assert code_fingerprint([f"class_path: {class_path}"]) == code_fingerprint([])
