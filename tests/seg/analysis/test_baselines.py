import json
from dataclasses import replace

import numpy as np
import pytest

from seg.analysis.baselines import score_baselines
from seg.analysis.untrained import all_black, choose_intensity, mean_mask, otsu_on_gradient, random_mask
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


def test_a_random_mask_has_the_prevalence_and_is_the_same_again():
    image = np.arange(10_000, dtype=np.uint8).reshape(100, 100)
    mask = random_mask(image, 0.2)
    assert mask.mean() == pytest.approx(0.2, abs=0.02)
    assert (mask == random_mask(image, 0.2)).all()
    assert (mask != random_mask(image + 1, 0.2)).any()


def test_the_mean_mask_is_where_boundary_was_most_often_in_an_image_of_any_size():
    masks = np.zeros((3, 20, 20), dtype=bool)
    masks[:, 4:8], masks[0, 12:14] = True, True
    found = mean_mask(np.zeros((40, 60, 3)), list(masks), 0.15)
    assert found.shape == (40, 60)
    assert found.mean() == pytest.approx(0.15, abs=0.02)
    assert found[10:14].all()
    assert not found[20:].any()


@pytest.mark.parametrize(("boundary", "background", "bright"), [(200, 50, True), (40, 180, False)])
def test_the_threshold_of_the_intensity_separates_the_masks_of_validation(boundary, background, bright):
    mask = np.zeros((30, 30), dtype=bool)
    mask[10:12] = True
    image = np.where(mask, boundary, background).astype(np.uint8)
    threshold, chosen = choose_intensity([(image, mask)], "iou", 2.0)
    assert chosen == bright
    high, low = sorted((value if bright else 255 - value) / 255 for value in (boundary, background))[::-1]
    assert low < threshold <= high


def test_with_images_of_validation_there_are_five_baselines(tmp_path, finished):
    truth = np.zeros((40, 60), dtype=bool)
    truth[:, 30] = True
    image = np.where(truth, 220, 90).astype(np.uint8)
    for split in ("validation", "test"):
        write_file(tmp_path / split / "s1" / "image.png", encode_image(image))
        write_file(tmp_path / split / "s1" / "truth.png", encode_mask(truth, 255))
    scores = score_baselines(tmp_path, {tmp_path: finished("a", 0, ["s1"])})
    assert list(scores) == [
        "all black",
        "Otsu on the gradient",
        "random, as much as on validation",
        "mean mask of validation",
        "intensity, tuned on validation",
    ]
    assert scores["intensity, tuned on validation"]["iou"] == [1]
    assert scores["mean mask of validation"]["boundary_f1"] == [1]
    assert scores["random, as much as on validation"]["iou"][0] < 0.1


def test_masks_of_validation_without_boundary_have_no_say(tmp_path, finished):
    for split in ("validation", "test"):
        write_file(tmp_path / split / "s1" / "image.png", encode_image(step()))
        write_file(tmp_path / split / "s1" / "truth.png", encode_mask(np.zeros((40, 60), dtype=bool), 255))
    assert len(score_baselines(tmp_path, {tmp_path: finished("a", 0, ["s1"])})) == 2


def test_runs_without_pictures_have_no_baselines(tmp_path, finished):
    assert score_baselines(tmp_path, {tmp_path: finished("a", 0, ["s1"])}) == {}
