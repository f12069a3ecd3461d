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
    HausdorffLoss,
    LinearRamp,
    PerceptualLoss,
    ScnpLoss,
    Term,
)
from losses.contract import RULES, check_contract, examine
from tests.losses.planted import (
    PLANTED,
    Constant,
    Detached,
    FalseBoundaryIsFree,
    FirstChannelOnly,
    MissesAreFree,
    NotANumber,
    Scalar,
)


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
    GradientBalancedLoss({"dice": Term(DiceLoss()), "distance": Term(HausdorffLoss())}),
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
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_every_loss_keeps_the_full_contract(loss, channels):
    findings = examine(loss, channels)
    assert len(findings) == len(RULES)
    assert {rule: wrong for rule, wrong in findings.items() if wrong} == {}


@pytest.mark.parametrize("distance", ["cosine", "gram"])
def test_scale_free_distances_of_features_ignore_a_uniform_false_boundary(distance):
    """The direction of features, or their correlations, carry no information about a constant picture."""
    broken = {rule for rule, wrong in examine(PerceptualLoss(Layers(), distance=distance)).items() if wrong}
    assert broken <= {"a false boundary on an empty mask is reduced"}


@pytest.mark.parametrize(
    ("loss", "rule", "words"), PLANTED, ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else ""
)
def test_a_loss_that_breaks_a_rule_is_found_by_it(loss, rule, words):
    wrong = examine(loss, channels=2)[rule]
    assert re.search(words, wrong), wrong
    assert wrong.startswith(type(loss).__name__)


def test_the_planted_losses_break_every_rule():
    assert {rule for _, rule, _ in PLANTED} == set(examine(BceLoss()))


@pytest.mark.parametrize(
    "loss", [Scalar(), Detached(), NotANumber(), Constant(), MissesAreFree(), FalseBoundaryIsFree(), FirstChannelOnly()]
)
def test_a_loss_that_cannot_train_is_refused_by_name(loss):
    with pytest.raises(ValueError, match=type(loss).__name__):
        check_contract(loss, channels=2)


def test_the_quick_check_passes_every_loss_of_the_library():
    for loss in PLAIN:
        check_contract(loss, channels=2)


def test_examining_leaves_the_weights_of_a_loss_as_they_were():
    loss = PerceptualLoss(Layers())
    before = [weight.clone() for weight in loss.buffers()]
    examine(loss)
    assert before
    assert all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(before, loss.buffers(), strict=True))
