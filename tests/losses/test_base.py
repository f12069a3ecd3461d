"""What the base class does for every loss."""

import pytest
import torch
from torch import nn

from losses import CompositeLoss, L2Loss, LinearRamp, ScnpLoss, Term
from losses.frozen import FrozenNetwork


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, picture):
        return [self.norm(self.first(picture)).tanh()]


def test_logits_and_target_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"L2Loss: .* same shape \(N, K, H, W\), got \(2, 1, 4, 4\) and \(2, 4, 4\)"):
        L2Loss()(torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4))


def test_each_image_is_cut_to_its_own_valid_rectangle():
    logits, target = torch.zeros(2, 1, 4, 6), torch.zeros(2, 1, 4, 6)
    logits[0, 0, 1, 2] = 50
    valid = torch.zeros(2, 1, 4, 6, dtype=torch.bool)
    valid[0, 0, 1:3, 2:4] = True
    valid[1] = True
    assert L2Loss()(logits, target, valid) == pytest.approx(((1 + 3 * 0.25) / 4 + 0.25) / 2)


@pytest.mark.parametrize("hole", [True, False])
def test_a_valid_mask_that_is_not_a_rectangle_is_refused(hole):
    valid = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    if hole:
        valid[...] = True
        valid[0, 0, 1, 1] = False
    with pytest.raises(ValueError, match="valid must be one full rectangle"):
        L2Loss()(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4), valid)


def test_progress_reaches_nested_losses():
    inner = CompositeLoss({"l2": Term(L2Loss(), LinearRamp(0, 2))})
    ScnpLoss(inner).set_progress(0.25)
    assert inner.weight("l2") == 0.5


def test_a_frozen_network_stays_in_evaluation_mode_and_out_of_state_and_optimizer():
    model = nn.ModuleDict({"frozen": FrozenNetwork(Layers()), "free": nn.Linear(2, 2)})
    model.train()
    assert not model["frozen"].network.norm.training
    assert list(model.state_dict()) == ["free.weight", "free.bias"]
    assert not any(parameter.requires_grad for parameter in model["frozen"].parameters())


def test_a_frozen_network_keeps_its_weights_when_a_state_is_loaded():
    frozen = FrozenNetwork(Layers())
    before = frozen.network.first.weight.clone()
    nn.ModuleDict({"frozen": frozen}).load_state_dict({})
    assert torch.equal(frozen.network.first.weight, before)
