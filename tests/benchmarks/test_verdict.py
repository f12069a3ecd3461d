import numpy as np
import pytest

from benchmarks.verdict import promise, rare_collapse, rates
from benchmarks.worlds import World, p_values

COMPARISONS = 4000


def pairs(world):
    """Return the mean difference of two losses in each of many comparisons."""
    scores = world.draw(np.random.default_rng(0), COMPARISONS)
    return (scores[:, 0] - scores[:, 1]).mean(axis=(1, 2))


def test_the_standard_error_of_independent_images_is_the_one_drawn():
    world = World("independent", seeds=3, images=5)
    assert pairs(world).std() == pytest.approx(world.error, rel=0.04)


@pytest.mark.parametrize("related", [{"correlation": 0.8}, {"clusters": 2}])
def test_related_images_have_the_same_variance_each_and_a_larger_one_on_average(related):
    alone, together = World("alone", images=8), World("related", images=8, **related)
    rng = np.random.default_rng(0)
    assert together.draw(rng, COMPARISONS)[..., 7].std() == pytest.approx(
        alone.draw(rng, COMPARISONS)[..., 7].std(), rel=0.04
    )
    assert pairs(together).std() > 1.3 * pairs(alone).std()


def test_neighboring_sections_are_correlated_as_told():
    world = World("sections", images=3, correlation=0.8, loss_seed=0.0, noise=0.0)
    first, second, third = world.draw(np.random.default_rng(0), COMPARISONS)[:, 0, 0].T
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.8, abs=0.03)
    assert np.corrcoef(first, third)[0, 1] == pytest.approx(0.64, abs=0.04)


def test_the_pairs_of_the_first_loss_come_first():
    rng = np.random.default_rng(0)
    scores = 0.1 * rng.standard_normal((4, 3, 10))
    scores[0] += 5
    units = World("independent", images=10).units
    assert (p_values(scores, units)[:3] < 0.05).all()
    assert (p_values(scores, units)[3:] > 0.01).all()


def test_the_split_tells_sections_and_groups_from_independent_images():
    assert World("sections", correlation=0.5).units.one_volume
    assert World("groups", images=5, clusters=2).units.groups == ("0", "0", "0", "1", "1")
    assert len(World("independent", images=5).units.names) == 5


@pytest.mark.parametrize(
    "world",
    [
        World("independent"),
        World("sections", seeds=10, correlation=0.95),
        World("groups", seeds=10, clusters=2),
        World("groups", seeds=10, clusters=4),
    ],
)
def test_related_images_raise_no_more_alarms_than_independent_ones(world):
    measured = rates(world, 60)
    assert measured.false_alarms <= 0.1  # 6 of 60
    assert measured.coverage >= 0.9


def test_too_few_sections_have_no_interval_and_raise_no_alarm():
    measured = rates(World("sections", images=5, correlation=0.95), 10)
    assert (measured.false_alarms, measured.power) == (0, 0)
    assert np.isnan(measured.coverage)


def test_rare_failures_are_not_covered():
    assert rare_collapse(World("rare collapse"), 100).coverage < 0.8


def test_more_seeds_are_asked_for_only_where_seeds_differ():
    assert promise(World("images alone", loss_seed=1e-6, noise=1e-6), 10).asked == 0
    assert 0 < promise(World("seeds alone", loss_image=1e-6), 10).asked <= 10


def test_more_groups_are_asked_for_in_whole_groups():
    asked, kept = promise(World("groups", images=12, clusters=4), 10, "seeds and images")
    assert asked > 0
    assert 0 <= kept <= 1
