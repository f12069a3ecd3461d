"""Datasets for the network: random crops for training, whole images for everything else."""

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

import albumentations
import cv2
import numpy as np
import torch
from albumentations import BaseCompose, BasicTransform
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from seg.data.sample import Sample
from seg.data.sampling import CropKey
from seg.data.scaling import IntensityScaling, match_channels, normalize, prepare, scale

Channels = Literal[1, 3]


class Batch(TypedDict):
    """Input of the model: image (N, C, H, W) in [-1, 1], mask (N, 1, H, W) of 0 and 1, the names of the N images.

    Whole images also have labels, (N, H, W) int32, if their source has them.
    """

    image: Tensor
    mask: Tensor
    name: list[str]
    labels: NotRequired[Tensor]


class WholeImages(Dataset[dict[str, Any]]):
    """Whole images with their masks and, if the source has them, their labels.

    Args:
        samples: the images.
        scaling: of the intensities.
        channels: of the network's input.
    """

    def __init__(self, samples: Sequence[Sample], scaling: IntensityScaling, channels: Channels) -> None:
        self.samples, self.scaling, self.channels = samples, scaling, channels

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = self.samples[index]
        image = prepare(sample.image, self.scaling, self.channels)
        item = _item(sample.name, image, sample.mask.astype(np.float32))
        return item if sample.labels is None else item | {"labels": torch.from_numpy(sample.labels)}


class RandomCrops(Dataset[dict[str, Any]]):
    """Augmented crops; crop `index` of epoch `epoch` depends only on (seed, epoch, index).

    All losses of a comparison are therefore trained on the same crops, and a resumed run continues with the crops that
    it would have seen.

    Args:
        samples: images to crop.
        scaling: of the intensities, measured on the whole image.
        channels: of the network's input.
        crop_px: side of a crop. Smaller images are padded by reflection.
        transforms: albumentations, applied to the crop with intensities in [0, 1] and its mask.
        seed: of the run.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        scaling: IntensityScaling,
        channels: Channels,
        crop_px: int,
        transforms: Sequence[BasicTransform | BaseCompose],
        seed: int,
    ) -> None:
        self.samples, self.channels, self.seed = samples, channels, seed
        self.limits = [scaling.limits(match_channels(sample.image, channels)) for sample in samples]
        self.crop = albumentations.Compose(
            [
                albumentations.RandomCrop(
                    crop_px, crop_px, pad_if_needed=True, border_mode=cv2.BORDER_REFLECT_101, pad_position="random"
                )
            ]
        )
        self.transforms = albumentations.Compose(list(transforms))

    def __getitem__(self, key: CropKey) -> dict[str, Any]:
        epoch, index = key
        number = index % len(self.samples)
        seeds = np.random.SeedSequence((self.seed, epoch, index)).generate_state(2)
        sample = self.samples[number]
        self.crop.set_random_seed(int(seeds[0]))
        crop = self.crop(image=match_channels(sample.image, self.channels), mask=sample.mask.astype(np.uint8))
        self.transforms.set_random_seed(int(seeds[1]))
        changed = self.transforms(image=scale(crop["image"], self.limits[number]), mask=crop["mask"])
        return _item(sample.name, normalize(changed["image"]), changed["mask"].astype(np.float32))


def _item(name: str, image: NDArray[np.float32], mask: NDArray[np.float32]) -> dict[str, Any]:
    return {"image": torch.from_numpy(image), "mask": torch.from_numpy(mask)[None], "name": name}
