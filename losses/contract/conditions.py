"""Rules of the contract about conditions: sizes, batches, precision, state."""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from losses.base import SegmentationLoss, UndefinedOnVoidError
from losses.contract.examples import CERTAIN, certain, example
from losses.contract.requirements import CLOSE, require, require_equal, value_and_gradient


def images_of_any_size_are_accepted(loss: SegmentationLoss, channels: int) -> None:
    """Odd and unequal sides, one image or several."""
    for images, height, width in ((1, 8, 8), (1, 17, 23), (3, 31, 64), (2, 101, 75)):
        logits, target = example(loss, channels, images, height, width)
        value_and_gradient(loss, logits, target, f"{images} images of {height} x {width}")


def a_batch_costs_the_mean_of_its_images(loss: SegmentationLoss, channels: int) -> None:
    """An image's value must not depend on the other images, however many there are."""
    logits, target = example(loss, channels, images=7, height=11, width=16)
    alone = torch.stack([loss(logits[n : n + 1], target[n : n + 1]) for n in range(len(logits))])
    for images in (2, 3, 4, 7):
        together = loss(logits[:images], target[:images])
        require_equal(loss, together, alone[:images].mean(), f"a batch of {images} must cost the mean of its images")


def padding_is_ignored(loss: SegmentationLoss, channels: int) -> None:
    """Pixels outside of `valid` must have neither influence nor gradient."""
    logits, target = example(loss, channels)
    valid = torch.zeros_like(target[:, :1]).bool()
    valid[..., 2:14, 1:15] = True
    inside = (..., slice(2, 14), slice(1, 15))
    cut = loss(logits[inside], target[inside])
    free = torch.where(valid, logits, CERTAIN).requires_grad_()
    value = loss(free, target, valid)
    require_equal(loss, value, cut, "padding must not change the value")
    (gradient,) = torch.autograd.grad(value, free)
    require(not gradient[~valid.expand_as(gradient)].any(), loss, "padding must have no gradient")


def void_pixels_are_ignored(loss: SegmentationLoss, channels: int) -> None:
    """Single pixels outside of `valid` must have neither influence nor gradient, unless the loss refuses them."""
    logits, target = example(loss, channels)
    valid = torch.ones_like(target[:, :1]).bool()
    valid[..., 3:6, 4:12] = valid[..., 8, :] = valid[:1, :, ::3, ::2] = False
    free = logits.clone().requires_grad_()
    try:
        value = loss(free, target, valid)
    except UndefinedOnVoidError:
        require(not loss.permutation_invariant, loss, "a permutation invariant loss must be defined on void pixels")
        return
    (gradient,) = torch.autograd.grad(value, free)
    require(not gradient[~valid.expand_as(gradient)].any(), loss, "void pixels must have no gradient")
    other = loss(torch.where(valid, logits, -CERTAIN), torch.where(valid, target, 1 - target), valid)
    require_equal(loss, other, value, "void pixels must not change the value")
    perfect = loss(torch.where(valid, certain(target), CERTAIN), target, valid).item()
    near = abs(perfect - loss.bounds[0]) < CLOSE
    require(near, loss, f"what is predicted at void pixels must cost nothing, it costs {perfect - loss.bounds[0]:g}")


def places_do_not_matter_where_the_loss_says_so(loss: SegmentationLoss, channels: int) -> None:
    """If it is `permutation_invariant`, pixels that change places with their targets must not change the value."""
    if not loss.permutation_invariant:
        return
    logits, target = example(loss, channels)
    order = torch.randperm(target[0, 0].numel(), generator=torch.Generator().manual_seed(0)).to(target.device)
    moved = [batch.flatten(2)[..., order].reshape(batch.shape) for batch in (logits, target)]
    require_equal(loss, loss(*moved), loss(logits, target), "it says that it is permutation invariant, but is not")


def half_precision_is_computed_in_float32(loss: SegmentationLoss, channels: int) -> None:
    """Also under autocast."""
    logits, target = example(loss, channels)
    with torch.autocast(logits.device.type, dtype=torch.bfloat16):
        inside = loss(logits, target)
    require_equal(loss, inside, loss(logits, target), "autocast must not change the value")
    for dtype in (torch.float16, torch.bfloat16):
        half = logits.to(dtype)
        require_equal(loss, loss(half, target), loss(half.float(), target), f"{dtype} must be computed in float32")


def validation_costs_the_same_as_training(loss: SegmentationLoss, channels: int) -> None:
    """In evaluation mode, without gradients and in inference mode, which validation uses."""
    logits, target = example(loss, channels)
    expected = loss.train()(logits.clone().requires_grad_(), target).detach()
    require_equal(loss, loss.eval()(logits, target), expected, "training and evaluation must cost the same")
    with torch.no_grad():
        require_equal(loss, loss(logits, target), expected, "no_grad must not change the value")
    try:
        with torch.inference_mode():
            value = loss(logits.clone(), target.clone())
    except RuntimeError as error:
        raise ValueError(
            f"{type(loss).__name__}: validation runs in inference mode, where it raises: {error}"
        ) from error
    require_equal(loss, value, expected, "inference mode must not change the value")


def nothing_is_kept_between_batches(loss: SegmentationLoss, channels: int) -> None:
    """A batch must cost the same first and after another one in the same memory."""
    fresh = copy.deepcopy(loss)
    (logits, target), (later_logits, later_target) = (
        example(loss, channels, images=2),
        example(loss, channels, images=4),
    )
    expected = fresh(later_logits[2:], later_target[2:])
    first = loss(logits, target)
    kept = (logits.clone(), target.clone())
    logits.copy_(later_logits[2:])
    target.copy_(later_target[2:])
    require_equal(loss, loss(logits, target), expected, "a batch must cost the same after another batch as at first")
    require_equal(loss, loss(*kept), first, "the same batch must cost the same after another batch")


def generators_and_inputs_keep_their_values(loss: SegmentationLoss, channels: int) -> None:
    """Neither the global random generators nor logits and target may change."""
    logits, target = example(loss, channels)
    given = (logits.clone(), target.clone())
    with torch.no_grad():
        loss(logits, target)
    for name, tensor, original in zip(("logits", "target"), (logits, target), given, strict=True):
        require(torch.equal(tensor, original), loss, f"the {name} must not be changed in place")
    with _seeded_generators() as before:
        value_and_gradient(loss, logits, target, "random logits")
        changed = [name for name, state in _generators().items() if state != before[name]]
    require(not changed, loss, f"global random generators must keep their states: {', '.join(changed)} changed")


@contextmanager
def _seeded_generators() -> Iterator[dict[str, Any]]:
    """Give the global generators states that no loss would set, and their own ones back at the end."""
    legacy, state = np.random.get_state(), random.getstate()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(271_828_182)
        np.random.seed(271_828_182)
        random.seed(271_828_182)
        try:
            yield _generators()
        finally:
            np.random.set_state(legacy)
            random.setstate(state)


def _generators() -> dict[str, Any]:
    """Return the states of the global generators, comparable by ==."""
    legacy: Any = np.random.get_state()
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": (legacy[1].tobytes(), legacy[2:]),
        "random": random.getstate(),
    }
