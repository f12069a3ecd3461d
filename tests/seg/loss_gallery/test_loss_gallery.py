import csv
import sys

import numpy as np
import pytest
from PIL import Image

from losses import DiceLoss, JaccardLoss, PerceptualLoss, ScnpLoss
from losses.contract import RULES
from seg.__main__ import main
from seg.data.writing import encode_mask
from seg.loss_gallery.catalogue import build, cost_ms, library

MY_LOSS = """
from losses import SegmentationLoss

class AbsoluteLoss(SegmentationLoss):
    bounds = (0.0, 1.0)
    def __init__(self, factor: float = 1.0):
        super().__init__()
        self.factor = factor
    def per_image(self, logits, target):
        return self.factor * (logits.sigmoid() - target).abs().mean(dim=(1, 2, 3))
"""


@pytest.fixture
def my_package(tmp_path, monkeypatch):
    (tmp_path / "my_cells.py").write_text(MY_LOSS)
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_cells.AbsoluteLoss"
    sys.modules.pop("my_cells", None)


def test_every_loss_describes_itself_with_formula_and_source():
    entries = library()
    assert len(entries) >= 24
    for entry in entries:
        assert entry.summary.endswith("."), entry
        assert entry.formula, entry
        assert any(word.strip(".,;:)").isdigit() for word in entry.source.split()), entry  # the year
        assert build(entry.name).bounds[0] == 0


def test_a_loss_is_built_by_class_path_by_name_with_options_and_from_a_file(my_package, tmp_path):
    assert isinstance(build("losses.DiceLoss"), DiceLoss)
    jaccard = build("JaccardLoss", ["--loss.init_args.smooth", "7"])
    assert isinstance(jaccard, JaccardLoss)
    assert jaccard.smooth == 7
    assert build(my_package, ["--loss.init_args.factor", "2"]).factor == 2
    (tmp_path / "scnp.yaml").write_text("class_path: losses.ScnpLoss\ninit_args: {loss: {class_path: losses.L2Loss}}")
    assert isinstance(build(str(tmp_path / "scnp.yaml")), ScnpLoss)
    assert isinstance(build("PerceptualLoss"), PerceptualLoss)


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["losses.NoSuchLoss"], "module 'losses' has no attribute 'NoSuchLoss'"),
        (["os.getcwd"], "Import path does not correspond to a subclass of SegmentationLoss"),
        (["none.yaml"], "there is no such file"),
        (["no_package.MyLoss"], "No module named 'no_package' (searched: the current folder, PYTHONPATH)"),
        (["losses.DiceLoss", "--loss.init_args.smoth", "3"], "Option 'smoth' is not accepted"),
    ],
)
def test_a_loss_that_cannot_be_built_is_refused_with_the_reason(args, reason, capsys):
    assert main(["losses", "check", *args]) == 2
    assert capsys.readouterr().err == f"seg losses: error: cannot build the loss {args[0]}: {reason}\n"


def test_a_loss_in_the_current_folder_is_found(tmp_path, monkeypatch, capsys):
    (tmp_path / "cells_here.py").write_text(MY_LOSS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    assert main(["losses", "check", "cells_here.AbsoluteLoss"]) == 0
    sys.modules.pop("cells_here")


def test_checking_a_users_loss(my_package, capsys):
    assert main(["losses", "check", my_package]) == 0
    assert capsys.readouterr().out.count("yes") == len(RULES)
    assert main(["losses", "check", my_package, "--loss.init_args.factor", "3", "--channels", "2"]) == 2
    captured = capsys.readouterr()
    assert "outside of the bounds 0 and 1" in " ".join(captured.out.split())
    assert f"{my_package} breaks 1 of {len(RULES)} rules" in captured.err


def test_the_cost_is_a_time():
    assert 0 < cost_ms(build("L2Loss"), repeats=1) < 5000


@pytest.mark.slow
def test_the_list_names_every_loss_with_its_range(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    assert main(["losses"]) == 0
    out = capsys.readouterr().out
    assert all(entry.name in out for entry in library())
    assert "0.434" in out  # the highest value of log-cosh Dice


def test_pictures_and_table_show_which_wrong_prediction_a_loss_prefers(tmp_path, capsys):
    lines = np.zeros((96, 96), dtype=bool)
    lines[48], lines[:, 48] = True, True
    (tmp_path / "mask.png").write_bytes(encode_mask(lines, 0))
    args = ["--out", str(tmp_path / "out"), "--mask", str(tmp_path / "mask.png"), "--boundary-value", "0"]
    assert main(["losses", "plot", "L2Loss", "losses.JaccardLoss", *args]) == 0
    assert "README.md" in capsys.readouterr().out
    table = (tmp_path / "out" / "README.md").read_text()
    assert "| [L2Loss](L2Loss.png) |" in table
    assert "on the given lines" in table
    rows = list(csv.DictReader((tmp_path / "out" / "preferences.csv").open()))
    black = {float(row["boundary_share"]): float(row["black"]) for row in rows if row["loss"] == "L2Loss"}
    assert black[0.01] == pytest.approx(0.01, rel=0.02)  # all black costs the boundary's share
    assert {float(row["grey"]) for row in rows if row["loss"] == "L2Loss"} == {0.25}
    assert all(float(row["black"]) > 0.9 for row in rows if row["loss"] == "JaccardLoss")
    picture = np.asarray(Image.open(tmp_path / "out" / "JaccardLoss.png").convert("L"))
    assert picture.shape == (403, 792)
    assert picture.std() > 20


def test_a_mask_without_the_boundary_value_is_refused(tmp_path, capsys):
    (tmp_path / "mask.png").write_bytes(encode_mask(np.zeros((80, 80), dtype=bool), 0))
    args = ["losses", "plot", "L2Loss", "--out", str(tmp_path), "--mask", str(tmp_path / "mask.png")]
    assert main([*args, "--boundary-value", "7"]) == 2
    assert "the value 7 (--boundary-value)" in capsys.readouterr().err
