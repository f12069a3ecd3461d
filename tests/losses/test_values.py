"""Values worked by hand, and values of independent implementations."""

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from losses import BceDiceLoss, EdgeCompositeLoss, JaccardLoss, L2Loss, PerceptualLoss

SURE = 50.0


def sure(target: Tensor) -> Tensor:
    """Logits that say with certainty what target says."""
    return (target * 2 - 1) * SURE


def logit(probability: float) -> Tensor:
    return torch.logit(torch.tensor(probability, dtype=torch.float64))


def two_halves() -> tuple[Tensor, Tensor]:
    """Two regions of 2000 pixels that share 1000."""
    first, second = torch.zeros(2, 1, 1, 100, 100, dtype=torch.float64)
    first[..., 0:20, :] = 1
    second[..., 10:30, :] = 1
    return first, second


def test_l2_of_grey_is_a_quarter_of_a_wrong_extreme():
    boundary = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    grey, wrong = logit(0.5).expand_as(boundary), torch.full_like(boundary, -SURE)
    assert L2Loss()(grey, boundary) == pytest.approx(0.25)
    assert L2Loss()(wrong, boundary) == pytest.approx(1.0)


def test_l2_of_all_black_is_the_share_of_the_boundary():
    target = torch.zeros(1, 1, 10, 10, dtype=torch.float64)
    target[..., 0, :2] = 1
    assert L2Loss()(torch.full_like(target, -SURE), target) == pytest.approx(0.02)


def test_jaccard_of_half_overlap_is_one_third():
    prediction, target = two_halves()
    assert 1 - JaccardLoss(smooth=1e-9)(sure(prediction), target) == pytest.approx(1 / 3)


def test_jaccard_smoothing_adds_to_both_sides_of_the_fraction():
    prediction, target = two_halves()
    assert 1 - JaccardLoss(smooth=500)(sure(prediction), target) == pytest.approx((1000 + 500) / (3000 + 500))


def test_jaccard_equals_smp_on_one_image():
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(1, 1, 32, 32, generator=generator)
    target = (torch.rand(1, 1, 32, 32, generator=generator) < 0.2).float()
    theirs = smp.losses.JaccardLoss(mode="binary", smooth=3.0, eps=0)(logits, target)
    assert JaccardLoss(smooth=3.0)(logits, target) == pytest.approx(theirs.item(), abs=1e-6)


def test_bce_dice_equals_torch_plus_smp_on_one_image():
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(1, 1, 32, 32, generator=generator)
    target = (torch.rand(1, 1, 32, 32, generator=generator) < 0.2).float()
    entropy = nn.BCEWithLogitsLoss()(logits, target)
    dice = smp.losses.DiceLoss(mode="binary", smooth=0.5, eps=0)(logits, target)  # added to I, not to 2 I
    assert BceDiceLoss(dice_weight=2.0)(logits, target) == pytest.approx((entropy + 2 * dice).item(), abs=1e-6)


def test_dice_of_half_overlap_is_one_half():
    prediction, target = two_halves()
    entropy = BceDiceLoss(dice_weight=0)(sure(prediction), target)
    both = BceDiceLoss(dice_weight=1, smooth=1e-9)(sure(prediction), target)
    assert both - entropy == pytest.approx(0.5)


def test_edge_term_of_a_missed_line_is_worked_by_hand():
    target = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    target[..., 2] = 1  # a column: responses of -1 and 1 on both of its sides along the rows, none along the columns
    black = torch.full_like(target, -SURE)
    picture, edges = 5 / 25, (10 / 25) / 2
    assert EdgeCompositeLoss(weight=0)(black, target) == pytest.approx(picture)
    assert EdgeCompositeLoss(weight=3)(black, target) == pytest.approx(picture + 3 * edges)


def test_edge_term_has_no_edge_at_the_border_of_a_constant_difference():
    target = torch.zeros(1, 1, 6, 6, dtype=torch.float64)
    grey = torch.zeros_like(target)
    assert EdgeCompositeLoss(weight=10)(grey, target) == pytest.approx(0.25)


def test_edge_term_sees_lines_of_both_directions_alike():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[..., 3, :] = 1
    loss, black = EdgeCompositeLoss(weight=5), torch.full_like(target, -SURE)
    assert loss(black, target) == pytest.approx(loss(black, target.mT).item())


def test_edge_term_tells_a_blurred_edge_from_a_grey_veil_that_l2_takes_for_equal():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[..., 4:] = 1
    blurred = target.clone()
    blurred[..., 3:5] = 0.5  # 2 x 0.25 a row
    veiled = target + torch.where(target > 0, -0.25, 0.25)  # 8 x 0.0625 a row
    blurred, veiled = torch.logit(blurred.clamp(1e-15, 1 - 1e-15)), torch.logit(veiled)
    assert L2Loss()(blurred, target) == pytest.approx(L2Loss()(veiled, target).item())
    # differences 0 0 0 .5 -.5 0 0 0 and .25 x4 -.25 x4: responses 4 x .25 and 2 x .25 a row, over two directions
    assert EdgeCompositeLoss(weight=1)(blurred, target) == pytest.approx(0.0625 + 4 * 0.25 / 16)
    assert EdgeCompositeLoss(weight=1)(veiled, target) == pytest.approx(0.0625 + 2 * 0.25 / 16)


class Doubling(nn.Module):
    """Feature maps that can be worked by hand: the picture times 2, and its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, picture: Tensor) -> list[Tensor]:
        return [picture * self.factor, picture.mean(dim=(2, 3), keepdim=True)]


def test_perceptual_terms_are_worked_by_hand():
    target = torch.ones(1, 1, 4, 4)
    grey = torch.zeros_like(target)  # p = 0.5: both layers differ by half of the target's features
    assert PerceptualLoss(Doubling(), weight=0)(grey, target) == pytest.approx(0.25)
    assert PerceptualLoss(Doubling(), weight=4)(grey, target) == pytest.approx(0.25 + 4 * 0.25)


def test_perceptual_loss_weighs_each_image_by_its_own_features():
    target = torch.ones(2, 1, 4, 4)
    target[1] *= 0.5
    values = PerceptualLoss(Doubling(), weight=1).per_image(torch.zeros_like(target), target)
    assert values.tolist() == pytest.approx([0.25 + 0.25, 0.0])


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: JaccardLoss(smooth=0), "smooth must be > 0 pixels, got 0"),
        (lambda: BceDiceLoss(smooth=-1), "smooth must be > 0 pixels, got -1"),
        (lambda: BceDiceLoss(dice_weight=-1), "dice_weight must be >= 0 and finite, got -1"),
        (lambda: EdgeCompositeLoss(weight=float("nan")), "weight must be >= 0 and finite, got nan"),
        (lambda: PerceptualLoss(Doubling(), weight=float("inf")), "weight must be >= 0 and finite, got inf"),
    ],
)
def test_a_parameter_out_of_range_is_refused_with_its_value(build, rule):
    with pytest.raises(ValueError, match=rule):
        build()
