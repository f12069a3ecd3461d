"""The search for hyper-parameters of a plan, read from YAML and checked."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from seg.compare.plan_checks import LARGEST_SEED, check_whole, read_fields


@dataclass(frozen=True)
class Tuning:
    """Hyper-parameter search on validation, with the same number of trials for each arm.

    Attributes:
        trials: per arm.
        seed: of the trials' trainings, and of their order.
        options: of `seg fit` for a trial, e.g. a shorter training.
        search: option -> values to try, for every arm: a list, or a range as {low: 0.0001, high: 0.01, log: true}.
        arms: arm -> further options and values, for that arm alone.
        halving: epochs of each round, ascending: the better half of an arm's trials is trained anew for longer in the
            next one. Empty: one round, as long as `options` say.
    """

    trials: int
    search: dict[str, Any] = field(default_factory=dict)
    arms: dict[str, dict[str, Any]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 1000
    halving: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, content: Any) -> "Tuning | None":
        """Build the search from the YAML, if there is one.

        Raises:
            TypeError: a value is of another type.
            ValueError: a key is missing or unknown, or a range is none.
        """
        if content is None:
            return None
        keys = {"trials": int, "seed": int, "search": dict, "arms": dict, "options": dict, "halving": list}
        tuning = cls(**read_fields(content, keys, {"trials"}, "tune"))
        for name, space in (("search", tuning.search), *tuning.arms.items()):
            read_fields(space, dict.fromkeys(space, object) if isinstance(space, dict) else {}, set(), f"tune, {name}")
            for option, values in space.items():
                _check_values(option, values)
        return tuning

    def check(self, arms: list[str]) -> None:
        """Check that every arm can have as many different trials.

        Raises:
            ValueError: an arm is unknown, or a number is out of range.
        """
        check_whole("tune.seed", self.seed, 0, LARGEST_SEED)
        epochs = [check_whole("tune.halving", value, 1) for value in self.halving]
        if epochs != sorted(set(epochs)):
            raise ValueError(f"tune.halving must ascend from round to round, got {epochs}")
        if unknown := sorted(set(self.arms) - set(arms)):
            raise ValueError(f"tune.arms names {', '.join(unknown)}, the arms are {', '.join(arms)}")
        for arm in arms:
            lists = [values for values in self.grid(arm).values() if isinstance(values, list)]
            points = math.prod(map(len, lists)) if len(lists) == len(self.grid(arm)) else math.inf
            if not 1 <= self.trials <= points:
                raise ValueError(
                    f"tune.trials must be from 1 to the points of the smallest grid, so that all arms have as many: "
                    f"{self.trials} trials, but {arm} has {points} point(s)"
                )

    def grid(self, arm: str) -> dict[str, Any]:
        """Return option -> values of an arm."""
        return self.search | self.arms.get(arm, {})

    def points(self, arm: str) -> list[dict[str, Any]]:
        """Return the points of an arm's trials: of a grid different ones at random, of ranges evenly spread ones.

        Source:
            Optuna: GridSampler, and QMCSampler (Sobol's sequence, scrambled).
        """
        return list(self._points(arm))

    def _points(self, arm: str) -> Iterator[dict[str, Any]]:
        import optuna  # noqa: PLC0415  # takes a second to load
        from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution  # noqa: PLC0415

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        grid, sampler = self.grid(arm), optuna.samplers
        if all(isinstance(values, list) for values in grid.values()):
            study = optuna.create_study(sampler=sampler.GridSampler(grid, seed=self.seed))
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                spread = sampler.QMCSampler(seed=self.seed, scramble=True, warn_independent_sampling=False)
            study = optuna.create_study(sampler=spread)
        space: dict[str, BaseDistribution] = {
            key: CategoricalDistribution(values) if isinstance(values, list) else FloatDistribution(**values)
            for key, values in grid.items()
        }
        for _ in range(self.trials):
            yield study.ask(fixed_distributions=space).params


def _check_values(option: str, values: Any) -> None:
    """Raise TypeError or ValueError where values to try are neither a list nor a range."""
    if isinstance(values, list):
        return
    if not isinstance(values, dict):
        raise TypeError(f"{option} must be a list of values or a range as {{low: 0.001, high: 0.1}}, got {values!r}")
    low: Any = values.get("low")
    high: Any = values.get("high")
    log = values.get("log", False)
    keys = {"low", "high"} <= values.keys() <= {"low", "high", "log"}
    if not (keys and _is_number(low) and _is_number(high) and low < high and isinstance(log, bool)):
        raise ValueError(f"the range of {option} needs low < high, both numbers, and log true or false, got {values}")
    if log and low <= 0:
        raise ValueError(f"the range of {option} needs low > 0 where log is true, got {values}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
