from dataclasses import replace

import numpy as np
import pytest

from seg.analysis.units import Units
from seg.analysis.variance import TwoWayVariance
from tests.seg.records import DATA, record

SCORES = np.random.default_rng(0).standard_normal((3, 6))


def test_records_without_groups_have_independent_images():
    units = Units.of([record("a")], ["x", "y"])
    assert units == Units(("x", "y"))
    assert not units.grouped
    assert units.scope() == ""
    assert units.assumption == "The images are treated as independent of each other."


def test_groups_come_from_the_data_of_the_run():
    data = replace(DATA, groups={"x1": "x", "x2": "x", "y1": "y"}, serial=True)
    assert Units.of([replace(record("a"), data=data)], ["y1", "x2", "x1"]) == Units(("y", "x", "x"), serial=True)


def test_independent_images_are_the_two_way_table():
    assert Units(tuple("abcdef")).variance(SCORES) == TwoWayVariance.of(SCORES)


def test_groups_are_the_two_way_table_of_their_means():
    means = np.stack([SCORES[:, [0, 1]].mean(axis=1), SCORES[:, [2, 3]].mean(axis=1), SCORES[:, 4:].mean(axis=1)], 1)
    variance = Units(tuple("aabbcc")).variance(SCORES)
    assert variance.mean == pytest.approx(SCORES.mean())
    assert variance.interval() == pytest.approx(TwoWayVariance.of(means).interval())


def test_images_of_one_group_stand_for_that_group_alone():
    units = Units(("p1",) * 6)
    assert units.variance(SCORES) == TwoWayVariance.of(SCORES)
    assert units.scope().startswith("The verdict holds for the group p1 only, which all 6 test images are of.")


def test_two_groups_are_said_to_be_too_few_and_four_are_not():
    assert "are of 2 groups: that is too few" in Units(tuple("aaabbb")).scope()
    assert Units(tuple("aabbcd")).scope() == ""
    assert Units(tuple("aabbcd")).kind == "groups"
    assert "4 groups, which are independent" in Units(tuple("aabbcd")).assumption


@pytest.mark.parametrize(
    ("units", "why"),
    [
        (Units(("a",)), "2 test images"),
        (Units(("v",) * 19, serial=True), "at least 20 sections of one volume"),
        (Units(("a",) * 9 + ("b",)), "none of them with most of the images"),
    ],
)
def test_where_there_can_be_no_interval_it_is_said_why(units, why):
    assert why in units.unfit
    assert units.variance(np.ones((3, len(units.groups)))) is None


def test_sections_of_several_volumes_are_groups():
    units = Units(tuple("vvvwww"), serial=True)
    assert not units.one_volume
    assert units.variance(SCORES) == Units(tuple("vvvwww")).variance(SCORES)


def test_correlated_sections_have_wider_intervals_than_independent_images():
    rng = np.random.default_rng(0)
    scores = 0.1 * rng.standard_normal((3, 30)) + 0.3 * rng.standard_normal(30).cumsum()
    sections, images = (Units(groups, serial=True) for groups in (("v",) * 30, tuple(map(str, range(30)))))
    (low, high), (lower, higher) = (units.variance(scores).interval() for units in (images, sections))
    assert higher - lower > 2 * (high - low)
    assert "worth about 2.5 independent images" in sections.scope(2.5)
    assert "correlation is estimated" in sections.assumption


def test_the_correlation_is_pooled_over_the_losses_of_one_volume_alone():
    merits = [np.random.default_rng(seed).standard_normal((3, 20)) for seed in range(3)]
    assert Units(("v",) * 20, serial=True).correlation(merits).sections == 20
    assert Units(("v",) * 20, serial=True).correlation(merits[:1]) is None
    assert Units(("v",) * 20).correlation(merits) is None


def test_windows_of_a_section_are_one_section():
    data = replace(DATA, groups={}, serial=True, windows_of={f"s{i}-{j}": f"s{i}" for i in range(6) for j in range(4)})
    data = replace(data, groups=dict.fromkeys(data.windows_of, "volume"))
    units = Units.of([replace(record("a"), data=data)], list(data.windows_of))
    windows = np.repeat(SCORES, 4, axis=1)  # that tell nothing new
    whole = Units(("volume",) * 6, serial=True)
    assert units.variance(windows) == whole.variance(SCORES)
    assert units.scope(4.0) == whole.scope(4.0)
    merits, of_windows = [SCORES, SCORES[::-1] ** 2], [windows, windows[::-1] ** 2]
    assert units.correlation(of_windows) == whole.correlation(merits)
    few = Units.of([replace(record("a"), data=data)], list(data.windows_of)[:20])  # of five sections
    assert few.unfit == Units(("volume",) * 5, serial=True).unfit != ""
