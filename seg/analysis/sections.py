"""Neighbouring sections of one volume: how correlated they are, and the variance of their mean.

The scores of a section are modelled as a part that fades along the stack (autoregressive, correlation rho from section
to section) and a part of each section alone (share nu of the variance). Neither is known: the restricted likelihood,
pooled over the losses, weighs a grid of both, flat in nu and in log((1 + rho) / (1 - rho)), the logarithm of how many
correlated sections are worth one independent image. A plug-in estimate of rho from 20 sections is far too low.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, special

from seg.analysis.variance import Scores

#: With fewer sections rho cannot be estimated: intervals would cover the truth in 77 to 93 % where it is .95.
FEWEST_SECTIONS = 20

#: Longer stacks are averaged over neighbouring sections.
MOST_BLOCKS = 120

_RHOS = np.tanh(np.linspace(0, np.log(199) / 2, 14))  # 0 to .99
_NUS = np.array([0, 0.03, 0.07, 0.12, 0.2, 0.3, 0.45, 0.65, 0.85])


@dataclass(frozen=True)
class _Grid:
    """One entry for each rho and nu.

    Attributes:
        forms: (K, n, n), the quadratic form of a series that is distributed as chi-squared, n - 1 degrees of freedom.
        constants: (K,), of the log-likelihood.
        factors: (K,), variance of the mean over the n sections, in variances of one section.
    """

    forms: Scores
    constants: Scores
    factors: Scores


@dataclass(frozen=True)
class SectionCorrelation:
    """What the sections tell about their correlation.

    Attributes:
        weights: (K,), of each entry of the grid, with sum 1.
        sections: that were seen.
    """

    weights: Scores
    sections: int

    @classmethod
    def of(cls, series: Scores, independent: int) -> "SectionCorrelation":
        """Weigh the grid by the likelihood of several series.

        Args:
            series: (L, I), along the stack.
            independent: how many of the L are independent of each other: L - 1 where their sum is 0.
        """
        blocks = _blocks(series)
        count = blocks.shape[1]
        grid = _grid(count)
        varying = blocks[blocks.std(axis=1) > 0]
        forms = np.einsum("li,kij,lj->kl", varying, grid.forms, varying, optimize=True)
        each = grid.constants[:, None] - (count - 1) / 2 * np.log(forms)
        logs = each.sum(axis=1) * independent / len(series)
        weights = np.exp(logs - logs.max(initial=-np.inf))
        return cls(weights / weights.sum(), series.shape[1])

    def effective(self) -> float:
        """Return how many independent images the sections are worth."""
        return float(np.exp(-self.weights @ np.log(_grid(min(self.sections, MOST_BLOCKS)).factors)))

    def variance_of_mean(self, series: Scores) -> tuple[float, float]:
        """Return the variance of the mean of a series, and its degrees of freedom.

        Both are those of the scaled inverse chi-squared variable whose logarithm has the mean and the variance of the
        logarithm of the variance, which is uncertain in rho, nu and the variance of a section.

        Args:
            series: (I,), along the stack.
        """
        blocks = _blocks(series[None])[0]
        grid, freedom = _grid(len(blocks)), len(blocks) - 1
        if not blocks.std() > 0:
            return 0.0, float(freedom)
        logs = np.log(np.einsum("i,kij,j->k", blocks, grid.forms, blocks, optimize=True) / 2 * grid.factors)
        mean = self.weights @ logs
        spread = self.weights @ (logs - mean) ** 2 + special.polygamma(1, freedom / 2)
        matched = _freedom_of(float(spread))
        log = mean - special.digamma(freedom / 2) + special.digamma(matched / 2)
        return float(np.exp(log) * 2 / matched), matched


@cache
def _grid(count: int) -> _Grid:
    places = np.arange(count)
    lags = np.abs(places[:, None] - places)
    entries = [_entry((1 - nu) * rho**lags + nu * np.eye(count)) for rho in _RHOS for nu in _NUS]
    forms, constants, factors = zip(*entries, strict=True)
    return _Grid(np.array(forms), np.array(constants), np.array(factors))


def _entry(correlation: Scores) -> tuple[Scores, float, float]:
    """Return the form, constant and factor of one matrix (n, n).

    Source:
        Harville, Biometrika 1974, for the restricted likelihood; the variance is integrated out.
    """
    inverse = np.linalg.inv(correlation)
    sums = inverse.sum(axis=0)
    constant = -0.5 * (np.linalg.slogdet(correlation)[1] + np.log(sums.sum()))
    return inverse - np.outer(sums, sums) / sums.sum(), float(constant), float(correlation.mean())


def _blocks(series: Scores) -> Scores:
    """Return means over neighbouring sections, (L, at most MOST_BLOCKS)."""
    if series.shape[1] <= MOST_BLOCKS:
        return series
    return np.stack([part.mean(axis=1) for part in np.array_split(series, MOST_BLOCKS, axis=1)], axis=1)


def _freedom_of(spread: float) -> float:
    """Return the degrees of freedom of a chi-squared variable whose logarithm has this variance."""
    return float(np.exp(optimize.brentq(lambda log: special.polygamma(1, np.exp(log) / 2) - spread, -6, 14)))
