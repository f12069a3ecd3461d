"""Where a network looks: the part of an image that its answer at boundary pixels rests on.

Source:
    Sundararajan, Taly and Yan, ICML 2017 (integrated gradients), as captum has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from seg.audit.cases import MARGIN_PX, Case, Image

#: Images that are examined, boundary pixels in each, and steps of the integral.
IMAGES, PIXELS, STEPS = 6, 4, 6

#: Of larger images only a window is examined, in pixels.
WINDOW_PX = 512

Places = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Look:
    """What the answer at some boundary pixels of an image rests on.

    Attributes:
        name: of the image.
        image: (C, H, W).
        weight: absolute attribution of each pixel, (H, W), with sum 1.
        near: (H, W), True within `MARGIN_PX` of the boundary pixels.
    """

    name: str
    image: Image
    weight: Image
    near: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Share of the attribution within the distance that a boundary needs."""
        return float(self.weight[self.near].sum())


@dataclass(frozen=True)
class Attribution:
    """How near to the boundary a network looks.

    Attributes:
        shares: of the attribution within `MARGIN_PX`, one per image.
        untrained: the same of an untrained network.
        example: the image with the smallest share.
    """

    shares: list[float]
    untrained: list[float]
    example: Look = field(repr=False)

    @property
    def share(self) -> float:
        """Mean over the images."""
        return float(np.mean(self.shares))

    @property
    def untrained_share(self) -> float:
        """Mean over the images, of the untrained network."""
        return float(np.mean(self.untrained))

    @property
    def flagged(self) -> bool:
        """Whether the network looks no nearer to the boundary than before its training."""
        return self.share <= self.untrained_share

    @property
    def sentence(self) -> str:
        """What was seen."""
        return (
            f"{self.share:.0%} of what the answer at boundary pixels rests on is within {MARGIN_PX} px of them, "
            f"of an untrained network {self.untrained_share:.0%}"
        )


def attribute(cases: Sequence[Case], network: nn.Module, untrained: nn.Module, seed: int = 0) -> Attribution | None:
    """Attribute the answers at boundary pixels to the pixels of the images.

    Args:
        cases: of the audit; images without boundary are left out.
        network: images (N, C, H, W) -> logits (N, K, H, W), channel 0 the boundary.
        untrained: the same network before any training.
        seed: of the choice of pixels.

    Returns:
        None where no image has a boundary.
    """
    rng = np.random.default_rng(seed)
    chosen = [_draw(case, rng) for case in cases if case.truth.any()][:IMAGES]
    if not chosen:
        return None
    calibrated = with_statistics(untrained, [case.image for case, _ in chosen])
    looks = [_look(case, places, network.eval()) for case, places in chosen]
    before = [_look(case, places, calibrated).share for case, places in chosen]
    return Attribution([look.share for look in looks], before, min(looks, key=lambda look: look.share))


def _draw(case: Case, rng: np.random.Generator) -> tuple[Case, Places]:
    """Return a window of the image around some of its boundary, and boundary pixels in it."""
    center = rng.choice(np.argwhere(case.truth))
    rows, columns = (
        slice(start, start + WINDOW_PX)
        for start in (
            max(0, min(at - WINDOW_PX // 2, side - WINDOW_PX))
            for at, side in zip(center, case.truth.shape, strict=True)
        )
    )
    window = replace(case, image=case.image[:, rows, columns], truth=case.truth[rows, columns])
    drawn = rng.permutation(np.argwhere(window.truth))[:PIXELS]
    return window, (drawn[:, 0], drawn[:, 1])


def _look(case: Case, places: Places, network: nn.Module) -> Look:
    far = np.ones(case.truth.shape, bool)
    far[places] = False
    near = ndimage.distance_transform_edt(far) <= MARGIN_PX
    return Look(case.name, case.image, integrated_gradients(network, case.image, places), near)


def integrated_gradients(network: nn.Module, image: Image, places: Places) -> Image:
    """Return how much each pixel contributes to the logits at some places, absolute, (H, W), with sum 1.

    The path begins at an image without structure, the median of each channel.

    Args:
        network: images (N, C, H, W) -> logits (N, K, H, W), in evaluation mode.
        image: (C, H, W).
        places: rows and columns.
    """
    plain = np.broadcast_to(np.median(image, axis=(1, 2), keepdims=True), image.shape)
    size: Image = np.abs(gradients(network, image, places, plain)).sum(axis=0)
    return size / max(float(size.sum()), 1e-12)


def gradients(network: nn.Module, image: Image, places: Places, plain: Image) -> Image:
    """Return what each pixel adds to the sum of the logits at some places, (C, H, W).

    Args:
        network: images (N, C, H, W) -> logits (N, K, H, W), in evaluation mode.
        image: (C, H, W).
        places: rows and columns.
        plain: where the path begins, (C, H, W).
    """
    from captum.attr import IntegratedGradients  # noqa: PLC0415  # imports matplotlib.pyplot

    rows, columns = (torch.from_numpy(each) for each in places)

    def answer(images: Tensor) -> Tensor:
        logits: Tensor = network(images)
        return logits[:, 0, rows, columns].sum(dim=1)

    inputs, start = (torch.from_numpy(np.array(each, np.float32))[None] for each in (image, plain))
    weights = IntegratedGradients(answer).attribute(inputs, start, n_steps=STEPS, internal_batch_size=1)
    added: Image = weights.detach()[0].numpy().astype(np.float32)
    return added


def with_statistics(network: nn.Module, images: Sequence[Image]) -> nn.Module:
    """Return an untrained network whose batch normalization has the statistics of some images, in evaluation mode.

    Args:
        network: is changed.
        images: (C, H, W) each.
    """
    normalizing = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for module in normalizing:
        module.reset_running_stats()
        module.momentum = None  # the mean over all images
    with torch.inference_mode():
        network.train()
        for image in images:
            network(torch.from_numpy(np.ascontiguousarray(image, np.float32))[None])
    return network.eval()
