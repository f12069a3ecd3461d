"""Losses that libraries have as well, where the definitions agree."""

import kornia
import monai
import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
from scipy.ndimage import distance_transform_edt
from skimage.filters import prewitt_h, scharr_h, sobel_h
from skimage.measure import label
from torch import nn
from torchmetrics.functional.classification import binary_matthews_corrcoef

from losses import (
    BceLoss,
    BorderWeightedBceLoss,
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
    SmoothL1Loss,
    SoftClDiceLoss,
    TverskyLoss,
)
from losses.distances import distance_to_other_class, distances_to_two_cells, largest_radius
from losses.soft_cl_dice import soft_skeleton

CLOSE = 1e-5


def batch(images: int = 1, side: int = 32, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Random logits and blobs."""
    generator = torch.Generator().manual_seed(seed)
    coarse = (torch.rand(images, 1, side // 4, side // 4, generator=generator) < 0.3).float()
    target = nn.functional.interpolate(coarse, scale_factor=4)
    return 2 * torch.randn(images, 1, side, side, generator=generator), target


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (L2Loss(), lambda z, t: nn.MSELoss()(z.sigmoid(), t)),
        (L1Loss(), lambda z, t: nn.L1Loss()(z.sigmoid(), t)),
        (SmoothL1Loss(0.3), lambda z, t: nn.SmoothL1Loss(beta=0.3)(z.sigmoid(), t)),
        (BceLoss(), nn.BCEWithLogitsLoss()),
        (FocalLoss(2, 0.25), monai.losses.FocalLoss(gamma=2, alpha=0.25)),
        (FocalLoss(1.5, 0.7), kornia.losses.BinaryFocalLossWithLogits(alpha=0.7, gamma=1.5, reduction="mean")),
        (JaccardLoss(3), smp.losses.JaccardLoss("binary", smooth=3, eps=0)),
        (JaccardLoss(1e-6), monai.losses.DiceLoss(sigmoid=True, jaccard=True, smooth_nr=1e-6, smooth_dr=1e-6)),
        (DiceLoss(2), monai.losses.DiceLoss(sigmoid=True, smooth_nr=2, smooth_dr=2)),
        (DiceLoss(1e-6), smp.losses.DiceLoss("binary", smooth=0, eps=1e-6)),
        (
            TverskyLoss(0.3, 0.7, 2),
            monai.losses.TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7, smooth_nr=2, smooth_dr=2),
        ),
        (TverskyLoss(0.4, 0.6, 1e-6), smp.losses.TverskyLoss("binary", alpha=0.4, beta=0.6, smooth=1e-6, eps=0)),
        (
            FocalTverskyLoss(0.3, 0.7, 4 / 3, 1e-6),
            smp.losses.TverskyLoss("binary", alpha=0.3, beta=0.7, smooth=1e-6, eps=0, gamma=0.75),
        ),
        (LogCoshDiceLoss(1e-6), smp.losses.DiceLoss("binary", log_loss=False, smooth=1e-6, eps=0)),
        (LovaszHingeLoss(), smp.losses.LovaszLoss("binary", per_image=True)),
        (MccLoss(1e-3), lambda z, t: smp.losses.MCCLoss(eps=1e-5)(z.sigmoid(), t)),
        (HausdorffLoss(2), monai.losses.HausdorffDTLoss(alpha=2, sigmoid=True)),
    ],
    ids=lambda loss: type(loss).__name__,
)
@pytest.mark.parametrize("seed", range(3))
def test_values_and_gradients_equal_the_library(ours, theirs, seed):
    results = []
    for loss in (ours, theirs):
        logits, target = batch(seed=seed)
        value = loss(logits.requires_grad_(), target)
        if isinstance(ours, LogCoshDiceLoss) and loss is theirs:
            value = value.cosh().log()
        results.append((value.item(), torch.autograd.grad(value, logits)[0]))
    (own, own_gradient), (other, other_gradient) = results
    tolerance = 1e-4 if isinstance(ours, (MccLoss, FocalTverskyLoss)) else CLOSE  # smoothed, or flat below 1e-6
    assert own == pytest.approx(other, rel=tolerance, abs=tolerance)
    assert torch.allclose(own_gradient, other_gradient, rtol=1e-3, atol=1e-6)


def test_generalized_dice_equals_monai_on_boundary_and_background():
    logits, target = batch(images=3)
    probability = logits.sigmoid()
    theirs = monai.losses.GeneralizedDiceLoss(smooth_nr=0, smooth_dr=0)
    expected = theirs(torch.cat([1 - probability, probability], 1), torch.cat([1 - target, target], 1))
    assert GeneralizedDiceLoss()(logits, target) == pytest.approx(expected.item(), abs=CLOSE)


def test_correlation_of_sure_predictions_equals_torchmetrics():
    logits, target = batch()
    sure = 50 * logits.sign()
    expected = binary_matthews_corrcoef(sure > 0, target.int()).item()
    assert 1 - MccLoss(1e-6)(sure, target) == pytest.approx(expected, abs=CLOSE)


def test_soft_skeletons_and_their_dice_equal_monai():
    logits, target = batch()
    rounds = int(largest_radius(target).max()) - 1
    from monai.losses.cldice import soft_skel  # noqa: PLC0415

    probability = logits.sigmoid()
    assert torch.allclose(
        soft_skeleton(probability, torch.tensor([[rounds]])), soft_skel(probability, rounds), atol=1e-6
    )
    ours = 2 * SoftClDiceLoss(0.5, smooth=1)(logits, target) - DiceLoss(1)(logits, target)
    theirs = monai.losses.SoftclDiceLoss(iter_=rounds, smooth=1e-9)(probability, target)
    assert ours == pytest.approx(theirs.item(), abs=CLOSE)


def test_more_erosions_than_the_width_needs_change_nothing():
    _, target = batch()
    rounds = largest_radius(target) - 1
    assert torch.equal(soft_skeleton(target, rounds), soft_skeleton(target, rounds + 5))
    assert not torch.equal(soft_skeleton(target, rounds), soft_skeleton(target, rounds - 1))


def signed_distance(mask: np.ndarray) -> np.ndarray:
    """Distance to the contour between the pixels, negative inside."""
    return np.where(mask, -(distance_transform_edt(mask) - 0.5), distance_transform_edt(~mask) - 0.5)


def test_the_boundary_loss_is_the_integral_of_scipys_signed_distance_minus_its_minimum():
    logits, target = batch()
    distance = torch.from_numpy(signed_distance(target[0, 0].numpy() > 0))
    expected = (distance * (logits.sigmoid() - target)).mean()
    assert BoundaryLoss()(logits, target) == pytest.approx(expected.item(), abs=CLOSE)


@pytest.mark.parametrize("shape", [(64, 64), (63, 70), (300, 501)])
def test_distances_equal_scipys_exactly(shape):
    mask = torch.zeros(shape)
    mask.flatten()[:: shape[0] * shape[1] // 10 + 7] = 1
    expected = np.where(mask > 0, distance_transform_edt(mask), distance_transform_edt(mask == 0))
    assert np.array_equal(distance_to_other_class(mask[None, None])[0, 0], expected.astype(np.float32))


def test_the_weights_between_cells_equal_those_of_a_distance_map_per_cell():
    logits, target = batch(side=40)
    target[...] = 0
    target[..., 12] = target[..., 20:23, :] = 1
    cells = label(target[0, 0].numpy() == 0, connectivity=1)
    distances = np.sort([distance_transform_edt(cells != number) for number in range(1, cells.max() + 1)], axis=0)
    assert len(distances) > 2
    nearest, second = distances_to_two_cells(target, reach_px=100)
    assert np.allclose(nearest[0, 0], distances[0], atol=1e-4)
    assert np.allclose(second[0, 0], distances[1], atol=1e-4)
    weight = 1 + 10 * np.exp(-((distances[0] + distances[1]) ** 2) / (2 * 2.0**2))
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")[0, 0].numpy()
    assert BorderWeightedBceLoss(10, 2.0)(logits, target) == pytest.approx((weight * entropy).mean(), rel=CLOSE)


@pytest.mark.parametrize(("edges", "theirs"), [("sobel", sobel_h), ("scharr", scharr_h), ("prewitt", prewitt_h)])
def test_edge_terms_equal_the_filters_of_scikit_image(edges, theirs):
    logits, target = (tensor.double() for tensor in batch())
    difference = (logits.sigmoid() - target)[0, 0].numpy()
    padded = np.pad(difference, 1, mode="edge")
    responses = [theirs(picture)[1:-1, 1:-1] for picture in (padded, padded.T)]
    expected = np.square(difference).mean() + 3 * np.mean(np.square(responses))
    assert EdgeCompositeLoss(3, edges)(logits, target) == pytest.approx(expected, abs=CLOSE)
