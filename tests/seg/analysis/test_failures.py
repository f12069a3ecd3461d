import pytest

from seg.analysis.failures import FailureRate, failure_sentences
from tests.seg.records import record


def test_failed_diverged_and_collapsed_runs_count_alike():
    verdicts = ("none", "black", "inverted", "collapsed channel", "threshold artefact")
    runs = [record("a", collapse=collapse) for collapse in verdicts]
    assert FailureRate.of([*runs, record("a", status="diverged")]) == FailureRate(4, 6)


@pytest.mark.parametrize(
    ("failed", "runs", "low", "high"),
    [(0, 3, 0, 0.6316), (0, 2, 0, 0.7764), (3, 3, 0.3684, 1), (1, 3, 0.0084, 0.9057), (1, 10, 0.0025, 0.4450)],
)
def test_the_interval_is_that_of_clopper_and_pearson(failed, runs, low, high):
    assert FailureRate(failed, runs).interval() == pytest.approx((low, high), abs=1e-4)


def test_the_table_shows_rate_and_interval():
    assert str(FailureRate(1, 3)) == "1 of 3 (1% to 91%)"


def test_failures_are_named_and_those_not_seen_are_said_to_be_possible():
    failing, others = failure_sentences({"a": FailureRate(1, 3), "b": FailureRate(0, 3), "c": FailureRate(0, 10)})
    assert failing.startswith("1 of 3 runs of a failed or collapsed (95 % interval of the rate: 1% to 91%)")
    assert others.startswith("No run of the other losses failed or collapsed, but 3 per loss leave rates up to 63%")


def test_without_a_failure_there_is_the_warning_alone_and_with_failures_everywhere_none():
    (warning,) = failure_sentences({"a": FailureRate(0, 2)})
    assert warning.startswith("No run failed or collapsed, but 2 per loss leave rates up to 78% possible")
    assert len(failure_sentences({"a": FailureRate(2, 2)})) == 1
