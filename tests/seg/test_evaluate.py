import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import label

from seg.__main__ import main
from seg.data.synthetic import SyntheticCells

SAMPLES = list(SyntheticCells(count=2, size_px=64, cell_diameter_px=24))


def save(folder, picture_of) -> str:
    folder.mkdir()
    for sample in SAMPLES:
        picture = picture_of(sample.mask)
        if picture.dtype in (np.uint8, np.uint16):
            Image.fromarray(picture).save(folder / f"{sample.name}.png")
        else:
            tifffile.imwrite(folder / f"{sample.name}.tif", picture)
    return str(folder)


def black_on_white(mask):
    return np.where(mask, 0, 255).astype(np.uint8)


def cells(mask):
    return label(~mask)[0].astype(np.uint16)


def evaluate(tmp_path, *args) -> dict:
    assert main(["evaluate", *args, "--out", str(tmp_path / "scores.json")]) == 0
    return json.loads((tmp_path / "scores.json").read_text())


def test_masks_against_themselves_are_perfect(tmp_path, capsys):
    masks = save(tmp_path / "masks", black_on_white)
    scores = evaluate(tmp_path, masks, masks, "--boundary-value", "0")
    zero = ("brier", "ece", "hd95_px", "betti0_error", "betti1_error", "undecided_share")
    for name, values in scores["metrics"].items():
        assert values == pytest.approx([0, 0] if name in zero else [1, 1], abs=1e-6), name
    assert scores["images"] == ["synthetic-0000", "synthetic-0001"]
    shown = capsys.readouterr().out
    assert "boundary_f1" in shown
    assert "threshold chosen on the truth" in shown


def test_mistakes_at_void_pixels_have_no_influence(tmp_path):
    def half_void(mask):
        picture = black_on_white(mask)
        picture[:, 40:] = 128
        return picture

    def half_wrong(mask):
        picture = black_on_white(mask)
        picture[:, 40:] = 255 - picture[:, 40:]
        return picture

    truth, predicted = save(tmp_path / "truth", half_void), save(tmp_path / "predicted", half_wrong)
    scores = evaluate(tmp_path, predicted, truth, "--boundary-value", "0", "--void", "128")["metrics"]
    for name in ("iou", "boundary_f1", "v_rand"):
        assert scores[name] == pytest.approx([1, 1]), name
    assert scores["brier"] == [0, 0]


def test_labels_may_have_void_pixels_and_their_boundaries_are_unknown_beside_them(tmp_path):
    def half_void(mask):
        picture = cells(mask)
        picture[:, 40:] = 9999
        return picture

    truth, predicted = save(tmp_path / "truth", half_void), save(tmp_path / "predicted", cells)
    labels = ("--predicted", "labels", "--true", "labels")
    assert evaluate(tmp_path, predicted, truth, *labels, "--void", "9999")["metrics"]["iou"] == [1, 1]
    assert max(evaluate(tmp_path, predicted, truth, *labels)["metrics"]["iou"]) < 1


def test_a_truth_of_void_pixels_alone_is_refused_with_its_file(tmp_path, capsys):
    all_void = save(tmp_path / "void", lambda mask: np.full_like(black_on_white(mask), 7))
    masks = save(tmp_path / "masks", black_on_white)
    assert main(["evaluate", masks, all_void, "--boundary-value", "0", "--void", "7"]) == 2
    assert "synthetic-0000.png: all pixels are void (7)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "picture_of",
    [
        lambda mask: (mask * 0.8 + 0.1).astype(np.float32),
        lambda mask: (mask * 60_000).astype(np.uint16),
        lambda mask: (mask * 200).astype(np.uint8),
    ],
    ids=["float", "16 bit", "8 bit"],
)
def test_probabilities_of_any_type_are_cut_at_the_threshold(tmp_path, picture_of):
    truth = save(tmp_path / "masks", black_on_white)
    predicted = save(tmp_path / "predicted", picture_of)
    scores = evaluate(tmp_path, predicted, truth, "--boundary-value", "0", "--predicted", "probability")
    assert scores["metrics"]["iou"] == [1, 1]


def test_labels_are_compared_as_cells_and_by_their_boundaries(tmp_path):
    labels = save(tmp_path / "labels", cells)
    scores = evaluate(tmp_path, labels, labels, "--predicted", "labels", "--true", "labels")
    assert scores["metrics"]["instance_ap"] == scores["metrics"]["iou"] == [1, 1]


def test_what_has_no_counterpart_is_named(tmp_path, capsys):
    masks = save(tmp_path / "masks", black_on_white)
    others = save(tmp_path / "others", black_on_white)
    (tmp_path / "others" / "synthetic-0001.png").rename(tmp_path / "others" / "alone.png")
    assert main(["evaluate", others, masks, "--boundary-value", "0"]) == 2
    error = capsys.readouterr().err
    assert f"without a counterpart of the same name in {masks}: alone" in error
    assert f"without a counterpart of the same name in {others}: synthetic-0001" in error


def test_names_that_are_used_twice_are_named(tmp_path, capsys):
    masks, others = save(tmp_path / "masks", black_on_white), save(tmp_path / "others", black_on_white)
    for folder, name in (("masks", "synthetic-0000"), ("others", "synthetic-0001")):
        tifffile.imwrite(tmp_path / folder / f"{name}.tif", np.zeros((64, 64), np.uint8))
    assert main(["evaluate", others, masks, "--boundary-value", "0"]) == 2
    error = capsys.readouterr().err
    assert f"the same name: {masks}/synthetic-0000.png, {masks}/synthetic-0000.tif" in error
    assert f"the same name: {others}/synthetic-0001.png, {others}/synthetic-0001.tif" in error


def test_labels_that_no_cell_can_have_are_refused(tmp_path, capsys):
    labels = save(tmp_path / "labels", lambda mask: np.where(mask, -1, 1))
    assert main(["evaluate", labels, labels, "--predicted", "labels", "--true", "labels"]) == 2
    assert "labels must be from 0 to 2147483647, got -1 to 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ([], "one of them 255 (--boundary-value)"),
        (["--predicted", "labels", "--boundary-value", "0"], "labels must be (H, W) integers"),
        (["--predicted", "probability", "--boundary-value", "0"], "a probability has one channel, from 0 to 1"),
    ],
)
def test_a_file_that_is_not_what_the_options_say_is_named(tmp_path, capsys, options, rule):
    masks = save(tmp_path / "masks", black_on_white)
    odd = save(tmp_path / "odd", lambda mask: mask * np.float32(3) + np.float32(0.5))
    assert main(["evaluate", odd, masks, *options]) == 2
    error = capsys.readouterr().err
    assert "synthetic-0000.tif: " in error
    assert rule in error


def test_a_folder_that_is_missing_or_empty_is_named(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for folder in ("nowhere", "empty"):
        assert main(["evaluate", str(tmp_path / folder), str(tmp_path / folder)]) == 2
        assert folder in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")
def test_too_little_memory_is_one_sentence(tmp_path):
    masks = save(tmp_path / "masks", lambda mask: np.zeros((16_000, 16_000), np.uint8))
    limited = (
        "import resource, sys\nimport seg.evaluate\nfrom pathlib import Path\nfrom seg.__main__ import main\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), -1))\n"
        "sys.exit(main(['evaluate', sys.argv[1], sys.argv[1]]))"
    )
    run = subprocess.run([sys.executable, "-c", limited, masks], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    expected = f"seg evaluate: error: {masks}/synthetic-0000.png: there is not enough memory to decode the image"
    assert run.stderr.startswith(expected), run.stderr
