"""Datasets for the network: random crops for training, whole images for everything else."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import albumentations
import cv2
import numpy as np
import torch
from albumentations import BaseCompose, BasicTransform
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from seg.data.sample import Chosen, Sample, Window
from seg.data.sampling import CropKey
from seg.data.scaling import IntensityScaling, Limits, limits_of, match_channels, normalize, prepare, scale
from seg.data.targets import Masks, Target, annotation_of, stack_targets, targets_of, void_value
from seg.data.windows import random_window, window_around


class Batch(TypedDict):
    """Input of the model: image (N, C, H, W) in [-1, 1], mask (N, K, H, W) of 0 and 1, the names of the N images.

    Channel 0 of the mask is the boundary, see `seg.data.targets`.

    Whole images also have labels, (N, H, W) int32, if their source has them. Partly annotated data has valid,
    (N, 1, H, W) bool, False at void pixels.
    """

    image: Tensor
    mask: Tensor
    name: list[str]
    labels: NotRequired[Tensor]
    valid: NotRequired[Tensor]


class WholeImages(Dataset[dict[str, Any]]):
    """Whole images, or windows of large ones, with their masks and, if the source has them, their labels.

    Args:
        samples: the images; a window is scaled by the intensities of the whole image.
        scaling: of the intensities.
        channels: of the network's input.
        targets: channels of the mask.
        alone: channels that are scaled each by itself; see `IntensityScaling.limits`.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        scaling: IntensityScaling,
        channels: int,
        targets: Sequence[Target],
        alone: int = 1,
    ) -> None:
        self.samples, self.scaling, self.channels, self.targets = samples, scaling, channels, targets
        self.alone, self._known = alone, dict[str, Limits]()

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample, origin = self.samples[index].whole(), self.samples[index].origin
        if origin is self.samples[index]:
            image = prepare(sample.image, self.scaling, self.channels, self.alone)
        else:
            image = normalize(scale(match_channels(sample.image, self.channels), self._limits(origin)))
        item = _item(sample.name, image, stack_targets(self.targets, sample.mask, sample.labels), sample.valid)
        return item if sample.labels is None else item | {"labels": torch.from_numpy(sample.labels)}

    def _limits(self, origin: Sample) -> Limits:
        """Return the limits of a large image, measured once for all of its windows."""
        if origin.name not in self._known:
            self._known[origin.name] = limits_of(origin, self.scaling, self.channels, self.alone)
        return self._known[origin.name]


class RandomCrops(Dataset[dict[str, Any]]):
    """Augmented crops; crop `index` of epoch `epoch` depends only on (seed, epoch, index).

    All losses of a comparison are therefore trained on the same crops, and a resumed run continues with the crops that
    it would have seen.

    Args:
        samples: images to crop.
        scaling: of the intensities, measured on the whole image.
        channels: of the network's input.
        crop_px: side of a crop. Smaller images are padded by reflection. Every crop has annotated pixels.
        transforms: albumentations, applied to the crop with intensities in [0, 1] and its mask.
        seed: of the run.
        targets: channels of the mask.
        boundary_share: share of the crops that are drawn around a random pixel of the boundary, in [0, 1].
        alone: channels that are scaled each by itself; see `IntensityScaling.limits`.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        scaling: IntensityScaling,
        channels: int,
        crop_px: int,
        transforms: Sequence[BasicTransform | BaseCompose],
        seed: int,
        targets: Sequence[Target] = ("boundary",),
        boundary_share: float = 0.0,
        alone: int = 1,
    ) -> None:
        self.samples, self.channels, self.seed, self.targets = samples, channels, seed, targets
        self.crop_px, self.boundary_share = crop_px, boundary_share
        self.limits = [limits_of(sample, scaling, channels, alone) for sample in samples]
        self.random = albumentations.RandomCrop(
            crop_px, crop_px, pad_if_needed=True, border_mode=cv2.BORDER_REFLECT_101, pad_position="random"
        )
        self.crop = albumentations.Compose([self.random])
        self.transforms = albumentations.Compose(list(transforms))
        self.partly = any(sample.partly for sample in samples)  # annotated: then every item says where

    def __getitem__(self, key: CropKey) -> dict[str, Any]:
        epoch, index = key
        number = index % len(self.samples)
        seeds = np.random.SeedSequence((self.seed, epoch, index)).generate_state(3)
        sample = self.samples[number]
        crop = self._crop(sample, int(seeds[0]), np.random.default_rng(int(seeds[2])))
        self.transforms.set_random_seed(int(seeds[1]))
        changed = self.transforms(image=scale(crop["image"], self.limits[number]), mask=crop["mask"])
        masks, valid = targets_of(self.targets, changed["mask"], sample.thickness_px)
        return _item(sample.name, normalize(changed["image"]), masks, valid if self.partly else None)

    def _crop(self, sample: Sample, seed: int, rng: np.random.Generator) -> dict[str, Any]:
        """Return a random crop of image and annotation."""
        if self.boundary_share and rng.random() < self.boundary_share and sample.count("boundary"):
            return self._crop_around(sample, "boundary", seed, rng)
        crop = self._cut(sample, random_window(self.random, sample.shape, seed), seed)
        if not sample.partly or (crop["mask"] != void_value(crop["mask"])).any():
            return crop
        return self._crop_around(sample, "annotated", seed, rng)

    def _crop_around(self, sample: Sample, chosen: Chosen, seed: int, rng: np.random.Generator) -> dict[str, Any]:
        return self._cut(sample, window_around(sample, chosen, self.crop_px, rng), seed)

    def _cut(self, sample: Sample, window: Window, seed: int) -> dict[str, Any]:
        """Return what lies in a window, padded to the size of a crop."""
        part = sample.window(window)
        self.crop.set_random_seed(seed)
        crop: dict[str, Any] = self.crop(image=match_channels(part.image, self.channels), mask=annotation_of(part))
        return crop


def _item(
    name: str, image: NDArray[np.float32], masks: Masks, valid: NDArray[np.bool_] | None = None
) -> dict[str, Any]:
    item = {"image": torch.from_numpy(image), "mask": torch.from_numpy(masks), "name": name}
    return item if valid is None else item | {"valid": torch.from_numpy(valid)[None]}
