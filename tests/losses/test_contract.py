"""Every loss of the library keeps the full contract, and a loss that breaks a rule is found by that rule."""

import re

import pytest
import torch
from torch import Tensor, nn

import losses
from losses import (
    BceLoss,
    CompositeLoss,
    DiceLoss,
    EdgeCompositeLoss,
    GradientBalancedLoss,
    L2Loss,
    LinearRamp,
    PerceptualLoss,
    ScnpLoss,
    SegmentationLoss,
    Term,
)
from losses.contract import CHECKS, check_contract, examine


class Layers(nn.Module):
    """A small stand-in for a pretrained network."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layers = nn.ModuleList([nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 6, 3, stride=2, padding=1)])
        self.norm = nn.BatchNorm2d(4)

    def forward(self, picture: Tensor) -> list[Tensor]:
        first = self.norm(self.layers[0](picture)).tanh()
        return [first, self.layers[1](first).tanh()]


def terms() -> dict[str, Term]:
    return {"bce": Term(BceLoss()), "dice": Term(DiceLoss(), LinearRamp(0.1, 1))}


WITH_CHOICES = [
    CompositeLoss(terms()),
    GradientBalancedLoss(terms()),
    ScnpLoss(DiceLoss()),
    *[PerceptualLoss(Layers(), distance=distance) for distance in ("relative_l2", "l2")],
    PerceptualLoss(Layers(), layer_weights=[1, 0.5], stride_px=2),
    *[EdgeCompositeLoss(5, edges) for edges in ("sobel", "scharr", "prewitt", "laplacian")],
    EdgeCompositeLoss(5, scales_px=(1, 2, 4)),
]
NEED_CHOICES = ("CompositeLoss", "GradientBalancedLoss", "PerceptualLoss", "ScnpLoss")
PLAIN = [
    getattr(losses, name)()
    for name in losses.__all__
    if name.endswith("Loss") and name not in ("SegmentationLoss", *NEED_CHOICES)
]


def test_no_loss_of_the_library_is_left_out():
    tried = {type(loss).__name__ for loss in (*PLAIN, *WITH_CHOICES)}
    assert tried == {name for name in losses.__all__ if name.endswith("Loss")} - {"SegmentationLoss"}


@pytest.mark.parametrize("loss", [*PLAIN, *WITH_CHOICES], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_loss_keeps_the_full_contract(loss, channels):
    findings = examine(loss, channels)
    assert len(findings) == len(CHECKS)
    assert {rule: wrong for rule, wrong in findings.items() if wrong} == {}


@pytest.mark.parametrize("distance", ["cosine", "gram"])
def test_scale_free_distances_of_features_ignore_a_uniform_false_boundary(distance):
    """The direction of features, or their correlations, carry no information about a constant picture."""
    broken = {rule for rule, wrong in examine(PerceptualLoss(Layers(), distance=distance)).items() if wrong}
    assert broken <= {"a false boundary on an empty mask is punished"}


class Scalar(SegmentationLoss):
    def per_image(self, logits, target):
        return (logits.sigmoid() - target).square().mean()


class Detached(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits.detach(), target)


class NotANumber(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) * float("nan")


class Constant(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) * 0


class Overflowing(L2Loss):
    """The square of the odds overflows for certain logits."""

    def per_image(self, logits, target):
        return super().per_image(logits, target) + ((2 * (1 - 2 * target) * logits).exp()).mean(dim=(1, 2, 3)) * 1e-9


class UpsideDown(L2Loss):
    """Prefers the opposite of the mask."""

    def per_image(self, logits, target):
        return super().per_image(-logits, target)


class Offset(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) + 0.5


class Unbounded(BceLoss):
    bounds = (0.0, 1.0)


class UnsmoothedDice(SegmentationLoss):
    """Dice as two libraries have it: an empty mask costs 0 and has no gradient."""

    def per_image(self, logits, target):
        probability = logits.sigmoid()
        both, total = (probability * target).sum(dim=(1, 2, 3)), (probability + target).sum(dim=(1, 2, 3))
        return (1 - 2 * both / total.clamp_min(1e-6)) * (target.sum(dim=(1, 2, 3)) > 0)


class WrongGradient(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits + 0.3 * logits.detach(), target)


class Pooled(L2Loss):
    """One value of the whole batch: an image's value depends on its neighbors."""

    def per_image(self, logits, target):
        return DiceLoss().per_image(logits.transpose(0, 2), target.transpose(0, 2)).mean().expand(len(logits))


class IgnoresValid(L2Loss):
    def forward(self, logits, target, valid=None):
        return super().forward(logits, target)


class Half(L2Loss):
    def forward(self, logits, target, valid=None):
        if valid is not None:
            return super().forward(logits, target, valid)
        return self.per_image(logits, target.to(logits.dtype)).mean()


class Remembering(L2Loss):
    def __init__(self):
        super().__init__()
        self.mean = 0.0

    def per_image(self, logits, target):
        value = super().per_image(logits, target) * (1 + 0.1 * self.mean)
        self.mean = logits.detach().mean()
        return value


class EvaluatesDifferently(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) * (1 if self.training else 2)


class Raising(L2Loss):
    def per_image(self, logits, target):
        raise RuntimeError("no such kernel")


@pytest.mark.parametrize(
    ("loss", "rule", "words"),
    [
        (Scalar(), "one value per image", r"must return one value per image, \(2,\), got \(\)"),
        (Detached(), "finite for random logits", "it has no gradient"),
        (NotANumber(), "finite for random logits", "must be finite, got nan"),
        (Constant(), "finite for random logits", "must not be zero everywhere"),
        (Overflowing(), "finite for empty full and saturated", "must be finite"),
        (UpsideDown(), "smallest for the perfect prediction", "must cost the lower bound, 0, it costs 1"),
        (Offset(), "smallest for the perfect prediction", "must cost the lower bound, 0, it costs 0.5"),
        (Unbounded(), "within the bounds", "outside of the bounds 0 and 1"),
        (
            UnsmoothedDice(),
            "a false boundary on an empty mask is punished",
            "must be reduced, its gradient sums to 0",
        ),
        (WrongGradient(), "the gradient is the derivative", "must be the derivative"),
        (Pooled(), "the batch costs the mean of its images", "must cost the mean of its images"),
        (IgnoresValid(), "padding is ignored", "padding must not change the value"),
        (Half(), "half precision and autocast are safe", "must be computed in float32"),
        (Remembering(), "nothing leaks between batches", "must cost the same"),
        (EvaluatesDifferently(), "nothing leaks between batches", "training and evaluation must cost the same"),
        (Raising(), "one value per image", "it raised RuntimeError: no such kernel"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, SegmentationLoss) else "",
)
def test_a_loss_that_breaks_a_rule_is_found_by_it(loss, rule, words):
    wrong = examine(loss)[rule]
    assert re.search(words, wrong), wrong
    assert wrong.startswith(type(loss).__name__)


@pytest.mark.parametrize("loss", [Scalar(), Detached(), NotANumber(), Constant()])
def test_a_loss_that_cannot_train_is_refused_by_name(loss):
    with pytest.raises(ValueError, match=type(loss).__name__):
        check_contract(loss)


def test_the_quick_check_passes_every_loss_of_the_library():
    for loss in PLAIN:
        check_contract(loss, channels=2)


def test_examining_leaves_the_weights_of_a_loss_as_they_were():
    loss = PerceptualLoss(Layers())
    before = [parameter.clone() for parameter in loss.parameters()]
    examine(loss)
    assert all(torch.equal(a, b) and b.dtype == torch.float32 for a, b in zip(before, loss.parameters(), strict=True))
