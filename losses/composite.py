"""Weighted sums of losses."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from losses.base import SegmentationLoss
from losses.checks import require_share, require_weight

#: The values of a loss for logits.
Compute = Callable[[SegmentationLoss, Tensor], Tensor]


@dataclass(frozen=True)
class LinearRamp:
    """A weight that changes linearly from `start` to `stop`, then stays constant.

    Attributes:
        start: >= 0, at the first step.
        stop: >= 0, from `until` on.
        until: share of the training after which it is constant, in (0, 1].

    Raises:
        ValueError: a value is out of range.
    """

    start: float
    stop: float
    until: float = 1.0

    def __post_init__(self) -> None:
        require_weight("start", self.start)
        require_weight("stop", self.stop)
        require_share("until", self.until)
        if self.until == 0:
            raise ValueError("until must be > 0, got 0: for a constant weight give a number")

    def at(self, progress: float) -> float:
        """Return the weight at a completed share of the training, in [0, 1]."""
        return self.start + (self.stop - self.start) * min(progress / self.until, 1.0)


@dataclass(frozen=True)
class Term:
    """A loss of a sum, and its weight.

    Attributes:
        loss: any loss.
        weight: >= 0, a number or a ramp.

    Raises:
        ValueError: the weight is negative or not finite.
    """

    loss: SegmentationLoss
    weight: float | LinearRamp = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.weight, LinearRamp):
            require_weight("weight", self.weight)


class CompositeLoss(SegmentationLoss):
    """A weighted sum of named losses.

    L = sum over terms of w_k(s) L_k, s the completed share of the training.

    Args:
        terms: name -> loss and weight. Each term is logged under its name, without its weight.

    Attributes:
        last_terms: name -> mean over the images of the latest batch, for the log.

    Raises:
        ValueError: there is no term, a name is not an identifier, or all weights are 0 at the start or at the end.

    Source:
        Johnson, Alahi and Fei-Fei, ECCV 2016 (pixels and features), among many.
    """

    def __init__(self, terms: dict[str, Term]) -> None:
        super().__init__()
        if not terms or not all(name.isidentifier() for name in terms):
            raise ValueError(
                f"terms must be one or more losses with plain names (letters, digits, _), got {list(terms)}"
            )
        for progress in (0.0, 1.0):
            if not any(_weight_at(term.weight, progress) for term in terms.values()):
                raise ValueError(f"the weights of the terms must not all be 0, at progress {progress:g} they are")
        self.losses = nn.ModuleDict({name: term.loss for name, term in terms.items()})
        self.weights = {name: term.weight for name, term in terms.items()}
        self.last_terms: dict[str, Tensor] = {}
        self._seen: list[dict[str, Tensor]] | None = None  # of the batch that is being computed
        lowest, highest = zip(*map(_bounds_of, terms.values()), strict=True)
        self.bounds = (sum(lowest), sum(highest))
        self.permutation_invariant = all(term.loss.permutation_invariant for term in terms.values())

    def weight(self, name: str) -> float:
        """Return the current weight of a term."""
        return _weight_at(self.weights[name], self.progress)

    def forward(self, logits: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return the mean over the images, and keep those of the terms."""
        self._seen = []
        loss = super().forward(logits, target, valid)
        if self._seen:
            self.last_terms = {name: torch.cat([values[name] for values in self._seen]).mean() for name in self.losses}
        self._seen = None
        return loss

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted sums."""
        return self._sum(logits, lambda loss, free: loss.per_image(free, target))

    def per_annotated(self, logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Return the weighted sum, (1,), of what the terms are beside void pixels."""
        return self._sum(logits, lambda loss, free: loss.per_annotated(free, target, valid))

    def _sum(self, logits: Tensor, compute: Compute) -> Tensor:
        values = self._values(logits, compute)
        return torch.stack([self.weight(name) * value for name, value in values.items()]).sum(dim=0)

    def _values(self, logits: Tensor, compute: Compute) -> dict[str, Tensor]:
        values = {name: compute(loss, logits) for name, loss in self._named()}
        if self._seen is not None:
            self._seen.append({name: value.detach() for name, value in values.items()})
        return values

    def _named(self) -> list[tuple[str, SegmentationLoss]]:
        return [(name, loss) for name, loss in self.losses.items() if isinstance(loss, SegmentationLoss)]


def _weight_at(weight: float | LinearRamp, progress: float) -> float:
    return weight.at(progress) if isinstance(weight, LinearRamp) else weight


def _bounds_of(term: Term) -> tuple[float, float]:
    largest = max(term.weight.start, term.weight.stop) if isinstance(term.weight, LinearRamp) else term.weight
    lowest, highest = term.loss.bounds
    return min(0.0, largest * lowest), largest * highest if largest else 0.0


#: Two gradients that both vanish are of equal length: a saturated wrong prediction costs its unscaled value.
_TINY = 1e-30
_LARGEST_SCALE = 1000


class GradientBalancedLoss(CompositeLoss):
    """A sum of named losses whose gradients are scaled to the length of the first one's, then weighted.

    L = sum over terms of w_k(s) (|g_1| / |g_k|) L_k, g_k the gradient of L_k with respect to the image's logits, taken
    as a constant: the weights alone set the influence of each term, whatever its unit. A gradient shorter than a
    thousandth of the first one's is scaled by a thousand. Each term is computed twice.

    Args:
        terms: name -> loss and weight.

    Source:
        Chen et al., ICML 2018 (GradNorm), here without learned weights.
    """

    def __init__(self, terms: dict[str, Term]) -> None:
        super().__init__(terms)
        self.bounds = (self.bounds[0], float("inf"))
        self.gradient_is_derivative = False

    def _sum(self, logits: Tensor, compute: Compute) -> Tensor:
        values = self._values(logits, compute)
        lengths = torch.stack([_gradient_length(loss, logits, compute) for _, loss in self._named()])
        scales = ((lengths[:1] + _TINY) / (lengths + _TINY)).clamp_max(_LARGEST_SCALE)
        weights = torch.tensor([self.weight(name) for name in values], dtype=logits.dtype, device=logits.device)
        return (weights[:, None] * scales * torch.stack(list(values.values()))).sum(dim=0)


def _gradient_length(loss: SegmentationLoss, logits: Tensor, compute: Compute) -> Tensor:
    with torch.enable_grad():
        free = logits.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(compute(loss, free).sum(), free)
    length: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return length
