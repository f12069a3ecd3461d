from dataclasses import dataclass, replace

import numpy as np
import pytest

from seg.instances.decoder import Decoder
from seg.instances.tuning import CellCase, tune_decoder
from seg.instances.watershed import WatershedDecoder
from seg.metrics.instance import instance_scores

CASE = CellCase(np.zeros((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.float32), np.zeros((2, 2), np.int32))


@dataclass(frozen=True)
class Point(Decoder):
    """Answers with its own coordinates, so that a test can score them."""

    first: int = 0
    second: int = 0

    def decode(self, probability, image=None):
        return np.array([self.first, self.second], np.int32)

    def search_space(self):
        return {"first": (0, 1, 2, 3), "second": (0, 1, 2, 3)}


def near_two_and_three(labels, cells):
    return -abs(labels[0] - 2) - abs(labels[1] - 3)


def test_the_best_values_are_found():
    tuned = tune_decoder([Point()], [CASE], near_two_and_three, max_trials=50)
    assert tuned.decoder == Point(2, 3)
    assert tuned.score == 0


def test_no_more_settings_are_tried_than_allowed():
    tuned = tune_decoder([Point()], [CASE], near_two_and_three, max_trials=3)
    assert tuned.trials == 3
    assert tuned.decoder == Point(2, 0)


def test_the_best_start_is_refined():
    tuned = tune_decoder([Point(0, 0), Point(3, 3)], [CASE], near_two_and_three, max_trials=2)
    assert tuned.decoder == Point(3, 3)


def test_of_equal_settings_the_first_stays():
    assert tune_decoder([Point()], [CASE], lambda labels, cells: 0.0, max_trials=50).decoder == Point()


def test_what_suits_some_images_by_chance_is_not_chosen():
    cases = [replace(CASE, probability=np.full((1, 1, 1), gain, np.float32)) for gain in (0.3, -0.28, 0.1, -0.08)]

    @dataclass(frozen=True)
    class Fragile(Point):
        def decode(self, probability, image=None):
            return np.array([self.first * probability[0, 0, 0], 0])

    tuned = tune_decoder([Fragile()], cases, lambda labels, _cells: float(labels[0]), max_trials=50)
    assert tuned.decoder == Fragile()  # each larger value is better on average, by far less than images differ
    certain = [replace(case, probability=np.abs(case.probability)) for case in cases]
    tuned = tune_decoder([Fragile()], certain, lambda labels, _cells: float(labels[0]), max_trials=50)
    assert (tuned.decoder, tuned.score) == (Fragile(3), pytest.approx(0.57))
    assert tuned.error == pytest.approx(3 * np.std([0.3, 0.28, 0.1, 0.08], ddof=1) / 2)


def test_nothing_to_tune_is_refused():
    for starts, cases in (([], [CASE]), ([Point()], [])):
        with pytest.raises(ValueError, match="at least one"):
            tune_decoder(starts, cases, near_two_and_three, 5)


def test_regions_are_merged_across_organelles_whose_contacts_have_a_mean_of_0_65():
    cells = np.repeat(np.array([[1, 2, 3]], np.int32), 12, axis=1).repeat(24, axis=0)
    probability = np.zeros((1, *cells.shape), np.float32)
    probability[0, [8, 16]] = np.tile([0.95, 0.35], 18)
    probability[0, :, [11, 12, 23, 24]] = 0.95
    probability[0, 4, [11, 12, 23, 24]] = 0.35  # a gap as open as the organelles: no level of the seeds serves
    case = CellCase(probability, probability, cells)
    start = WatershedDecoder(foreground="all", seed_score=0.9, sigma_px=0.0)
    tuned = tune_decoder([start], [case], lambda found, true: instance_scores(found, true).ap, 80)
    assert start.decode(probability).max() == 9
    assert tuned.score == 1


def test_a_perfect_prediction_is_tuned_to_a_score_of_1():
    cells = np.zeros((24, 24), np.int32)
    cells[2:10, 2:10], cells[2:10, 10:20], cells[14:17, 4:6] = 1, 2, 3
    mask = np.zeros(cells.shape, bool)
    mask[2:10, 9:11] = True
    probability = np.stack([mask, cells > 0]).astype(np.float32)
    case = CellCase(probability, np.zeros((1, 24, 24), np.float32), cells)
    start = WatershedDecoder(foreground="inside", sigma_px=2, min_size_px=30)
    tuned = tune_decoder([start], [case], lambda labels, truth: instance_scores(labels, truth).ap, 150)
    assert tuned.score == 1
