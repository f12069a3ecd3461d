"""Values worked by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from losses import (
    BalancedBceLoss,
    BceLoss,
    BorderWeightedBceLoss,
    BoundaryDouLoss,
    BoundaryLoss,
    DiceLoss,
    EdgeCompositeLoss,
    FocalLoss,
    FocalTverskyLoss,
    GeneralizedDiceLoss,
    HausdorffLoss,
    JaccardLoss,
    L1Loss,
    L2Loss,
    LogCoshDiceLoss,
    LovaszHingeLoss,
    MccLoss,
    PerceptualLoss,
    ScnpLoss,
    SmoothL1Loss,
    SoftClDiceLoss,
    TverskyLoss,
)
from losses.border_weighted_bce import border_weights
from losses.scnp import worst_neighbors

SURE = 50.0


def sure(target: Tensor) -> Tensor:
    """Logits of the certain prediction that equals target."""
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


def test_dice_of_half_overlap_is_one_half():
    prediction, target = two_halves()
    assert 1 - DiceLoss(smooth=1e-9)(sure(prediction), target) == pytest.approx(1 / 2)
    assert LogCoshDiceLoss(smooth=1e-9)(sure(prediction), target) == pytest.approx(math.log(math.cosh(1 / 2)))


def test_smoothing_adds_to_both_sides_of_the_fraction():
    prediction, target = two_halves()
    assert 1 - DiceLoss(smooth=500)(sure(prediction), target) == pytest.approx((2000 + 500) / (4000 + 500))
    index = (1000 + 500) / (1000 + 0.2 * 1000 + 0.9 * 1000 + 500)
    assert 1 - TverskyLoss(0.2, 0.9, smooth=500)(sure(prediction), target) == pytest.approx(index)


def test_tversky_weights_false_and_missed_boundary_separately():
    prediction, target = two_halves()
    prediction[..., 30:40, :] = 1  # 1000 right, 2000 false, 1000 missed
    prediction[..., 10:20, :] = 0
    prediction[..., 20:30, :] = 1
    loss = TverskyLoss(alpha=0.25, beta=2, smooth=1e-9)
    assert 1 - loss(sure(prediction), target) == pytest.approx(1000 / (1000 + 0.25 * 2000 + 2 * 1000))
    power = FocalTverskyLoss(alpha=0.25, beta=2, gamma=2, smooth=1e-9)
    assert power(sure(prediction), target) == pytest.approx((2500 / 3500) ** 0.5, abs=2e-3)


def test_generalized_dice_of_a_missed_rare_boundary_is_worked_by_hand():
    target = torch.zeros(1, 1, 1, 10, dtype=torch.float64)
    target[..., :2] = 1  # 2 of 10: weights 1/4 and 1/64
    black = torch.full_like(target, -SURE)
    found, total = 8 / 64, 2 / 4 + (10 + 8) / 64
    assert GeneralizedDiceLoss()(black, target) == pytest.approx(1 - 2 * found / total)


def test_correlation_of_grey_is_zero_and_of_the_opposite_minus_one():
    target = torch.zeros(1, 1, 20, 20, dtype=torch.float64)
    target[..., :10] = 1
    assert MccLoss(smooth=1e-9)(torch.zeros_like(target), target) == pytest.approx(1)
    assert MccLoss(smooth=1e-9)(-sure(target), target) == pytest.approx(2)


def test_cross_entropy_of_grey_is_log_two_and_of_a_sure_mistake_its_logit():
    boundary = torch.ones(1, 1, 2, 2, dtype=torch.float64)
    assert BceLoss()(logit(0.5).expand_as(boundary), boundary) == pytest.approx(math.log(2))
    assert BceLoss()(torch.full_like(boundary, -SURE), boundary) == pytest.approx(SURE)


def test_balanced_cross_entropy_weights_each_class_by_the_share_of_the_other():
    target = torch.zeros(1, 1, 1, 10, dtype=torch.float64)
    target[..., 0] = 1
    logits = torch.full_like(target, -1.0)
    missed, right = math.log(1 + math.e), math.log(1 + 1 / math.e)
    assert BalancedBceLoss()(logits, target) == pytest.approx((0.9 * missed + 0.1 * 9 * right) / 10)
    assert BalancedBceLoss()(logits, 0 * target) == pytest.approx(right / 2)


def test_focal_weights_a_pixel_by_its_own_error():
    boundary = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    loss = FocalLoss(gamma=3, alpha=0.2)
    assert loss(logit(0.75).expand_as(boundary), boundary) == pytest.approx(0.2 * 0.25**3 * -math.log(0.75))
    assert loss(logit(0.75).expand_as(boundary), 0 * boundary) == pytest.approx(0.8 * 0.75**3 * -math.log(0.25))


def test_l1_of_grey_is_half_and_smooth_l1_bends_at_beta():
    boundary = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    assert L1Loss()(logit(0.5).expand_as(boundary), boundary) == pytest.approx(0.5)
    assert SmoothL1Loss(0.4)(logit(0.5).expand_as(boundary), boundary) == pytest.approx(0.5 - 0.2)
    assert SmoothL1Loss(0.4)(logit(0.8).expand_as(boundary), boundary) == pytest.approx(0.2**2 / 0.8)


def test_lovasz_hinge_of_one_missed_pixel_is_its_error_times_the_loss_of_the_set():
    target = torch.zeros(1, 1, 1, 4, dtype=torch.float64)
    target[..., :2] = 1
    logits = torch.tensor([[[[-1.0, 3.0, -3.0, -3.0]]]], dtype=torch.float64)  # errors 2, -2, -2, -2
    assert LovaszHingeLoss()(logits, target) == pytest.approx(2 * (1 - 1 / 2))  # one of two missed: Jaccard 1/2


def test_boundary_loss_weights_errors_by_their_distance_to_the_contour():
    target = torch.zeros(1, 1, 1, 8, dtype=torch.float64)
    target[..., :4] = 1
    far, near = sure(target), sure(target)
    far[..., 7], near[..., 4] = SURE, SURE
    assert BoundaryLoss()(far, target) == pytest.approx(3.5 / 8)
    assert BoundaryLoss()(near, target) == pytest.approx(0.5 / 8)
    assert BoundaryLoss()(torch.zeros_like(target), 0 * target) == pytest.approx(0.5 * 0.5)


def test_hausdorff_weights_with_distances_to_both_contours():
    target = torch.zeros(1, 1, 1, 8, dtype=torch.float64)
    target[..., :4] = 1
    false = sure(target)
    false[..., 7] = SURE  # 4 px from the mask's boundary pixels; alone, 1 px from what is not predicted
    assert HausdorffLoss(alpha=2)(false, target) == pytest.approx((4**2 + 1**2) / 8)
    assert HausdorffLoss(alpha=1)(false, target) == pytest.approx((4 + 1) / 8)


def test_border_weights_are_largest_in_the_narrowest_gap():
    target = torch.zeros(1, 1, 9, 30)
    target[..., 10] = target[..., 20:23] = 1
    weights = border_weights(target, 10, 5)[0, 0, 4]
    assert weights[10] == pytest.approx(1 + 10 * math.exp(-((1 + 1) ** 2) / 50))
    assert weights[21] == pytest.approx(1 + 10 * math.exp(-((2 + 2) ** 2) / 50))
    assert weights[15] == pytest.approx(1 + 10 * math.exp(-(6**2) / 50))  # in a cell: 0 and the way to the second one
    assert border_weights(torch.zeros(1, 1, 5, 5), 10, 5).unique().tolist() == [1]


def test_border_weighted_cross_entropy_multiplies_in_the_weight_of_the_boundary():
    target = torch.zeros(1, 1, 1, 4, dtype=torch.float64)
    target[..., 0] = 1
    grey = torch.zeros_like(target)
    assert BorderWeightedBceLoss(w0=0, boundary_weight=3)(grey, target) == pytest.approx(math.log(2) * (3 + 3) / 4)


def test_boundary_dou_is_squared_dice_on_lines_and_stricter_on_blocks():
    line = torch.zeros(1, 1, 12, 12, dtype=torch.float64)
    line[..., 5] = 1
    assert BoundaryDouLoss(1e-9)(torch.zeros_like(line), line) == pytest.approx((36 + 12 - 12) / (36 + 12))
    block = torch.zeros_like(line)
    block[..., 2:10, 2:10] = 1  # 64 pixels, 28 on the contour: alpha 1/8
    assert BoundaryDouLoss(1e-9)(torch.zeros_like(block), block) == pytest.approx(
        (36 + 64 - 64) / (36 + 64 - (1 + 1 / 8) * 32)
    )
    solid = torch.ones(1, 1, 100, 100, dtype=torch.float64)  # 396 on the contour: alpha would be 0.92
    assert BoundaryDouLoss(1e-9)(torch.zeros_like(solid), solid) == pytest.approx(
        (2500 + 10000 - 10000) / (2500 + 10000 - 1.8 * 5000)
    )


def test_a_cut_costs_more_centerline_than_as_many_pixels_shaved_off_a_side():
    target = torch.zeros(1, 1, 20, 20, dtype=torch.float64)
    target[..., 8:13] = 1
    cut, shaved = target.clone(), target.clone()
    cut[..., 8:11, :] = 0  # 3 rows of 5
    shaved[..., :15, 8] = 0
    dice = [DiceLoss()(sure(broken), target).item() for broken in (cut, shaved)]
    mixed = [SoftClDiceLoss(weight=0.5)(sure(broken), target).item() for broken in (cut, shaved)]
    assert dice[0] == pytest.approx(dice[1])
    assert mixed[0] > 1.3 * mixed[1]
    assert SoftClDiceLoss(weight=0)(sure(cut), target) == pytest.approx(dice[0])


def test_the_worst_neighbor_of_the_same_class_stands_for_each_pixel():
    target = torch.tensor([[[[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]]])
    logits = torch.tensor([[[[5.0, -1.0, 9.0, 8.0, -4.0, -6.0]]]])
    assert worst_neighbors(logits, target).tolist() == [[[[-1, -1, -1, 8, 8, -4]]]]
    assert ScnpLoss(BceLoss())(logits, target) == BceLoss()(worst_neighbors(logits, target), target)


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


def test_edge_term_is_the_same_for_rows_and_columns():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[..., 3, :] = 1
    loss, black = EdgeCompositeLoss(weight=5), torch.full_like(target, -SURE)
    assert loss(black, target) == pytest.approx(loss(black, target.mT).item())


def test_edge_term_distinguishes_a_blurred_edge_from_low_contrast_where_l2_does_not():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[..., 4:] = 1
    blurred = target.clone()
    blurred[..., 3:5] = 0.5  # 2 x 0.25 a row
    faint = target + torch.where(target > 0, -0.25, 0.25)  # 8 x 0.0625 a row
    blurred, faint = torch.logit(blurred.clamp(1e-15, 1 - 1e-15)), torch.logit(faint)
    assert L2Loss()(blurred, target) == pytest.approx(L2Loss()(faint, target).item())
    # differences 0 0 0 .5 -.5 0 0 0 and .25 x4 -.25 x4: responses 4 x .25 and 2 x .25 a row, over two directions
    assert EdgeCompositeLoss(weight=1)(blurred, target) == pytest.approx(0.0625 + 4 * 0.25 / 16)
    assert EdgeCompositeLoss(weight=1)(faint, target) == pytest.approx(0.0625 + 2 * 0.25 / 16)


def test_all_edge_filters_respond_to_a_step_with_one_on_both_of_its_sides():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[..., 4:] = 1
    black = torch.full_like(target, -SURE)
    for edges in ("central_difference", "sobel", "scharr", "prewitt"):
        loss = EdgeCompositeLoss(1, edges)
        assert loss(black, target) == pytest.approx(0.5 + (2 / 8) / 2), edges
    assert EdgeCompositeLoss(1, "laplacian")(black, target) == pytest.approx(0.5 + 2 / 8)


@pytest.mark.parametrize("loss", [L1Loss(), L2Loss(), SmoothL1Loss(0.4), SmoothL1Loss(1), MccLoss(1e-6)])
def test_the_opposite_of_the_mask_reaches_the_upper_bound(loss):
    _, target = two_halves()
    assert loss(-sure(target), target) == pytest.approx(loss.bounds[1], abs=1e-6)


def test_the_bound_of_the_edge_term_is_the_largest_response_squared():
    assert EdgeCompositeLoss(weight=2).bounds == (0, 1 + 2 * 2**2)
    assert EdgeCompositeLoss(weight=2, edges="laplacian").bounds == (0, 1 + 2 * 8**2)


def test_scales_are_averages_of_squares_and_weigh_the_same():
    target = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    target[..., 4:] = 1
    black = torch.full_like(target, -SURE)
    assert EdgeCompositeLoss(1, scales_px=(2,))(black, target) == pytest.approx(0.5 + (2 / 4) / 2)
    assert EdgeCompositeLoss(1, scales_px=(1, 2))(black, target) == pytest.approx(0.5 + (1 / 8 + 1 / 4) / 2)


class Doubling(nn.Module):
    """Feature maps that can be computed by hand: the picture times 2, and its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, picture: Tensor) -> list[Tensor]:
        return [picture * self.factor, picture.mean(dim=(2, 3), keepdim=True)]


def test_perceptual_distances_are_worked_by_hand():
    target = torch.ones(1, 1, 4, 4)
    grey = torch.zeros_like(target)  # p = 0.5: features 1 against 2, and 1/2 against 1
    assert PerceptualLoss(Doubling())(grey, target) == pytest.approx(0.25)
    assert PerceptualLoss(Doubling(), layer_weights=[1, 3])(grey, target) == pytest.approx(0.25 + 3 * 0.25)
    assert PerceptualLoss(Doubling(), [1, 3], "l2")(grey, target) == pytest.approx(1 + 3 * 0.25)
    assert PerceptualLoss(Doubling(), distance="cosine")(grey, target) == pytest.approx(0, abs=1e-6)
    # correlations 1 against 4, and 1/4 against 1
    assert PerceptualLoss(Doubling(), [1, 0], "gram")(grey, target) == pytest.approx((3 / 4) ** 2)


def test_opposite_features_are_two_apart_in_direction():
    class Signed(nn.Module):
        def forward(self, picture: Tensor) -> list[Tensor]:
            return [picture - 0.5]

    target = torch.ones(1, 1, 2, 2)
    assert PerceptualLoss(Signed(), distance="cosine")(-sure(target), target) == pytest.approx(2)


def test_perceptual_loss_averages_over_squares():
    target = torch.ones(1, 1, 4, 4)
    checkered = sure(torch.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(2, 2))[None, None]
    assert PerceptualLoss(Doubling(), [1, 0])(checkered, target) == pytest.approx(0.5)
    assert PerceptualLoss(Doubling(), [1, 0], stride_px=2)(checkered, target) == pytest.approx(0.25)


def test_perceptual_loss_normalizes_each_image_by_its_own_features():
    target = torch.ones(2, 1, 4, 4)
    target[1] *= 0.5
    values = PerceptualLoss(Doubling()).per_image(torch.zeros_like(target), target)
    assert values.tolist() == pytest.approx([0.25, 0.0])


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: JaccardLoss(smooth=0), "smooth must be > 0 pixels and finite, got 0"),
        (lambda: DiceLoss(smooth=-1), "smooth must be > 0 pixels and finite, got -1"),
        (lambda: LogCoshDiceLoss(smooth=-1), "smooth must be > 0 pixels"),
        (lambda: MccLoss(smooth=0), "smooth must be > 0 pixels"),
        (lambda: BoundaryDouLoss(smooth=0), "smooth must be > 0 pixels"),
        (lambda: SoftClDiceLoss(smooth=0), "smooth must be > 0 pixels"),
        (lambda: SoftClDiceLoss(weight=1), "weight must be below 1"),
        (lambda: SoftClDiceLoss(weight=-0.1), r"weight must be in \[0, 1\], got -0.1"),
        (lambda: TverskyLoss(alpha=-1), "alpha must be > 0 and finite, got -1"),
        (lambda: TverskyLoss(alpha=0), "alpha must be > 0 and finite, got 0"),
        (lambda: TverskyLoss(1, 0), "beta must be > 0 and finite, got 0"),
        (lambda: TverskyLoss(smooth=0), "smooth must be > 0"),
        (lambda: FocalTverskyLoss(alpha=0), "alpha must be > 0"),
        (lambda: FocalTverskyLoss(1, 0), "beta must be > 0"),
        (lambda: FocalTverskyLoss(gamma=0), "gamma must be > 0 and finite, got 0"),
        (lambda: FocalTverskyLoss(smooth=0), "smooth must be > 0"),
        (lambda: FocalLoss(gamma=-1), "gamma must be >= 0"),
        (lambda: FocalLoss(alpha=2), r"alpha must be in \(0, 1\), got 2"),
        (lambda: FocalLoss(alpha=0), r"alpha must be in \(0, 1\), got 0"),
        (lambda: FocalLoss(alpha=1), r"alpha must be in \(0, 1\), got 1"),
        (lambda: SmoothL1Loss(beta=0), r"beta must be in \(0, 1\], got 0"),
        (lambda: HausdorffLoss(alpha=0), "alpha must be > 0"),
        (lambda: BorderWeightedBceLoss(w0=-1), "w0 must be >= 0"),
        (lambda: BorderWeightedBceLoss(sigma_px=0), "sigma_px must be > 0 pixels"),
        (lambda: BorderWeightedBceLoss(boundary_weight=0), "boundary_weight must be > 0 and finite, got 0"),
        (lambda: EdgeCompositeLoss(weight=float("nan")), "weight must be >= 0 and finite, got nan"),
        (lambda: EdgeCompositeLoss(edges="canny"), "edges must be one of central_difference, .*laplacian, got canny"),
        (lambda: EdgeCompositeLoss(scales_px=()), r"scales_px must be one or more whole numbers >= 1, got \[\]"),
        (lambda: EdgeCompositeLoss(scales_px=(1, 0)), r"got \[1, 0\]"),
        (lambda: PerceptualLoss(Doubling(), [1, -1]), "layer_weights must be >= 0 and finite, got -1"),
        (lambda: PerceptualLoss(Doubling(), [0, 0]), r"layer_weights must not all be 0, got \[0, 0\]"),
        (lambda: PerceptualLoss(Doubling(), distance="l3"), "distance must be one of relative_l2, .* got l3"),
        (lambda: PerceptualLoss(Doubling(), stride_px=0), "stride_px must be >= 1, got 0"),
        (
            lambda: PerceptualLoss(Doubling(), [1])(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)),
            "one weight per layer, 2, got 1",
        ),
    ],
)
def test_a_parameter_out_of_range_is_refused_with_its_value(build, rule):
    with pytest.raises(ValueError, match=rule):
        build()
