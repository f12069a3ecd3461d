import numpy as np
import pytest
from scipy import stats

from seg.analysis.sections import SectionCorrelation, _blocks, _freedom_of


def sections(rng, rho, number, series=3):
    values = rng.standard_normal((series, number))
    for place in range(1, number):
        values[:, place] = rho * values[:, place - 1] + np.sqrt(1 - rho**2) * values[:, place]
    return values


def test_the_more_correlated_the_fewer_independent_images_the_sections_are_worth():
    rng = np.random.default_rng(0)
    worth = [SectionCorrelation.of(sections(rng, rho, 60), 3).effective() for rho in (0.0, 0.5, 0.8, 0.95)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] > 25  # of 60
    assert worth[3] < 6  # in truth 1.5 to 2


def test_the_variance_of_the_mean_is_about_the_true_one():
    rng = np.random.default_rng(1)
    means, ratios = [], []
    for _ in range(60):
        series = sections(rng, 0.7, 40)
        variance, _ = SectionCorrelation.of(series, 3).variance_of_mean(series[0])
        means.append(series[0].mean())
        ratios.append(variance)
    assert 0.8 * np.var(means) < np.median(ratios) < 3 * np.var(means)  # cautious, never far too small


def test_constant_series_vary_by_nothing():
    constant = np.zeros((2, 20))
    variance, freedom = SectionCorrelation.of(constant, 1).variance_of_mean(constant[0])
    assert (variance, freedom) == (0, 19)


def test_long_stacks_are_averaged_over_neighbors():
    blocks = _blocks(np.arange(240.0)[None])
    assert blocks.shape == (1, 120)
    assert blocks[0, :3].tolist() == [0.5, 2.5, 4.5]


@pytest.mark.parametrize("freedom", [1, 4, 30])
def test_degrees_of_freedom_are_those_of_a_chi_squared_variable(freedom):
    logs = np.log(stats.chi2.rvs(freedom, size=200_000, random_state=0))
    assert _freedom_of(logs.var()) == pytest.approx(freedom, rel=0.03)
