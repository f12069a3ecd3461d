import math

import pytest

from seg.analysis.formatting import format_score, p_value


@pytest.mark.parametrize(("value", "words"), [(0.03456, "0.035"), (1e-6, "< 0.0001"), (1.0, "1"), (math.nan, "–")])  # noqa: RUF001
def test_p_values_have_two_digits_and_never_0(value, words):
    assert p_value(value) == words


@pytest.mark.parametrize(("value", "words"), [(0.12345, "0.123"), (-12.345, "-12.3"), (123.45, "123")])
def test_scores_have_as_many_digits_as_they_bear(value, words):
    assert format_score(value) == words
