"""A folder of images with masks or instance labels."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from seg.data.labels import as_labels, boundaries_from_labels
from seg.data.reading import read_image_file
from seg.data.sample import Sample, Source, check_names

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")


class ImageFolder(Source):
    """Images and their masks, paired by file name without suffix, in the order of the names.

    All files are read and checked at the first access and kept in memory.

    Args:
        root: the folder that contains the others.
        images: subfolder of the images: PNG, TIFF or JPEG, all of one type and number of channels.
        masks: subfolder of masks of two values, PNG or TIFF. Needs `boundary_value`.
        boundary_value: the value of the boundary in the masks, e.g. 0 or 255.
        labels: subfolder of instance labels (0 = background), PNG or TIFF, instead of masks.
        thickness_px: depth of the boundary derived from labels, in pixels.
        only_channels: in a folder with grey and RGB images, use only those with 1 or 3 channels.

    Raises:
        ValueError: neither or both of masks and labels are given, or masks without boundary_value. At the first
            access: every file that is missing, unreadable or invalid, with its path.
        FileNotFoundError: a folder does not exist.
    """

    def __init__(
        self,
        root: str,
        images: str = "images",
        masks: str | None = None,
        boundary_value: int | None = None,
        labels: str | None = None,
        thickness_px: int = 1,
        only_channels: Literal[1, 3] | None = None,
    ) -> None:
        if (masks is None) == (labels is None):
            raise ValueError(f"give either masks or labels, got masks={masks!r} and labels={labels!r}")
        if masks is not None and boundary_value is None:
            raise ValueError("masks need boundary_value: which of their two values is the boundary, e.g. 0 or 255")
        self.image_folder = _existing(Path(root) / images)
        self.truth_folder = _existing(Path(root) / (masks or labels or ""))
        self.boundary_value = boundary_value if masks is not None else None
        self.thickness_px = thickness_px
        self.only_channels = only_channels

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        return self._samples[index]

    @functools.cached_property
    def _samples(self) -> list[Sample]:
        images, truths = by_stem(self.image_folder), by_stem(self.truth_folder)
        offenders = [*_doubled(images), *_doubled(truths)]
        offenders += [f"{images[stem][0]}: no mask in {self.truth_folder}" for stem in images.keys() - truths.keys()]
        offenders += [f"{truths[stem][0]}: no image in {self.image_folder}" for stem in truths.keys() - images.keys()]
        samples = []
        for stem in sorted(images.keys() & truths.keys()):
            try:
                sample = self._read(stem, images[stem][0], truths[stem][0])
            except (ValueError, OSError) as error:
                offenders.append(str(error))
            else:
                samples += [sample] if self._wanted(sample) else []
        offenders += _odd_ones_out(samples, self.image_folder)
        if offenders:
            listing = "\n  ".join(sorted(offenders))
            raise ValueError(f"{len(offenders)} problem(s) with the files:\n  {listing}")
        if not samples:
            raise ValueError(f"no image in {self.image_folder}: it needs files that end with {', '.join(SUFFIXES)}")
        return samples

    def _wanted(self, sample: Sample) -> bool:
        return self.only_channels in (None, _channels(sample.image))

    def _read(self, name: str, image_path: Path, truth_path: Path) -> Sample:
        image = read_image_file(image_path)
        mask, labels = self._read_truth(truth_path)
        if image.shape[:2] != mask.shape:
            raise ValueError(f"{truth_path}: {_size(mask)} pixels, but its image {image_path} has {_size(image)}")
        return Sample(name, image, mask, labels)

    def _read_truth(self, path: Path) -> tuple[NDArray[np.bool_], NDArray[np.int32] | None]:
        """Return the mask and, where the folder has them, the labels."""
        if path.suffix.lower() in (".jpg", ".jpeg"):
            raise ValueError(f"{path}: JPEG changes the values of a mask, save it as PNG or TIFF")
        truth = read_image_file(path)
        if truth.ndim != 2:
            raise ValueError(f"{path}: a mask has one channel, this file has {_channels(truth)}")
        if self.boundary_value is not None:
            return _two_levels(truth, self.boundary_value, path), None
        try:
            labels = as_labels(truth)
            return boundaries_from_labels(labels, self.thickness_px), labels
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def read_images(path: Path) -> list[Sample]:
    """Read the images to predict: one file, or all of a folder. Their masks are empty.

    Raises:
        FileNotFoundError: there is no such file, or no image in the folder.
        ValueError: a file cannot be read as an image, or names are not unique; see `seg.data.sample.check_names`.
    """
    files = [path] if path.is_file() else [file for files in by_stem(path).values() for file in files]
    if not files:
        raise FileNotFoundError(f"no image in {path}: it needs files that end with {', '.join(SUFFIXES)}")
    check_names([file.stem for file in files])
    images = [(file.stem, read_image_file(file)) for file in files]
    return [Sample(name, image, np.zeros(image.shape[:2], dtype=np.bool_)) for name, image in images]


def _two_levels(mask: NDArray[Any], boundary_value: int, path: Path) -> NDArray[np.bool_]:
    levels = np.unique(mask)
    others = levels[levels != boundary_value]
    if len(others) > 1:
        shown = ", ".join(str(level) for level in levels[:6])
        raise ValueError(f"{path}: a mask has two values, one of them {boundary_value}; this file has {shown} ...")
    boundary: NDArray[np.bool_] = mask == boundary_value
    return boundary


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}")
    return folder


def by_stem(folder: Path) -> dict[str, list[Path]]:
    """Return the image files of a folder by their names without suffix, sorted.

    Raises:
        FileNotFoundError: the folder does not exist.
    """
    files: dict[str, list[Path]] = {}
    for path in sorted(_existing(folder).iterdir()):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            files.setdefault(path.stem, []).append(path)
    return files


def _doubled(files: dict[str, list[Path]]) -> Iterator[str]:
    for paths in files.values():
        if len(paths) > 1:
            yield f"{paths[1]}: the same name as {paths[0]}"


def _odd_ones_out(samples: list[Sample], folder: Path) -> Iterator[str]:
    """Name the images whose type or channels differ from those of most images."""
    kinds = [f"{sample.image.dtype} with {_channels(sample.image)} channel(s)" for sample in samples]
    usual = max(kinds, key=kinds.count, default="")
    for sample, kind in zip(samples, kinds, strict=True):
        if kind != usual:
            yield f"{folder / sample.name}: {kind}, most images are {usual}"


def _channels(image: NDArray[Any]) -> int:
    return 1 if image.ndim == 2 else int(image.shape[2])


def _size(image: NDArray[Any]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
