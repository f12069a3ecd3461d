"""How often images of other looks are told to be unlike the training, on real images: `python -m benchmarks.novelty`.

A reference is made as at promotion, of validation images and 16 training crops of 128 px; then further images of the
same data, changed images and other modalities are judged. The images are looked for in SEPTUM_DATA (../shared/data).
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from seg.data.planes import Planes
from seg.data.reading import read_image_file
from seg.data.scaling import IntensityScaling
from seg.inference.novelty import Reference, judge, learn

Image = NDArray[Any]

DATA = Path(os.environ.get("SEPTUM_DATA", "../shared/data"))
SETTING = (IntensityScaling(), 1, Planes())
CROPS, CROP_PX = 16, 128


def spoil(image: Image, share: float) -> Image:
    """Return an image with Gaussian noise, a share of its range of intensities."""
    noise = np.random.default_rng(0).normal(0, share * float(np.ptp(image)), image.shape)
    return image + noise


CHANGES: dict[str, Callable[[Image], Image]] = {
    "inverted": lambda image: float(image.max()) - image,
    "enlarged 2 x": lambda image: zoom(image.astype(float), 2, order=1),
    "enlarged 4 x": lambda image: zoom(image.astype(float), 4, order=1),
    "reduced 2 x": lambda image: shrink(image, 2),
    "reduced 4 x": lambda image: shrink(image, 4),
    "noise of 10 %": lambda image: spoil(image, 0.1),
    "noise of 30 %": lambda image: spoil(image, 0.3),
    "blurred by 3 px": lambda image: gaussian_filter(image.astype(float), 3),
}


def shrink(image: Image, factor: int) -> Image:
    """Return the means of blocks."""
    height, width = (side // factor for side in image.shape)
    blocks = image[: height * factor, : width * factor].reshape(height, factor, width, factor)
    return blocks.mean(axis=(1, 3))


def crops(images: list[Image]) -> list[Image]:
    """Return training crops, as a run keeps them."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(CROPS):
        image = images[rng.integers(len(images))]
        top, left = (rng.integers(side - CROP_PX + 1) for side in image.shape[:2])
        found.append(image[top : top + CROP_PX, left : left + CROP_PX])
    return found


def tell(what: str, images: Iterable[Image], reference: Reference) -> None:
    """Print in how many images something is told."""
    distances = np.array([judge(image, reference, *SETTING).distance for image in images])
    print(f"| {what} | {int((distances > 1).sum())} of {len(distances)} | {np.median(distances):.2f} |")


def measure(name: str, train: list[Image], val: list[Image], test: list[Image], others: dict[str, list[Image]]) -> None:
    """Print a table for one data set."""
    reference = learn(val, crops(train), *SETTING)
    assert reference is not None
    print(f"\n| {name} | told | distance (median) |\n|---|---|---|")
    tell("held-out images", test, reference)
    tell("training images, whole", train, reference)
    for what, change in CHANGES.items():
        tell(what, map(change, test), reference)
    for what, images in others.items():
        tell(what, images, reference)


def main() -> None:
    """Print the tables."""
    sections = [read_image_file(file) for file in sorted((DATA / "isbi2012" / "images").glob("*.png"))]
    every = [read_image_file(file) for file in sorted((DATA / "dsb2018" / "images").glob("*.png"))]
    grey = [image for image in every if image.ndim == 2]
    color = [image for image in every if image.ndim == 3]
    others = {"dsb2018, fluorescence": grey, "dsb2018, histology": color}
    measure("isbi2012", sections[:20], sections[20:25], sections[25:], others)
    train = [image for number, image in enumerate(grey) if number % 5 > 1]
    others = {"isbi2012": sections, "dsb2018, histology": color}
    measure("dsb2018, fluorescence", train, grey[::5], grey[1::5], others)


if __name__ == "__main__":
    main()
