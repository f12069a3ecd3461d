"""Properties that could be a shortcut are told, whatever the network makes of them; chance is not."""

import numpy as np
import pytest
from scipy import stats

from seg.audit.cases import Case
from seg.audit.chance import correlate, explain
from seg.audit.nuisances import probe_nuisances
from tests.seg.audit.planted import husky, tank


def _told(cases, groups=None):
    found = probe_nuisances(cases, groups or {})
    return [each.name for each in found if each.tells], [each.name for each in found if each.tells_group]


def test_the_corner_with_the_cross_tells_how_much_boundary_there_is():
    boundary, group = _told(tank(32))
    assert "contrast of the upper left corner" in boundary
    assert not [name for name in boundary if "right corner" in name or "lower" in name]
    assert group == []
    assert "contrast of the upper left corner" not in _told(tank(32, honest=True))[0]


def test_contrast_tells_the_group_of_pale_images():
    cases = husky(32, honest=True)
    groups = {case.name: "pale" if number % 2 else "strong" for number, case in enumerate(cases)}
    assert "contrast" in _told(cases, groups)[1]
    assert _told(cases, {case.name: "all" for case in cases})[1] == []
    assert all(each.between is None for each in probe_nuisances(cases, {}))


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_tells_nothing(channels):
    rng, told = np.random.default_rng(0), 0
    for _ in range(20):
        cases = [
            Case(str(n), rng.uniform(-1, 1, (channels, 40, 50)).astype(np.float32), rng.random((40, 50)) < rng.random())
            for n in range(15)
        ]
        boundary, group = _told(cases, {case.name: str(number % 3) for number, case in enumerate(cases)})
        told += bool(boundary) + bool(group)
    assert told <= 5  # of 40; 2 are expected at 5 %


def test_a_property_that_all_images_share_tells_nothing():
    equal, other = np.ones(6), np.arange(6.0)
    assert correlate(equal, other) == (0.0, 1.0)
    assert explain(equal, list("aabbcc")) == (0.0, 1.0)


def test_the_share_between_groups_is_that_of_kruskal_and_wallis():
    values, groups = np.random.default_rng(1).normal(size=12), list("abcabcabcabc")
    share, p = explain(values, groups)
    test = stats.kruskal(*(values[np.array(groups) == group] for group in "abc"))
    assert share == pytest.approx(test.statistic / (len(values) - 1))
    assert p == pytest.approx(test.pvalue, abs=0.05)
    assert explain(np.arange(12.0), sorted(groups))[1] < 0.01
