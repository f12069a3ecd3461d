"""What is doubtful with the data is printed before a comparison, and looked for once."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import yaml

from seg.__main__ import main
from seg.compare import probe
from seg.compare.doubts import FILE, keep_doubts, print_doubts, read_doubts
from seg.compare.plan import Plan
from seg.compare.run import inspect_inputs
from seg.data.doctor import command
from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image, encode_mask, write_file


@pytest.fixture
def inverted(tiny, tmp_path) -> Path:
    """A comparison whose masks are inverted, and that nobody has examined yet."""
    for sample in SyntheticCells(5, 64, 20.0, seed=zlib.crc32(bytes(tmp_path))):
        write_file(tmp_path / "images" / f"{sample.name}.png", encode_image(sample.image))
        write_file(tmp_path / "masks" / f"{sample.name}.png", encode_mask(~sample.mask, 255))
    data = yaml.safe_load((tiny / "data.yaml").read_text())
    options = {"root": str(tmp_path), "masks": "masks", "boundary_value": 255}
    data["source"] = {"class_path": "seg.data.folder.ImageFolder", "init_args": options}
    plan = yaml.safe_load((tiny / "compare.yaml").read_text()) | {"data": str(tmp_path / "data.yaml")}
    plan["configs"] = [str(tiny / "base.yaml")]
    (tmp_path / "data.yaml").write_text(yaml.safe_dump(data))
    (tmp_path / "compare.yaml").write_text(yaml.safe_dump(plan))
    return tmp_path / "compare.yaml"


def test_a_comparison_prints_what_is_doubtful_and_looks_for_it_once(inverted, tmp_path, capsys):
    plan, folder = Plan.load(inverted), tmp_path / "runs"
    inspect_inputs(plan, plan.runs([]), None, folder)
    assert "WARNING data: polarity: " in capsys.readouterr().err
    (fingerprint,) = json.loads((folder / FILE).read_text())
    keep_doubts(folder, {fingerprint: ["kept: not looked for again"]})
    inspect_inputs(plan, plan.runs([]), None, folder)
    printed = capsys.readouterr().err
    assert "WARNING data: kept: not looked for again" in printed
    assert "polarity" not in printed


def test_a_comparison_tells_what_seg_data_doctor_found_before(inverted, tmp_path, monkeypatch):
    monkeypatch.setenv("SEPTUM_CACHE", str(tmp_path / "cache"))
    assert main(["data", "doctor", str(tmp_path / "data.yaml")]) == 0
    monkeypatch.setattr(command, "doubt", lambda samples, split: pytest.fail("examined again"))
    data, _ = command.load_data(tmp_path / "data.yaml", [])
    with pytest.warns(UserWarning, match="are boundary"):
        data.setup("fit")
    ((first, *_),) = probe._doubts_of(data, {}).values()
    assert first.startswith("polarity: ")


@pytest.mark.parametrize("content", ["", "{", "7", "\xff"])
def test_a_file_that_cannot_be_read_is_written_anew(tmp_path, content):
    (tmp_path / FILE).write_text(content, encoding="latin-1")
    assert read_doubts(tmp_path) == {}
    keep_doubts(tmp_path, {"f": ["x"]})
    assert read_doubts(tmp_path) == {"f": ["x"]}
    assert read_doubts(None) == {}


def test_each_sentence_is_printed_once(capsys):
    print_doubts({"one": ["size: odd"], "two": ["size: odd", "labels: odd"]})
    assert capsys.readouterr().err.count("WARNING data: ") == len(np.unique(["size: odd", "labels: odd"]))
    print_doubts({"one": []})
    assert capsys.readouterr().err == ""
