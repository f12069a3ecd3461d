import json
from dataclasses import replace

import numpy as np
import pytest

from seg.analysis.baselines import all_black, otsu_on_gradient, score_baselines
from seg.data.writing import encode_image, encode_mask, write_file
from tests.seg.records import config


def step(*channels):
    image = np.zeros((40, 60, *channels), dtype=np.uint8)
    image[:, 30:] = 200
    return image


@pytest.mark.parametrize("image", [step(), step(3)], ids=["grey", "color"])
def test_otsu_finds_the_step_of_an_image_and_nothing_else(image):
    columns = np.unique(np.argwhere(otsu_on_gradient(image))[:, 1])
    assert {29, 30} <= set(columns.tolist()) <= {27, 28, 29, 30, 31, 32}


def test_an_even_image_has_no_edge():
    assert not otsu_on_gradient(np.full((20, 20), 7, dtype=np.uint8)).any()


def test_the_all_black_answer_has_the_prevalence_as_its_average_precision(tmp_path, finished):
    assert all_black(step(3)).shape == (40, 60)
    truth = np.zeros((40, 60), dtype=bool)
    truth[:, 30] = True
    write_file(tmp_path / "test" / "s1" / "image.png", encode_image(step()))
    write_file(tmp_path / "test" / "s1" / "truth.png", encode_mask(truth, 255))
    scores = score_baselines(tmp_path, {tmp_path: finished("a", 0, ["s1"])})
    assert scores["all black"]["ap"] == pytest.approx([1 / 60])
    assert scores["all black"]["iou"] == [0]
    assert scores["Otsu on the gradient"]["boundary_f1"] == [1]


@pytest.fixture
def shifted(tmp_path, finished):
    """A run whose boundary is 2 px beside the edge of its test image."""
    truth = np.zeros((40, 60), dtype=bool)
    truth[:, 32] = True
    write_file(tmp_path / "test" / "s1" / "image.png", encode_image(step()))
    write_file(tmp_path / "test" / "s1" / "truth.png", encode_mask(truth, 255))
    return finished("a", 0, ["s1"])


def boundary_f1(folder, record):
    return score_baselines(folder, {folder: record})["Otsu on the gradient"]["boundary_f1"]


def test_another_tolerance_scores_the_baselines_again(tmp_path, shifted):
    assert boundary_f1(tmp_path, replace(shifted, config=config({"tolerance_px": 0.0}))) == [0]
    assert boundary_f1(tmp_path, replace(shifted, config=config({"tolerance_px": 4.0}))) == [1]


def change(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_scores_are_kept_until_images_data_or_code_change(tmp_path, shifted):
    scores, file = score_baselines(tmp_path, {tmp_path: shifted}), tmp_path / "baselines.json"
    for name in ("images", "fingerprint", "code"):
        change(file, scores={"kept": {}})
        assert score_baselines(tmp_path, {tmp_path: shifted}) == {"kept": {}}
        change(file, **{name: "another"})
        assert score_baselines(tmp_path, {tmp_path: shifted}) == scores


def test_a_truncated_file_is_named_and_written_anew(tmp_path, shifted):
    scores, file = score_baselines(tmp_path, {tmp_path: shifted}), tmp_path / "baselines.json"
    file.write_text(file.read_text()[:50])
    with pytest.warns(UserWarning, match=r"baselines\.json is damaged .* the baselines are scored again"):
        assert score_baselines(tmp_path, {tmp_path: shifted}) == scores
    assert score_baselines(tmp_path, {tmp_path: shifted}) == scores


def test_runs_without_pictures_have_no_baselines(tmp_path, finished):
    assert score_baselines(tmp_path, {tmp_path: finished("a", 0, ["s1"])}) == {}
