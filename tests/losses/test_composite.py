import pytest
import torch

from losses import (
    BceLoss,
    CompositeLoss,
    DiceLoss,
    GradientBalancedLoss,
    HausdorffLoss,
    L1Loss,
    L2Loss,
    LinearRamp,
    Term,
)


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    return torch.randn(3, 1, 12, 12, generator=generator), (torch.rand(3, 1, 12, 12, generator=generator) < 0.3).float()


def test_a_composite_is_the_weighted_sum_and_keeps_its_terms_for_the_log():
    logits, target = batch()
    loss = CompositeLoss({"bce": Term(BceLoss(), 2), "dice": Term(DiceLoss(), 0.5)})
    bce, dice = BceLoss()(logits, target), DiceLoss()(logits, target)
    assert loss(logits.requires_grad_(), target).item() == pytest.approx((2 * bce + 0.5 * dice).item())
    assert {name: value.item() for name, value in loss.last_terms.items()} == pytest.approx(
        {"bce": bce.item(), "dice": dice.item()}
    )
    assert not any(value.requires_grad for value in loss.last_terms.values())


def test_the_bounds_are_weighted_like_the_values():
    loss = CompositeLoss({"l1": Term(L1Loss(), 2), "l2": Term(L2Loss(), LinearRamp(0, 3))})
    assert loss.bounds == (0, 5)
    assert CompositeLoss({"l1": Term(L1Loss()), "bce": Term(BceLoss(), 0)}).bounds == (0, 1)
    gain = L2Loss()
    gain.bounds = (-1.0, 0.5)
    assert CompositeLoss({"gain": Term(gain, 2)}).bounds == (-2, 1)


@pytest.mark.parametrize(("progress", "weight"), [(0, 1), (0.1, 2), (0.2, 3), (0.9, 3)])
def test_a_ramp_rises_then_stays_constant(progress, weight):
    assert LinearRamp(1, 3, until=0.2).at(progress) == pytest.approx(weight)


def test_a_ramp_follows_the_progress_of_the_training():
    logits, target = batch()
    loss = CompositeLoss({"l1": Term(L1Loss(), LinearRamp(0, 1)), "l2": Term(L2Loss())})
    alone = L2Loss()(logits, target).item()
    assert loss(logits, target) == pytest.approx(alone)
    loss.set_progress(0.5)
    assert loss(logits, target) == pytest.approx(alone + 0.5 * L1Loss()(logits, target).item())


def gradient(loss, logits, target) -> torch.Tensor:
    free = logits.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss.per_image(free, target).sum(), free)
    return found


def test_balanced_terms_have_gradients_as_long_as_the_first_ones_in_every_image():
    logits, target = batch()
    one, other = gradient(DiceLoss(), logits, target), gradient(HausdorffLoss(), logits, target)
    lengths = [term.flatten(1).norm(dim=1)[:, None, None, None] for term in (one, other)]
    expected = one + 2 * other * lengths[0] / lengths[1]
    loss = GradientBalancedLoss({"dice": Term(DiceLoss()), "distance": Term(HausdorffLoss(), 2)})
    assert torch.allclose(gradient(loss, logits, target), expected, rtol=1e-4, atol=1e-9)
    with torch.no_grad():
        assert torch.isfinite(loss(logits, target))
    assert set(loss.last_terms) == {"dice", "distance"}


def test_a_saturated_wrong_prediction_costs_at_least_the_first_term():
    _, target = batch()
    loss = GradientBalancedLoss({"dice": Term(DiceLoss()), "distance": Term(HausdorffLoss())})
    black = torch.full_like(target, -60.0)
    assert loss(black, target) > DiceLoss()(black, target) > 0.5


def test_a_vanishing_gradient_is_not_amplified_without_limit():
    logits, target = batch()
    vanished = CompositeLoss({"none": Term(L2Loss(), 1e-20)})
    loss = GradientBalancedLoss({"l2": Term(L2Loss()), "vanished": Term(vanished)})
    assert torch.allclose(gradient(loss, logits, target), gradient(L2Loss(), logits, target), atol=1e-7)


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: CompositeLoss({}), "one or more losses with plain names"),
        (lambda: CompositeLoss({"a.b": Term(L2Loss())}), r"plain names .* got \['a.b'\]"),
        (lambda: CompositeLoss({"a": Term(L2Loss(), 0)}), "must not all be 0, at progress 0 they are"),
        (lambda: CompositeLoss({"a": Term(L2Loss(), LinearRamp(0, 1))}), "must not all be 0, at progress 0 they are"),
        (
            lambda: GradientBalancedLoss({"a": Term(L2Loss(), LinearRamp(1, 0)), "b": Term(L1Loss(), 0)}),
            "must not all be 0, at progress 1 they are",
        ),
        (lambda: Term(L2Loss(), -1), "weight must be >= 0 and finite, got -1"),
        (lambda: LinearRamp(-1, 1), "start must be >= 0"),
        (lambda: LinearRamp(0, float("inf")), "stop must be >= 0 and finite, got inf"),
        (lambda: LinearRamp(0, 1, until=2), r"until must be in \[0, 1\], got 2"),
        (lambda: LinearRamp(0, 1, until=0), "until must be > 0, got 0"),
    ],
)
def test_a_term_out_of_range_is_refused(build, rule):
    with pytest.raises(ValueError, match=rule):
        build()
