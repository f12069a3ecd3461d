"""Networks that learned a planted shortcut are found out with its cause; those that learned its clean twin are not."""

from dataclasses import replace

import pytest

from seg.audit.examination import audit_cases, look_far
from tests.seg.audit.trained import TRAINING, as_function, train, world

pytestmark = pytest.mark.slow


def examined(name):
    cases = world(name)
    network = train(cases[:TRAINING])
    predict, tested = as_function(network), cases[TRAINING:]
    return replace(audit_cases(tested, predict, 0.5), far=look_far(tested, network, predict))


def test_a_network_that_learned_the_cross_in_the_corner_is_found_out():
    audit = examined("tank")
    assert audit.causes[0] == "the upper left corner"
    assert not [cause for cause in audit.causes[1:] if "corner" in cause or cause in ("contrast", "noise")]
    assert [each.region for each in audit.far if each.flagged] == ["the upper left corner"]


def test_a_network_that_learned_the_contrast_is_found_out():
    assert examined("husky").causes == ["contrast"]


@pytest.mark.parametrize("name", ["tank_clean", "husky_clean"])
def test_a_network_that_learned_the_clean_twin_is_not_accused(name):
    assert examined(name).causes == []
