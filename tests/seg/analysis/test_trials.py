import pytest

from seg.analysis.trials import ends_of_search


def tuned(chosen, values):
    return {"l2": {"chosen": {"lr": chosen}, "trials": [{"options": {"lr": value}} for value in values]}}


@pytest.mark.parametrize(
    ("chosen", "values", "end"),
    [
        (0.1, [0.001, 0.01, 0.1], "largest"),
        (0.001, [0.01, 0.001, 0.1], "smallest"),
        (0.01, [0.001, 0.01, 0.1], None),
        (0.1, [0.01, 0.1], None),
        (0.1, [0.1], None),
        ("sobel", ["central", "scharr", "sobel"], None),
        (True, [True, False, True], None),
    ],
)
def test_a_number_chosen_at_an_end_of_those_tried_is_told(chosen, values, end):
    told = ends_of_search(tuned(chosen, values))
    assert len(told) == (end is not None)
    assert all(f"l2 chose the {end} lr that it tried, {chosen:g} (0.001 to 0.1)" in sentence for sentence in told)


def test_without_a_search_there_is_no_end():
    assert ends_of_search({}) == []
