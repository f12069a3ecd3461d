"""Losses of images of which only some pixels are annotated."""

import pytest
import torch
from torch import Tensor, nn

from losses import (
    BceLoss,
    BorderWeightedBceLoss,
    BoundaryDouLoss,
    BoundaryLoss,
    CompositeLoss,
    DiceLoss,
    EdgeCompositeLoss,
    GradientBalancedLoss,
    HausdorffLoss,
    L1Loss,
    L2Loss,
    PerceptualLoss,
    ScnpLoss,
    SoftClDiceLoss,
    Term,
)
from losses.base import UndefinedOnVoidError
from losses.channel_weighted import ChannelWeightedLoss


def row(*values: float) -> Tensor:
    return torch.tensor([[[values]]], dtype=torch.float32)


LOGITS, TARGET = row(50, 0, -50, 50, -50), row(1, 1, 0, 0, 0)
VALID = row(1, 1, 1, 0, 1).bool()


def test_l2_is_the_mean_over_the_annotated_pixels():
    assert L2Loss()(LOGITS, TARGET, VALID) == pytest.approx(0.25 / 4)


def test_dice_counts_the_annotated_pixels():
    assert DiceLoss(smooth=1)(LOGITS, TARGET, VALID) == pytest.approx(1 - (2 * 1.5 + 1) / (1.5 + 2 + 1))


def test_edges_that_a_void_pixel_takes_part_in_are_left_out():
    """[1, 0, -1] along the row sees pixels (0, 1), (0, 2) and (2, 4); across it, each pixel but the void one."""
    loss = EdgeCompositeLoss()
    assert loss(row(50, -50, -50, 50, -50), torch.zeros(1, 1, 1, 5), VALID) == pytest.approx(1 / 4 + 2 / 7)


def test_averaged_edges_leave_out_squares_with_a_void_pixel():
    logits, valid = torch.full((1, 1, 4, 8), -50.0), torch.ones(1, 1, 4, 8).bool()
    logits[..., :2], valid[..., 0, 7] = 50, False
    loss = EdgeCompositeLoss(scales_px=[2])  # squares 1 0 0 0 in two rows, the last of the first row void
    along_rows, seen = (1 + 1) + (1 + 1), (2 + 4) + (3 + 3)  # across them nothing differs
    assert loss(logits, torch.zeros(1, 1, 4, 8), valid) == pytest.approx(8 / 31 + along_rows / seen)


def test_void_pixels_are_no_neighbors():
    logits, target = row(3, 2, 1, -9), row(1, 1, 1, 1)
    valid = row(1, 1, 1, 0).bool()
    worst = torch.tensor([2.0, 1.0, 1.0])
    assert ScnpLoss(BceLoss())(logits, target, valid) == pytest.approx(nn.functional.softplus(-worst).mean().item())


def test_sums_of_losses_leave_void_pixels_out_of_each_term_and_of_the_log():
    loss = CompositeLoss({"l2": Term(L2Loss(), 2), "edges": Term(EdgeCompositeLoss())})
    logits, target, valid = (torch.cat([batch, batch.flip(3)]) for batch in (LOGITS, TARGET, VALID))
    valid[1] = True
    expected = {name: term(logits, target, valid).item() for name, term in loss.losses.items()}
    assert loss(logits, target, valid) == pytest.approx(2 * expected["l2"] + expected["edges"])
    assert {name: value.item() for name, value in loss.last_terms.items()} == pytest.approx(expected)


def test_balanced_gradients_are_those_of_the_annotated_pixels():
    terms = {"l1": Term(L1Loss()), "l2": Term(L2Loss())}
    logits, target = torch.randn(1, 1, 1, 5, generator=torch.Generator().manual_seed(0)), TARGET
    kept = [batch[VALID][None, None, None] for batch in (logits, target)]
    assert GradientBalancedLoss(terms)(logits, target, VALID) == pytest.approx(
        GradientBalancedLoss(terms)(*kept).item()
    )


def test_weighted_channels_leave_out_the_same_pixels():
    logits, target = torch.cat([LOGITS, -LOGITS], dim=1), torch.cat([TARGET, TARGET], dim=1)
    expected = (3 * L2Loss()(LOGITS, TARGET, VALID) + L2Loss()(-LOGITS, TARGET, VALID)) / 4
    assert ChannelWeightedLoss(L2Loss(), [3, 1])(logits, target, VALID) == pytest.approx(expected.item())


class Layers(nn.Module):
    def forward(self, picture: Tensor) -> list[Tensor]:
        return [picture]


@pytest.mark.parametrize(
    "loss",
    [
        BorderWeightedBceLoss(),
        BoundaryDouLoss(),
        BoundaryLoss(),
        HausdorffLoss(),
        SoftClDiceLoss(),
        PerceptualLoss(Layers()),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_losses_of_distances_topology_and_features_refuse_by_name(loss):
    for outer in (loss, CompositeLoss({"l2": Term(L2Loss()), "other": Term(loss)}), ScnpLoss(loss)):
        with pytest.raises(UndefinedOnVoidError, match=rf"^{type(loss).__name__} depends on the neighbors of a pixel"):
            outer(LOGITS, TARGET, VALID)


def test_an_image_without_any_annotated_pixel_is_left_out_of_the_mean():
    logits, target = LOGITS.expand(2, -1, -1, -1), TARGET.expand(2, -1, -1, -1)
    valid = torch.cat([VALID, torch.zeros_like(VALID)])
    assert L2Loss()(logits, target, valid) == pytest.approx(0.25 / 4)


def test_a_batch_without_any_annotated_pixel_costs_nothing_and_changes_nothing():
    logits = LOGITS.clone().requires_grad_()
    loss = L2Loss()(logits, TARGET, torch.zeros_like(VALID))
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()


def test_annotated_pixels_must_be_binary_and_void_ones_may_have_any_target():
    assert L2Loss()(LOGITS, TARGET.where(VALID, 255), VALID) == pytest.approx(0.25 / 4)
    with pytest.raises(ValueError, match="L2Loss: target must be 0 .* got 7"):
        L2Loss()(LOGITS, row(7, 1, 0, 0, 0), VALID)
