import pytest
import torch
from torch import nn

from seg.training.start_gradient import STEPS, StartGradient


def test_the_first_steps_are_measured_and_no_other():
    layer, measured = nn.Linear(2, 1), StartGradient()
    assert measured.mean() is None
    for step in range(STEPS + 5):
        layer.weight.grad = torch.tensor([[3.0, 4.0]]) * (1 if step < STEPS else 100)
        layer.bias.grad = None
        measured.add(layer)
    assert measured.lengths == [pytest.approx(5.0)] * STEPS
    assert measured.mean() == pytest.approx(5.0)
