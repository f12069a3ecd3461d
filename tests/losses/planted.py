"""Losses with one planted mistake each, and the rule of the contract that finds it."""

import random

import numpy as np
import torch
from torch import Tensor

from losses import BceLoss, DiceLoss, L2Loss, SegmentationLoss
from losses.base import UndefinedOnVoidError
from losses.soft_counts import count_softly


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


class Raising(L2Loss):
    def per_image(self, logits, target):
        raise RuntimeError("no such kernel")


class Uncopyable(L2Loss):
    def __deepcopy__(self, memo):
        raise TypeError("cannot be copied")


# values


class UpsideDown(L2Loss):
    """Prefers the opposite of the mask."""

    def per_image(self, logits, target):
        return super().per_image(-logits, target)


class Offset(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) + 0.5


class SwappedChannels(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target.flip(1))


class Unbounded(BceLoss):
    bounds = (0.0, 1.0)


class Tversky(SegmentationLoss):
    """The Tversky loss without its checks of alpha and beta."""

    def __init__(self, alpha, beta, power=1.0):
        super().__init__()
        self.alpha, self.beta, self.power = alpha, beta, power

    def per_image(self, logits, target):
        both, predicted, true = count_softly(logits, target)
        errors = self.alpha * (predicted - both) + self.beta * (true - both)
        return ((errors / (both + errors + 1)).clamp_min(1e-9) ** self.power).mean(dim=1)


class MissesAreFree(Tversky):
    """Black is perfect."""

    def __init__(self):
        super().__init__(1.0, 0.0)


class MissesAreFreeInFocalTversky(Tversky):
    def __init__(self):
        super().__init__(1.0, 0.0, power=0.75)


class FalseBoundaryIsFree(Tversky):
    """White is perfect."""

    def __init__(self):
        super().__init__(0.0, 1.0)


class WeightedPixels(SegmentationLoss):
    """Squared errors with a weight for each pixel."""

    def weights(self, logits, target):
        raise NotImplementedError

    def per_image(self, logits, target):
        return ((logits.sigmoid() - target).square() * self.weights(logits, target)).mean(dim=(1, 2, 3))


class BoundaryWeighsNothing(WeightedPixels):
    """As the focal loss with alpha 0, or cross-entropy with a boundary weight of 0."""

    def weights(self, logits, target):
        return 1 - target


class BackgroundWeighsNothing(WeightedPixels):
    def weights(self, logits, target):
        return target


class _Places(WeightedPixels):
    """Leaves out the places named by `left_out`, an index into (N, K, H, W)."""

    left_out: tuple = ()

    def weights(self, logits, target):
        weights = torch.ones_like(target)
        weights[self.left_out] = 0
        return weights


class LeftHalfOnly(_Places):
    def weights(self, logits, target):
        weights = torch.ones_like(target)
        weights[..., target.shape[3] // 2 :] = 0
        return weights


class WithoutLastRow(_Places):
    left_out = (..., -1, slice(None))


class WithoutLastColumn(_Places):
    left_out = (..., -1)


class WithoutOnePixel(_Places):
    left_out = (..., 0, 7)


class FirstChannelOnly(_Places):
    left_out = (slice(None), slice(1, None))


class FirstPixelsOnly(WeightedPixels):
    """Looks at no more than 64 x 64 pixels."""

    def weights(self, logits, target):
        weights = torch.zeros_like(target)
        weights[..., :64, :64] = 1
        return weights


# gradients


class Overflowing(L2Loss):
    """The odds overflow beyond logits of 88."""

    def per_image(self, logits, target):
        odds = ((1 - 2 * target) * logits).exp()
        return (odds / (1 + odds)).square().mean(dim=(1, 2, 3))


class UnsmoothedDice(SegmentationLoss):
    """Dice as two libraries have it: an empty mask costs 0 and has no gradient."""

    def per_image(self, logits, target):
        probability = logits.sigmoid()
        both, total = (probability * target).sum(dim=(1, 2, 3)), (probability + target).sum(dim=(1, 2, 3))
        return (1 - 2 * both / total.clamp_min(1e-6)) * (target.sum(dim=(1, 2, 3)) > 0)


class WrongGradient(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits + 0.3 * logits.detach(), target)


class _Backward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return logits.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.factor, None


class ScaledGradient(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(_Backward.apply(logits, 1e12), target)


class AdmittedlyScaledGradient(ScaledGradient):
    gradient_is_derivative = False


class AdmittedlyReversedGradient(L2Loss):
    gradient_is_derivative = False

    def per_image(self, logits, target):
        return super().per_image(_Backward.apply(logits, -1.0), target)


class DetachedBoundary(L2Loss):
    gradient_is_derivative = False

    def per_image(self, logits, target):
        return super().per_image(torch.where(target > 0, logits.detach(), logits), target)


# conditions


class EvenSizesOnly(L2Loss):
    def per_image(self, logits, target):
        halves = (logits.sigmoid() - target).square().unflatten(3, (-1, 2))
        return halves.mean(dim=(1, 2, 3, 4))


class OneSizeOnly(L2Loss):
    """A cache of the first image's size."""

    def __init__(self):
        super().__init__()
        self.weights = torch.ones(16, 16)

    def per_image(self, logits, target):
        return ((logits.sigmoid() - target).square() * self.weights).mean(dim=(1, 2, 3))


class Pooled(L2Loss):
    """One value of the whole batch: an image's value depends on its neighbors."""

    def per_image(self, logits, target):
        return DiceLoss().per_image(logits.transpose(0, 2), target.transpose(0, 2)).mean().expand(len(logits))


class HardMining(L2Loss):
    """From three images on the easiest one is left out."""

    def per_image(self, logits, target):
        values = super().per_image(logits, target)
        return values if len(values) < 3 else values * (values > values.min())


class IgnoresValid(L2Loss):
    def forward(self, logits, target, valid=None):
        return super().forward(logits, target)


class CenterWeighsMore(L2Loss):
    """Depends on the place of a pixel, but inherits that it does not."""

    def per_image(self, logits, target):
        weight = torch.hann_window(target.shape[3]) + 0.1
        return ((logits.sigmoid() - target).square() * weight).mean(dim=(1, 2, 3))


class IgnoresHoles(L2Loss):
    """Takes the rectangle around the valid pixels for valid."""

    def per_annotated(self, logits, target, valid):
        return self.per_image(logits, target)


class RefusesVoid(L2Loss):
    def per_annotated(self, logits, target, valid):
        raise UndefinedOnVoidError("none")


class Half(L2Loss):
    def forward(self, logits, target, valid=None):
        if valid is not None:
            return super().forward(logits, target, valid)
        return self.per_image(logits, target.to(logits.dtype)).mean()


class EvaluatesDifferently(L2Loss):
    def per_image(self, logits, target):
        return super().per_image(logits, target) * (1 if self.training else 2)


class NeedsAutograd(L2Loss):
    """Weights by its own gradient, and replaces what makes that possible in validation."""

    def forward(self, logits, target, valid=None):
        with torch.enable_grad():
            free = logits.detach().requires_grad_()
            (gradient,) = torch.autograd.grad((free.sigmoid() - target).square().sum(), free)
        return super().forward(logits, target, valid) * (1 + 0 * gradient.sum())


class Remembering(L2Loss):
    def __init__(self):
        super().__init__()
        self.mean = 0.0

    def per_image(self, logits, target):
        value = super().per_image(logits, target) * (1 + 0.1 * self.mean)
        self.mean = logits.detach().mean()
        return value


class CachesWeights(WeightedPixels):
    """Weights of the first batch are used for all later ones of that shape."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    def weights(self, logits, target):
        if target.shape not in self.cache:
            self.cache[target.shape] = 1 + target.mean(dim=(2, 3), keepdim=True) * torch.ones_like(target)
            self.cache[target.shape] = self.cache[target.shape] + target.roll(1, 3)
        return self.cache[target.shape]


class CachesByMemory(CachesWeights):
    def weights(self, logits, target):
        key = (target.data_ptr(), target.shape)
        if key not in self.cache:
            self.cache[key] = 1 + target.roll(1, 3)
        return self.cache[key]


class Reseeding(L2Loss):
    def per_image(self, logits, target):
        torch.manual_seed(0)
        return super().per_image(logits, target)


class ReseedingNumpy(L2Loss):
    def per_image(self, logits, target):
        np.random.seed(0)
        return super().per_image(logits, target)


class DrawingNumbers(L2Loss):
    def per_image(self, logits, target):
        random.random()
        return super().per_image(logits, target)


class ChangesTheTarget(L2Loss):
    def per_image(self, logits, target):
        value = super().per_image(logits, target)
        target.clamp_(0.05, 0.95)
        return value


PLANTED = [
    (Scalar(), "per image returns one value per image", r"must return one value per image, \(2,\), got \(\)"),
    (Raising(), "per image returns one value per image", "it raised RuntimeError: no such kernel"),
    (Uncopyable(), "per image returns one value per image", "it raised TypeError: cannot be copied"),
    (Detached(), "value and gradient are finite for random logits", "it has no gradient"),
    (NotANumber(), "value and gradient are finite for random logits", "must be finite, got nan"),
    (Constant(), "value and gradient are finite for random logits", "must not be zero everywhere"),
    (Overflowing(), "value and gradient are finite for extreme logits", "for logits of 90 .* must be finite, got nan"),
    (UpsideDown(), "the perfect prediction costs least", "must cost the lower bound, 0, it costs 1"),
    (Offset(), "the perfect prediction costs least", "must cost the lower bound, 0, it costs 0.5"),
    (SwappedChannels(), "the perfect prediction costs least", "must cost the lower bound, 0, it costs"),
    (MissesAreFree(), "the perfect prediction costs least", "black must cost more than the perfect prediction"),
    (Unbounded(), "values stay within the bounds", "outside of the bounds 0 and 1"),
    (MissesAreFree(), "every missed boundary costs", "a missed boundary in channel 0, row 0"),
    (MissesAreFreeInFocalTversky(), "every missed boundary costs", "a missed boundary in channel 0, row 0"),
    (BoundaryWeighsNothing(), "every missed boundary costs", "must cost more than the perfect prediction"),
    (FalseBoundaryIsFree(), "every false boundary costs", "a false boundary in channel 0, row 0"),
    (BackgroundWeighsNothing(), "every false boundary costs", "must cost more than the perfect prediction"),
    (LeftHalfOnly(), "every false boundary costs", "row 0, column 9 of"),
    (WithoutLastRow(), "every false boundary costs", "row 14, column 0 of"),
    (WithoutLastColumn(), "every false boundary costs", "row 0, column 18 of"),
    (WithoutOnePixel(), "every false boundary costs", "row 0, column 7 of"),
    (FirstChannelOnly(), "every missed boundary costs", "a missed boundary in channel 1"),
    (FirstChannelOnly(), "every false boundary costs", "a false boundary in channel 1"),
    (FirstChannelOnly(), "all black and all white cost in each channel", "channel 1 predicted all background"),
    (MissesAreFree(), "all black and all white cost in each channel", "channel 0 predicted all background"),
    (FalseBoundaryIsFree(), "all black and all white cost in each channel", "channel 0 predicted all boundary"),
    (FirstPixelsOnly(), "every part of a large image counts", "at place 2 of 9"),
    (UnsmoothedDice(), "a false boundary on an empty mask is reduced", "must be reduced, its gradient sums to 0"),
    (
        DetachedBoundary(),
        "the gradient reduces errors of both classes in each channel",
        "a missed boundary in channel 0 must be reduced, its gradient sums to 0",
    ),
    (
        AdmittedlyReversedGradient(),
        "the gradient reduces errors of both classes in each channel",
        "a missed boundary in channel 0 must be reduced",
    ),
    (
        FirstChannelOnly(),
        "the gradient reduces errors of both classes in each channel",
        "a missed boundary in channel 1 must be reduced",
    ),
    (WrongGradient(), "the gradient is the derivative", "must be the derivative"),
    (ScaledGradient(), "the gradient is the derivative", "must be the derivative"),
    (
        AdmittedlyScaledGradient(),
        "the gradient is proportional to the value",
        r"not \S+e\+1[12] of it",
    ),
    (AdmittedlyReversedGradient(), "the gradient is proportional to the value", "not -"),
    (EvenSizesOnly(), "images of any size are accepted", "it raised RuntimeError"),
    (OneSizeOnly(), "images of any size are accepted", "it raised RuntimeError"),
    (Pooled(), "a batch costs the mean of its images", "a batch of 2 must cost the mean of its images"),
    (HardMining(), "a batch costs the mean of its images", "a batch of 3 must cost the mean of its images"),
    (IgnoresValid(), "padding is ignored", "padding must not change the value"),
    (IgnoresHoles(), "void pixels are ignored", "what is predicted at void pixels must cost nothing, it costs 0."),
    (RefusesVoid(), "void pixels are ignored", "a permutation invariant loss must be defined on void pixels"),
    (CenterWeighsMore(), "places do not matter where the loss says so", "it says that it is permutation invariant"),
    (Half(), "half precision is computed in float32", "must be computed in float32"),
    (EvaluatesDifferently(), "validation costs the same as training", "training and evaluation must cost the same"),
    (NeedsAutograd(), "validation costs the same as training", "validation runs in inference mode, where it raises"),
    (Remembering(), "nothing is kept between batches", "must cost the same after another batch"),
    (CachesWeights(), "nothing is kept between batches", "must cost the same after another batch as at first"),
    (CachesByMemory(), "nothing is kept between batches", "must cost the same after another batch as at first"),
    (Reseeding(), "generators and inputs keep their values", "must keep their states: torch changed"),
    (ReseedingNumpy(), "generators and inputs keep their values", "must keep their states: numpy changed"),
    (DrawingNumbers(), "generators and inputs keep their values", "must keep their states: random changed"),
    (ChangesTheTarget(), "generators and inputs keep their values", "the target must not be changed in place"),
]
