import math

import pytest
import torch
from torch.optim import SGD

from seg.model.schedule import Exponential, OneCycle, OnPlateau


def optimizer(rate: float = 0.1) -> SGD:
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def rates(schedule, steps: int) -> list[float]:
    moved = optimizer()
    scheduler = schedule.configure(moved, steps)["scheduler"]
    seen = []
    for _ in range(steps):
        seen.append(moved.param_groups[0]["lr"])
        moved.step()
        scheduler.step()
    return seen


def test_one_cycle_rises_to_the_rate_of_the_optimizer_and_falls_along_a_cosine():
    seen = rates(OneCycle(rise=0.2), 100)
    top = seen.index(max(seen))
    assert max(seen) == pytest.approx(0.1)
    assert top == 0.2 * 100 - 1
    assert seen[0] == pytest.approx(0.1 / 25)
    half = seen[(top + 99) // 2]
    assert half == pytest.approx(0.05 * (1 + math.cos(math.pi / 2)), rel=0.05)
    assert seen[-1] < 1e-6
    assert OneCycle().configure(optimizer(), 10)["interval"] == "step"


def test_exponential_multiplies_by_the_factor_each_epoch():
    assert rates(Exponential(0.999), 4) == pytest.approx([0.1, 0.0999, 0.1 * 0.999**2, 0.1 * 0.999**3])
    assert Exponential().configure(optimizer(), 10)["interval"] == "epoch"


def test_the_rate_falls_once_the_loss_has_not_improved_for_more_than_five_epochs():
    moved = optimizer()
    configured = OnPlateau(factor=0.5, patience=5).configure(moved, 10)
    assert (configured["interval"], configured["monitor"]) == ("epoch", "val/loss")
    seen = []
    for _ in range(8):
        configured["scheduler"].step(1.0)
        seen.append(moved.param_groups[0]["lr"])
    assert seen == pytest.approx([0.1] * 6 + [0.05] * 2)


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: OneCycle(rise=1), r"rise must be in \(0, 1\), got 1"),
        (lambda: Exponential(1.1), r"factor must be in \(0, 1\], got 1.1"),
        (lambda: OnPlateau(factor=1), "got 1 and 5"),
        (lambda: OnPlateau(patience=-1), "got 0.5 and -1"),
    ],
)
def test_a_value_out_of_range_is_refused(build, rule):
    with pytest.raises(ValueError, match=rule):
        build()
