"""What loading costs of a training step.

`python -m benchmarks.loading` draws batches of random crops, with the transforms of configs/data/ome_zarr.yaml, from
images in memory, and window by window from a TIFF without compression, one of compressed tiles and an OME-Zarr store,
whose chunks are decoded once, as `cache_gb` allows, or again and again.
The network of configs/base.yaml is trained on them in the same process with one thread; steps without loading train on
one batch again and again. They take turns; printed is the median of processor time, and loading as a share of the step.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import albumentations
import cv2
import numpy as np
import tifffile
import torch
import yaml
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader

from benchmarks.measure import seconds
from benchmarks.training import BASE
from seg.data.dataset import RandomCrops
from seg.data.files import FileSource
from seg.data.folder import ImageFolder
from seg.data.ome_zarr import OmeZarr
from seg.data.sample import Sample, Source
from seg.data.sampling import EpochSampler
from seg.data.scaling import IntensityScaling
from seg.data.synthetic import SyntheticCells
from seg.data.zarr_store import import_zarr
from seg.data.zarr_writing import add_label_name, create_image
from seg.network.unet import NetworkConfig, build_network

_SMALL_PX = 512

Batch = dict[str, Any]
Step = Callable[[Batch], None]


def tissue(side_px: int) -> Sample:
    """Return an image of 16 bits with its labels, which repeats a small one.

    Args:
        side_px: of the image.
    """
    small = SyntheticCells(count=1, size_px=_SMALL_PX)[0]
    repeated = [np.pad(part, (0, side_px - _SMALL_PX), mode="wrap") for part in (small.image, small.labels)]
    noise = np.random.default_rng(0).integers(0, 256, (side_px, side_px), np.uint16)
    return Sample("large", repeated[0].astype(np.uint16) * 256 + noise, small.mask, repeated[1].astype(np.int32))


def as_tiffs(folder: Path, sample: Sample, **options: Any) -> Source:
    """Write image and labels as TIFFs, and return their source.

    Args:
        folder: to be made.
        sample: to write.
        options: of tifffile.
    """
    for kind, pixels in (("images", sample.image), ("labels", sample.labels)):
        (folder / kind).mkdir(parents=True)
        tifffile.imwrite(folder / kind / "large.tif", pixels, photometric="minisblack", **options)
    return ImageFolder(str(folder), "images", labels="labels")


def as_zarr(store: Path, sample: Sample, cache_bytes: int = Source.cache_bytes) -> Source:
    """Write image and labels as an OME-Zarr store, and return its source.

    Args:
        store: to be made.
        sample: to write.
        cache_bytes: for decoded chunks.
    """
    for group, pixels in ((store, sample.image), (store / "labels" / "cells", sample.labels)):
        assert pixels is not None
        create_image(group, ("y", "x"), pixels.shape, pixels.dtype, None, "0.5")
        import_zarr().open_array(str(group / "0"), mode="r+")[:] = pixels
    add_label_name(store / "labels", "cells", "0.5")
    source = OmeZarr(str(store), labels="cells")
    source.cache_bytes = cache_bytes
    return source


def sources(folder: Path, side_px: int) -> dict[str, Source]:
    """Return the sources that are compared.

    Args:
        folder: for their files.
        side_px: of the images in files.
    """
    FileSource.whole_bytes = 0  # read all files window by window, as those of more than 64 MB
    large = tissue(side_px)
    tiled = {"tile": (512, 512), "compression": "deflate"}
    return {
        "in memory": SyntheticCells(count=4, size_px=_SMALL_PX),
        "TIFF, plain": as_tiffs(folder / "plain", large),
        "TIFF, deflated tiles": as_tiffs(folder / "tiled", large, **tiled),
        "OME-Zarr": as_zarr(folder / "large.zarr", large),
        "OME-Zarr, not kept": as_zarr(folder / "again.zarr", large, cache_bytes=0),
    }


def batches(source: Source, crop_px: int, batch: int, count: int) -> Iterator[Batch]:
    """Return augmented crops as a training draws them.

    Args:
        source: of the images.
        crop_px: side of a crop.
        batch: crops of a step.
        count: of the steps.
    """
    transforms = [albumentations.D4(p=1.0), albumentations.RandomBrightnessContrast(p=0.5)]
    crops = RandomCrops(list(source), IntensityScaling(), 1, crop_px, transforms, 0)
    return iter(DataLoader(crops, batch, sampler=EpochSampler(batch, count, 0)))


def trainer(network: nn.Module) -> Step:
    """Return a function that trains a step on a batch."""
    optimizer = torch.optim.AdamW(network.train().parameters(), lr=1e-3)

    def step(batch: Batch) -> None:
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(network(batch["image"]), batch["mask"].float()).backward()
        optimizer.step()

    return step


def measure(loaded: Iterator[Batch], step: Step, rounds: int) -> tuple[float, float, float]:
    """Return the medians of a step on one batch, of loading, and of both together, in seconds of processor time.

    Args:
        loaded: batches.
        step: trains on one.
        rounds: that are measured.
    """
    kept = next(loaded)
    step(kept)
    alone, loading, both = [], [], []
    for _ in range(rounds):
        alone.append(seconds(lambda: step(kept)))
        fresh: list[Batch] = []
        loading.append(seconds(lambda into=fresh: into.append(next(loaded))))  # type: ignore[misc]
        both.append(loading[-1] + seconds(lambda drawn=fresh: step(drawn[0])))  # type: ignore[misc]
    return statistics.median(alone), statistics.median(loading), statistics.median(both)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--batch", type=int, default=4, help="crops of a step")
    parser.add_argument("--crop", type=int, default=256, help="side of the crops, in pixels")
    parser.add_argument("--side", type=int, default=2048, help="side of the images on the disk, in pixels")
    parser.add_argument("--rounds", type=int, default=12, help="steps of each that are measured")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    train = trainer(build_network(NetworkConfig(**yaml.safe_load(BASE.read_text())["model"]["network"])))
    with tempfile.TemporaryDirectory() as folder:
        for name, source in sources(Path(folder), args.side).items():
            loaded = batches(source, args.crop, args.batch, args.rounds + 1)
            alone, loading, both = measure(loaded, train, args.rounds)
            print(
                f"{name:22} step {alone * 1e3:6.0f} ms, loading {loading * 1e3:5.1f} ms: {loading / alone:5.1%} of it; "
                f"step with loading / without: {both / alone:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
