"""Which images to annotate next."""

import numpy as np
import pytest

from seg.suggest.disagreement import mutual_information
from seg.suggest.diversity import describe_image, rank_diverse


def test_runs_that_agree_tell_nothing_even_where_all_are_undecided():
    agreed = np.full((3, 4, 4), 0.5, np.float32)
    assert mutual_information(agreed).max() == pytest.approx(0, abs=1e-6)


def test_two_sure_runs_that_contradict_each_other_are_a_whole_bit():
    opposed = np.stack([np.zeros((2, 2)), np.ones((2, 2))]).astype(np.float32)
    assert mutual_information(opposed) == pytest.approx(np.ones((2, 2)), abs=1e-6)


def test_a_value_worked_by_hand():
    """p of 1/4 and 3/4: H(1/2) - H(1/4) = 1 - 0.811278."""
    pair = np.array([[[0.25]], [[0.75]]], np.float32)
    assert mutual_information(pair)[0, 0] == pytest.approx(0.188722, abs=1e-5)


def test_an_image_like_one_chosen_before_waits():
    features = np.array([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0], [9.0, 1.0]])
    scores = np.array([1.0, 0.99, 0.5, 0.1])
    assert rank_diverse(scores, features) == [0, 2, 3, 1]


def test_where_all_images_are_alike_the_scores_decide():
    assert rank_diverse(np.array([0.1, 0.3, 0.2]), np.zeros((3, 2)))[0] == 1
    assert rank_diverse(np.array([0.4]), np.zeros((1, 2))) == [0]


def test_features_tell_smooth_from_grained_images():
    rng = np.random.default_rng(0)
    smooth, grained = np.zeros((1, 32, 32), np.float32), rng.normal(0, 0.1, (1, 32, 32)).astype(np.float32)
    nothing = np.zeros((32, 32), np.float32)
    assert describe_image(smooth, nothing)[5:9] == pytest.approx(0)
    assert describe_image(grained, nothing)[5] > 0.05
