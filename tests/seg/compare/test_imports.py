import sys
from pathlib import Path

import pytest

import losses
from seg.compare.imports import Imports

FILES = {
    "their_package/__init__.py": '"Losses"\nfrom their_package.dice import DiceLoss as Dice\nfrom .other import *\n',
    "their_package/dice.py": "import torch\nfrom . import weights\n\nclass DiceLoss:\n    pass\n",
    "their_package/weights.py": "def weigh():\n    from their_helper import factor\n    return factor\n",
    "their_package/other.py": "class OtherLoss:\n    pass\n",
    "their_package/alone.py": "class AloneLoss:\n    pass\n",
    "their_helper.py": "factor = 1\n",
}
OF_DICE = ["their_helper", "their_package.dice", "their_package.weights"]


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    (tmp_path / "their_package").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("their_")]:  # of the test before
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def modules(class_path: str) -> list[str]:
    imports = Imports()
    return list(imports.hashes([imports.defining(class_path)]))


@pytest.mark.parametrize("class_path", ["their_package.dice.DiceLoss", "their_package.Dice"])
def test_a_class_depends_on_its_own_module_and_on_what_that_imports_wherever(package, class_path):
    assert modules(class_path) == OF_DICE


def test_an_import_of_everything_depends_on_everything(package):
    everything = ["their_helper", "their_package", *OF_DICE[1:2], "their_package.other", "their_package.weights"]
    assert modules("their_package.OtherLoss") == everything


def test_a_package_that_does_more_than_to_reexport_counts(package):
    init = package / "their_package" / "__init__.py"
    init.write_text("__version__ = '1'\n")
    assert modules("their_package.alone.AloneLoss") == ["their_package.alone"]
    init.write_text("import their_helper\ntheir_helper.factor = 2\n")
    assert modules("their_package.alone.AloneLoss") == ["their_helper", "their_package", "their_package.alone"]


def test_a_class_of_the_package_itself_and_a_nested_class_are_found(package):
    (package / "their_package" / "__init__.py").write_text("class Loss:\n    class Inner:\n        pass\n")
    assert modules("their_package.Loss") == modules("their_package.Loss.Inner") == ["their_package"]


def test_modules_that_import_each_other_are_read_once(package):
    (package / "their_helper.py").write_text("import their_package.alone\n")
    (package / "their_package" / "alone.py").write_text("import their_helper\n")
    assert {"their_helper", "their_package.alone"} <= set(modules("their_package.alone.AloneLoss"))


def test_a_changed_helper_changes_its_hash_alone(package):
    before = Imports().hashes(["their_package.dice"])
    (package / "their_helper.py").write_text("factor = 2\n")
    after = Imports().hashes(["their_package.dice"])
    assert {name for name in after if after[name] != before[name]} == {"their_helper"}


@pytest.mark.parametrize(
    "class_path", ["nowhere.TheirLoss", "nowhere.at.all.TheirLoss", "math.Loss", "torch.optim.SGD"]
)
def test_what_has_no_source_or_is_installed_is_left_out(class_path):
    assert modules(class_path) == []


@pytest.mark.parametrize("name", ["l2", "composite"])
def test_a_loss_of_the_project_does_not_depend_on_the_others(name):
    found = set(modules(f"losses.{'L2' if name == 'l2' else 'Composite'}Loss"))
    others = {file.stem for file in Path(losses.__file__).parent.glob("*.py")} - {name, "base", "checks"}
    assert {"losses.base", f"losses.{name}"} <= found
    assert not {f"losses.{other}" for other in others} & found
    assert "losses" not in found


def test_training_depends_on_the_recorder_and_on_no_loss_in_particular():
    imports = Imports()
    found = imports.hashes(["seg.training.cli"])
    assert {"seg.training.recorder", "seg.training.resume", "seg.model.module", "seg.data.dataset"} <= found.keys()
    others = {imports.defining(f"losses.{name}") for name in losses.__all__} - {"losses.base", "losses.composite"}
    assert not others & found.keys()
    assert not any(name.startswith(("seg.compare", "seg.report", "seg.analysis")) for name in found)
