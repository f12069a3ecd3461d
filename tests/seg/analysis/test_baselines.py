import numpy as np
import pytest

from seg.analysis.baselines import all_black, otsu_on_gradient, score_baselines
from seg.data.writing import encode_image, encode_mask, write_file


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


def test_runs_without_pictures_have_no_baselines(tmp_path, finished):
    assert score_baselines(tmp_path, {tmp_path: finished("a", 0, ["s1"])}) == {}
