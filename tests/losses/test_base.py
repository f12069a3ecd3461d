"""What the base class does for every loss."""

import pytest
import torch
from torch import nn

from losses import (
    CompositeLoss,
    DiceLoss,
    GradientBalancedLoss,
    HausdorffLoss,
    L2Loss,
    LinearRamp,
    PerceptualLoss,
    ScnpLoss,
    Term,
)
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


@pytest.mark.parametrize("shape", [(0, 1, 4, 4), (2, 0, 4, 4), (2, 1, 0, 4)])
@pytest.mark.parametrize("loss", [L2Loss(), DiceLoss(), HausdorffLoss()], ids=lambda loss: type(loss).__name__)
def test_an_empty_batch_is_refused(loss, shape):
    with pytest.raises(
        ValueError, match=rf"{type(loss).__name__}: logits and target must not be empty, got \({shape[0]}"
    ):
        loss(torch.zeros(shape), torch.zeros(shape))


@pytest.mark.parametrize("value", [255, -1, 0.5, float("nan"), float("inf")])
def test_a_target_that_is_neither_0_nor_1_is_refused_with_its_value(value):
    target = torch.zeros(2, 1, 4, 4)
    target[1, 0, 2, 3] = value
    with pytest.raises(ValueError, match=rf"L2Loss: target must be 0 \(background\) or 1 \(boundary\), got {value:g}"):
        L2Loss()(torch.zeros(2, 1, 4, 4), target)


def test_padding_may_have_any_target():
    target, valid = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    target[..., 3], valid[..., :3] = 255, True
    assert L2Loss()(torch.zeros(1, 1, 4, 4), target, valid) == pytest.approx(0.25)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float64])
def test_masks_of_any_type_are_taken(dtype):
    assert L2Loss()(torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4, dtype=dtype)) == pytest.approx(0.25)


def test_a_loss_that_needs_gradients_costs_the_same_in_inference_mode():
    generator = torch.Generator().manual_seed(0)
    logits, target = torch.randn(2, 1, 8, 8, generator=generator), torch.zeros(2, 1, 8, 8)
    target[..., 3] = 1
    loss = ScnpLoss(GradientBalancedLoss({"dice": Term(DiceLoss()), "distance": Term(HausdorffLoss())}))
    expected = loss(logits.requires_grad_(), target).item()
    with torch.inference_mode():
        assert loss(logits.clone(), target.clone()).item() == pytest.approx(expected)


def test_each_image_is_cut_to_its_own_valid_rectangle():
    logits, target = torch.zeros(2, 1, 4, 6), torch.zeros(2, 1, 4, 6)
    logits[0, 0, 1, 2] = 50
    valid = torch.zeros(2, 1, 4, 6, dtype=torch.bool)
    valid[0, 0, 1:3, 2:4] = True
    valid[1] = True
    assert L2Loss()(logits, target, valid) == pytest.approx(((1 + 3 * 0.25) / 4 + 0.25) / 2)


def test_progress_reaches_nested_losses():
    inner = CompositeLoss({"l2": Term(L2Loss(), LinearRamp(0, 2)), "dice": Term(DiceLoss())})
    ScnpLoss(inner).set_progress(0.25)
    assert inner.weight("l2") == 0.5


def test_a_frozen_network_stays_in_evaluation_mode_and_out_of_state_and_optimizer():
    model = nn.ModuleDict({"frozen": FrozenNetwork(Layers()), "free": nn.Linear(2, 2)})
    model.train()
    assert not model["frozen"].network.norm.training
    assert list(model.state_dict()) == ["free.weight", "free.bias"]
    assert [name for name, _ in model.named_parameters()] == ["free.weight", "free.bias"]


def test_a_frozen_network_stays_frozen_when_the_model_around_it_asks_for_gradients():
    loss = PerceptualLoss(Layers()).requires_grad_(True)
    before = [weight.clone() for weight in loss.buffers()]
    logits = torch.zeros(1, 1, 8, 8, requires_grad=True)
    loss(logits, torch.ones(1, 1, 8, 8)).backward()
    assert logits.grad.any()
    assert before
    assert not any(weight.requires_grad for weight in loss.buffers())
    assert all(torch.equal(weight, old) for weight, old in zip(loss.buffers(), before, strict=True))


def test_a_frozen_network_follows_to_another_precision():
    network = FrozenNetwork(Layers()).double().network
    assert network.first.weight.dtype == network.norm.running_mean.dtype == torch.float64


def test_a_frozen_network_keeps_its_weights_when_a_state_is_loaded():
    frozen = FrozenNetwork(Layers())
    before = frozen.network.first.weight.clone()
    nn.ModuleDict({"frozen": frozen}).load_state_dict({})
    assert torch.equal(frozen.network.first.weight, before)
