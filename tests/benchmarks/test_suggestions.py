"""What the benchmarks of few images tell of scores that are given."""

import math

import numpy as np
import pytest
from PIL import Image

from benchmarks.few_images import COUNTS as SIZES
from benchmarks.few_images import table
from benchmarks.short_runs import DATA, Loaded
from benchmarks.suggestions import Given, interval, needed, summary
from seg.data.synthetic import SyntheticCells
from seg.record import SplitScores
from tests.seg.records import record


def test_the_images_needed_lie_on_the_line_between_two_numbers():
    assert needed([0.2, 0.4, 0.5], 0.3) == pytest.approx(6)
    assert needed([0.2, 0.4, 0.5], 0.1) == 4
    assert needed([0.2, 0.4, 0.5], 0.5) == pytest.approx(12)
    assert needed([0.2, 0.4, 0.5], 0.6) == math.inf


def test_the_interval_is_that_of_a_mean_of_repeats():
    assert interval(np.array([0.1, 0.2, 0.3])) == "+0.200 [-0.048, +0.448]"  # 4.303 * 0.1 / sqrt(3)


def test_the_summary_tells_what_suggestions_save():
    results = [
        {"random": [0.2, 0.3, 0.4], "suggested": [0.2, 0.4, 0.5]},
        {"random": [0.2, 0.3, 0.4], "suggested": [0.2, 0.4, 0.6]},
    ]
    lines = summary(results)
    assert lines[0] == "random    0.200 0.300 0.400"
    assert lines[2] == "8 images: suggested - random +0.100 [+0.100, +0.100]"
    assert lines[-2:] == ["random, images for 0.350: 10.0 10.0", "suggested, images for 0.350: 7.0 7.0"]


def test_short_runs_take_the_upper_left_part_of_files(tmp_path):
    cells = SyntheticCells(count=1, size_px=300)[0]
    for kind, pixels in (("images", cells.image), ("labels", cells.labels.astype(np.uint16))):
        (tmp_path / kind).mkdir()
        Image.fromarray(pixels).save(tmp_path / kind / "a.png")
    (sample,) = Loaded(DATA["dsb2018"][0](tmp_path))
    assert np.array_equal(sample.image, cells.image[:256, :256])
    assert np.array_equal(sample.labels, cells.labels[:256, :256])


def test_a_given_split_is_as_it_is_given():
    indices = Given([3], [1], [0, 2]).assign(["a", "b", "c", "d"])
    assert (indices.train, indices.val, indices.test) == ([3], [1], [0, 2])


def test_the_table_has_a_column_for_each_number_and_its_seeds_side_by_side():
    runs = [
        record(f"all_trained_{count or 'all'}", seed, SplitScores(["a"], {"boundary_f1": [(count or 20) / 100 + seed]}))
        for count in SIZES
        for seed in (0, 1)
    ]
    rows = table(runs)
    assert rows[0] == "| | 1 | 2 | 4 | 8 | all |"
    assert rows[4] == "| all_trained | 0.010 1.010 | 0.020 1.020 | 0.040 1.040 | 0.080 1.080 | 0.200 1.200 |"
    assert rows[2] == "| frozen_half |  |  |  |  |  |"
