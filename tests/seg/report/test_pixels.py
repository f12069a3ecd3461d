import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_average_precision, binary_calibration_error

from seg.data.writing import encode_mask, encode_probability, write_file
from seg.report.figures.pixels import PixelCounts, count_pixels, pixel_figures


@pytest.fixture
def pictures(tmp_path, finished):
    """One run with three test images, its record, all probabilities and the truth."""
    rng = np.random.default_rng(0)
    probability = rng.beta(0.5, 2, (3, 40, 40)).astype(np.float32)
    truth = rng.random((3, 40, 40)) < probability
    for number, name in enumerate(("s1", "s2", "s3")):
        write_file(tmp_path / "test" / name / "probability.png", encode_probability(probability[number]))
        write_file(tmp_path / "test" / name / "truth.png", encode_mask(truth[number], 255))
    return (
        {tmp_path: finished("a", 0, ["s1", "s2", "s3"])},
        torch.from_numpy(probability).flatten(),
        torch.from_numpy(truth).flatten(),
    )


def test_the_curve_encloses_the_average_precision_of_torchmetrics(pictures):
    runs, probability, truth = pictures
    precision, recall = count_pixels(runs)["a"].precision_and_recall()
    area = (np.diff(recall, prepend=0) * precision).sum()
    assert area == pytest.approx(binary_average_precision(probability, truth.long()).item(), abs=0.002)


def test_the_diagram_shows_the_calibration_error_of_torchmetrics(pictures):
    runs, probability, truth = pictures
    counts = count_pixels(runs)["a"]
    said, share = counts.reliability()
    assert len(said) == 15
    pixels, _ = np.histogram(probability.numpy(), bins=15, range=(0, 1))
    error = (np.abs(said - share) * pixels).sum() / pixels.sum()
    assert error == pytest.approx(binary_calibration_error(probability, truth.long(), n_bins=15).item(), abs=0.003)
    assert counts.prevalence == pytest.approx(truth.float().mean().item())


def test_a_network_that_says_0_and_1_has_two_points_and_no_more():
    on, off = np.zeros(1000), np.zeros(1000)
    on[999], on[0], off[0], off[999] = 3, 1, 15, 1
    counts = PixelCounts(on, off)
    precision, recall = counts.precision_and_recall()
    assert (precision[0], recall[0]) == (0.75, 0.75)
    assert (precision[-1], recall[-1]) == (0.2, 1)
    assert counts.reliability()[1].tolist() == [1 / 16, 3 / 4]


def test_without_pictures_there_is_no_figure(tmp_path, finished):
    assert pixel_figures({tmp_path: finished("a", 0, ["s1"])}, ["a"], tmp_path) == []


def test_void_pixels_are_not_counted(pictures):
    runs, probability, truth = pictures
    valid = np.zeros((40, 40), np.bool_)
    valid[:10] = True
    for folder in runs:
        write_file(folder / "test" / "s1" / "valid.png", encode_mask(valid, 255))
        truth_of_s1 = truth.reshape(3, 40, 40).numpy()[0] & valid
        write_file(folder / "test" / "s1" / "truth.png", encode_mask(truth_of_s1, 255))
    counts = count_pixels(runs)["a"]
    assert counts.on.sum() + counts.off.sum() == 2 * 1600 + 400
    assert len(probability) == 4800
