"""What every loss of the library keeps."""

import pytest
import torch
from torch import nn

from losses import BceDiceLoss, EdgeCompositeLoss, JaccardLoss, L2Loss, PerceptualLoss, SegmentationLoss
from losses.contract import check_contract
from losses.frozen import FrozenNetwork


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.first.weight.data = torch.randn(3, 1, 3, 3, generator=generator)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, picture):
        return [self.norm(self.first(picture)).tanh()]


LOSSES = [
    L2Loss(),
    JaccardLoss(),
    EdgeCompositeLoss(weight=5),
    BceDiceLoss(),
    PerceptualLoss(Layers(), weight=0.5),
]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)


def random_batch(images: int = 3, channels: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(images, channels, 24, 20, generator=generator)
    return logits, (torch.rand(images, channels, 24, 20, generator=generator) < 0.15).float()


@each_loss
def test_the_loss_of_a_batch_is_the_mean_of_its_images(loss):
    logits, target = random_batch()
    alone = [loss(logits[i : i + 1], target[i : i + 1]) for i in range(3)]
    assert loss(logits, target) == pytest.approx(torch.stack(alone).mean().item(), abs=1e-6)


@each_loss
@pytest.mark.parametrize("channels", [1, 2])
def test_the_perfect_prediction_is_the_minimum(loss, channels):
    logits, target = random_batch(channels=channels)
    perfect = loss((target * 2 - 1) * 50, target)
    assert perfect == pytest.approx(0, abs=1e-6)
    assert loss(logits, target) > perfect + 0.01


@each_loss
@pytest.mark.parametrize("mask", [0.0, 1.0], ids=["empty", "full"])
@pytest.mark.parametrize("level", [-50.0, 0.0, 50.0])
def test_value_and_gradient_are_finite_on_empty_and_full_masks(loss, mask, level):
    logits = torch.full((2, 1, 16, 16), level, requires_grad=True)
    value = loss(logits, torch.full((2, 1, 16, 16), mask))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()


@each_loss
def test_a_false_boundary_on_an_empty_mask_has_a_gradient_that_removes_it(loss):
    logits = torch.full((1, 1, 16, 16), 2.0, requires_grad=True)
    loss(logits, torch.zeros_like(logits)).backward()
    assert logits.grad.sum() > 0


@each_loss
def test_the_gradient_is_the_derivative(loss):
    logits, target = (tensor[:, :, :6, :5].double() for tensor in random_batch(2))
    assert torch.autograd.gradcheck(lambda z: loss.double()(z, target), logits.requires_grad_())
    loss.float()


@each_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(loss, dtype):
    logits, target = random_batch()
    halved = logits.to(dtype)
    value = loss(halved, target)
    assert value.dtype == torch.float32
    assert value == pytest.approx(loss(halved.float(), target).item())


@each_loss
def test_autocast_changes_nothing(loss):
    logits, target = random_batch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(logits, target)
    assert value == loss(logits, target)


def test_logits_and_target_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"L2Loss: .* same shape \(N, K, H, W\), got \(2, 1, 4, 4\) and \(2, 4, 4\)"):
        L2Loss()(torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4))


@each_loss
def test_the_library_keeps_its_own_contract(loss):
    check_contract(loss, channels=2)


class Scalar(SegmentationLoss):
    def per_image(self, logits, target):
        return (logits.sigmoid() - target).square().mean()


class Cut(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits.detach(), target)


class Nan(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) * float("nan")


class Constant(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) * 0


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (Scalar(), "Scalar: per_image must return one value per image"),
        (Cut(), "Cut: .* it has no gradient"),
        (Nan(), "Nan: .* must be finite"),
        (Constant(), "Constant: the gradient .* not zero everywhere"),
    ],
)
def test_a_loss_that_cannot_train_is_refused_by_name(loss, reason):
    with pytest.raises(ValueError, match=reason):
        check_contract(loss)


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
