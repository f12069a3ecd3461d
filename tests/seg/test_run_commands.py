"""`seg audit` and `seg suggest` on runs of a few steps."""

import csv
import re

import numpy as np
import pytest

from seg.__main__ import main
from seg.data.writing import encode_image, write_file
from tests.conftest import CONFIGS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(tiny, tmp_path_factory):
    """The folder of two runs that differ in their seed."""
    folder = tmp_path_factory.mktemp("commands")
    args = [
        "fit",
        f"--config={tiny / 'base.yaml'}",
        f"--data={tiny / 'data.yaml'}",
        f"--trainer.logger.save_dir={folder}",
    ]
    args += ["--trainer.logger.name=run", "--trainer.enable_progress_bar=false", "--trainer.max_epochs=1"]
    args += [f"--model.loss={CONFIGS / 'loss' / 'l2.yaml'}", "--model.network.encoder_weights=null"]
    for seed in (0, 1):
        assert main([*args, f"--seed_everything={seed}"]) == 0
    return folder / "run"


def test_the_audit_writes_a_page_and_its_exit_code_tells_whether_there_is_a_shortcut(runs, capsys):
    code = main(["audit", str(runs), "--images=2"])
    (page,) = runs.glob("version_*/audit/audit.html")
    (verdict,) = re.findall(r'<div class="verdict"><p>(.*?)</p>', page.read_text().replace("\n", ""))
    assert code == (1 if verdict.startswith("Shortcut: ") else 0)
    assert verdict in capsys.readouterr().out


def test_an_audit_of_one_image_is_refused(runs, capsys):
    assert main(["audit", str(runs), "--images=1"]) == 2
    assert "an audit needs at least 2 test images" in capsys.readouterr().err


def test_suggestions_are_a_list_overlays_and_a_page(runs, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        write_file(tmp_path / "new" / f"{name}.png", encode_image(rng.integers(0, 255, (48, 40), dtype=np.uint8)))
    assert main(["suggest", str(runs), str(tmp_path / "new"), f"--out={tmp_path / 'out'}", "--count=2"]) == 0
    with (tmp_path / "out" / "suggestions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert {row["image"] for row in rows} < {"a", "b", "c"}
    assert all(float(row["disagreement_bits"]) > 0 for row in rows)
    assert (tmp_path / "out" / f"001_{rows[0]['image']}.png").is_file()
    assert (tmp_path / "out" / "suggestions.html").read_text().count("data:image/png") == 2


def test_one_run_cannot_disagree_and_no_image_cannot_be_suggested(runs, tmp_path, capsys):
    assert main(["suggest", str(runs / "version_0"), str(tmp_path)]) == 2
    assert "it takes at least 2 finished runs to disagree, found 1" in capsys.readouterr().err
    assert main(["suggest", str(runs), str(tmp_path), "--count=0"]) == 2
    assert "the number of images to suggest must be >= 1, got 0" in capsys.readouterr().err
