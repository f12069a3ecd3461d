"""The data module: load, check and split the samples of a source, and serve them in batches."""

import functools
import os
from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
from albumentations import BaseCompose, BasicTransform
from torch.utils.data import DataLoader

from seg.data.content_hash import hash_samples
from seg.data.dataset import RandomCrops, WholeImages
from seg.data.folds import FoldSplit
from seg.data.leakage import refuse_leakage
from seg.data.mask_report import report_masks
from seg.data.planes import Channels, Planes, Projection
from seg.data.sample import Sample, Source, check_channels, check_names
from seg.data.sampling import EpochSampler, ImageSampler
from seg.data.scaling import IntensityScaling
from seg.data.scored_windows import scored_samples
from seg.data.split import Split, SplitIndices
from seg.data.subset import nested_subset
from seg.data.targets import Target, check_labels, check_targets
from seg.data.volumes import ToPredict
from seg.data.writing import written_boundary_value
from seg.run_config import count_inputs


class BoundaryDataModule(pl.LightningDataModule):
    """Images with boundary masks for training, validation, test and prediction.

    Args:
        source: of the samples: `seg.data.folder.ImageFolder`, `seg.data.synthetic.SyntheticCells` or any other
            `seg.data.sample.Source`; see docs/data.md.
        split: assigns samples to training, validation and test.
        transforms: albumentations for training, applied to crops with intensities in [0, 1].
        scaling: of each image's intensities.
        channels: of an image: 1 is grey (RGB is averaged), 3 is RGB; otherwise that many channels of a TIFF, or the
            numbers of certain ones, from 0, e.g. [0, 2], or their names in the metadata of OME or ImageJ, e.g. [DAPI],
            which are then scaled each by itself.
        targets: what the network predicts, one channel each, in this order: boundary, inside (of the cells, their
            boundary included), center (deeper than half of a cell's depth). The last two need a source with instance
            labels and make its cells better.
        crop_px: side of a training crop, in pixels.
        batch_size: training crops per step, of all devices together.
        steps_per_epoch: optimizer steps per epoch.
        num_workers: processes that prepare batches; 0 prepares them in the training process. null: 0 on a CPU, on a GPU
            up to 4 per device.
        predict: an image file, an OME-Zarr store, or a folder of them for `seg predict`; the test images if null.
        train_images: trains on as many of the training images, drawn by the seed, a smaller number of them among every
            larger one; null: on all.
        seed: of crops, augmentation and order.
        folds: of a cross-validation, made of the split's groups or blocks; null: the split as it is.
        fold: that is tested, from 0.
        boundary_share: share of the training crops that are drawn around a pixel of the boundary, in [0, 1]; the others
            may lie anywhere. For images with much empty background.
        context: as many sections of a stack on either side of an image are further channels of the network's input.
        projection: max or mean: all sections (z) of a stack make one image; null: each is an image.
        cache_gb: of memory, in gigabytes, for decoded images and parts of them, of each process that prepares batches;
            what does not fit is decoded again. Images larger than 64 MB are read in parts where their files allow it.

    Raises:
        ValueError: crop_px, batch_size or steps_per_epoch is not positive, boundary_share is out of range, cache_gb is
            negative, or the targets are unfit.
    """

    def __init__(
        self,
        source: Source,
        split: Split,
        transforms: list[BasicTransform | BaseCompose] | None = None,
        scaling: IntensityScaling = IntensityScaling(),  # noqa: B008  # frozen
        channels: Channels = 1,
        targets: Sequence[Target] = ("boundary",),
        crop_px: int = 256,
        batch_size: int = 4,
        steps_per_epoch: int = 50,
        num_workers: int | None = None,
        predict: str | None = None,
        train_images: int | None = None,
        seed: int = 0,
        folds: int | None = None,
        fold: int = 0,
        boundary_share: float = 0.0,
        context: int = 0,
        projection: Projection | None = None,
        cache_gb: float = 4.0,
    ) -> None:
        super().__init__()
        for name, value in (("crop_px", crop_px), ("batch_size", batch_size), ("steps_per_epoch", steps_per_epoch)):
            if value < 1:
                raise ValueError(f"{name} must be >= 1, got {value}")
        if not 0 <= boundary_share <= 1:
            raise ValueError(f"boundary_share must be in [0, 1], got {boundary_share}")
        if not cache_gb >= 0:
            raise ValueError(f"cache_gb must be >= 0 gigabytes, got {cache_gb}")
        check_targets(targets)
        self.source, self.transforms = source, transforms or []
        self.split = split if folds is None else FoldSplit(split, folds, fold)
        self.planes, self.channels = Planes.of(channels, context, projection), count_inputs(channels, context)
        self.cache_bytes = int(cache_gb * 1e9)
        if isinstance(source, Source):
            source.take_planes(self.planes)
            source.cache_bytes = self.cache_bytes
        self.scaling, self.targets, self.boundary_share = scaling, targets, boundary_share
        self.crop_px, self.batch_size, self.steps_per_epoch = crop_px, batch_size, steps_per_epoch
        self.num_workers, self.predict, self.train_images, self.seed = num_workers, predict, train_images, seed
        self.samples, self.val, self.test, self.images = [list[Sample]() for _ in range(4)]
        self.indices, self.training = SplitIndices(train=[], val=[], test=[]), list[int]()

    @property
    def boundary_value(self) -> int:
        """Value of the boundary in masks that are written, 0 or 255; see `written_boundary_value`."""
        return written_boundary_value(getattr(self.source, "boundary_value", None))

    def setup(self, stage: str) -> None:
        """Read and check all samples and split them, once.

        Raises:
            ValueError: a file or name is invalid, a split is empty, or an image is in two splits.
        """
        if self.samples or (stage == "predict" and self.predict is not None):
            return
        samples = list(self.source)
        names = [sample.name for sample in samples]
        check_names(names)
        check_labels(samples, self.targets)
        check_channels(samples, self.channels)
        indices = self.split.assign(names)
        refuse_leakage(samples, indices)
        report_masks(samples)
        self.training = nested_subset(indices.train, self.train_images, self.seed)
        self.samples, self.indices = samples, indices
        self.val, self.test = (scored_samples(self._of(part)) for part in (indices.val, indices.test))

    def train_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Return augmented random crops."""
        crops = RandomCrops(
            self._of(self.training),
            self.scaling,
            self.channels,
            self.crop_px,
            self.transforms,
            self.seed,
            self.targets,
            self.boundary_share,
            self.planes.scaled_alone,
        )
        rank, processes = self._share()
        sampler = EpochSampler(self.batch_size, self.steps_per_epoch, self.seed, rank, processes)
        return DataLoader(crops, self.batch_size // processes, sampler=sampler, **self._loading())

    def val_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Return the validation images, one by one; see `seg.data.scored_windows.scored_samples`."""
        return self._whole(self.val)

    def test_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Return the test images, one by one; see `seg.data.scored_windows.scored_samples`."""
        return self._whole(self.test)

    def predict_dataloader(self) -> DataLoader[dict[str, Any]]:
        """Return the images to predict, one by one."""
        if self.predict is not None:
            self.images = self.to_predict.images()
        return self._whole(self.images) if self.images else self.test_dataloader()

    @functools.cached_property
    def to_predict(self) -> ToPredict:
        """The images to predict that are not the test images."""
        return ToPredict(self.predict, self.planes, self.cache_bytes)

    def predicted_names(self) -> list[str]:
        """Return the names of the images that `predict_dataloader` returns."""
        return [sample.name for sample in self.images or self.test]

    def predicted(self, name: str) -> Sample:
        """Return an image that `predict_dataloader` returns, as it was read."""
        return next(sample for sample in self.images or [*self.val, *self.test] if sample.name == name)

    def describe(self) -> dict[str, Any]:
        """Return what a record tells of the data; see `seg.record.RunData`.

        With `train_images` the names of these alone; the fingerprint (sha256) is that of all images.
        """
        taken = {"train": self._of(self.training), "val": self.val, "test": self.test}
        return {
            "fingerprint": hash_samples({split: self._of(getattr(self.indices, split)) for split in taken}),
            "boundary_value": self.boundary_value,
            **{split: [sample.name for sample in samples] for split, samples in taken.items()},
            **self._relations(),
        }

    def _relations(self) -> dict[str, Any]:
        """Return which test images are related, as windows of one image are."""
        independent = getattr(self.source, "independent", False)
        images = [sample.origin.name for sample in self.test]
        groups = images if independent else self.split.groups(images)
        named = {sample.name: group for sample, group in zip(self.test, groups, strict=True)}
        windows = {sample.name: sample.origin.name for sample in self.test if sample.origin is not sample}
        return {"groups": named, "serial": self.split.serial and not independent, "windows_of": windows}

    def _of(self, indices: list[int]) -> list[Sample]:
        return [self.samples[index] for index in indices]

    def _whole(self, samples: list[Sample]) -> DataLoader[dict[str, Any]]:
        images = WholeImages(samples, self.scaling, self.channels, self.targets, self.planes.scaled_alone)
        return DataLoader(images, sampler=ImageSampler(len(samples), *self._share()), **self._loading())

    def _share(self) -> tuple[int, int]:
        """Return the number of this process, and how many there are."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _loading(self) -> dict[str, Any]:
        """Return how batches are prepared: a CPU that trains has no time for it, a GPU must not wait for it."""
        gpus = self.trainer.num_devices if self.trainer and self.trainer.strategy.root_device.type == "cuda" else 0
        workers = self.num_workers
        if workers is None:
            workers = min(4, (os.cpu_count() or 1) // gpus) if gpus else 0
        return {"num_workers": workers, "pin_memory": gpus > 0}
