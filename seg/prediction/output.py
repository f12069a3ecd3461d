"""Where `seg predict` writes, in which format, and what is there already."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from seg.data.file_state import changed_ns
from seg.data.pixel_size import PixelSize
from seg.data.tiff_writing import encode_tiff
from seg.data.writing import encode_mask, encode_probability, write_file
from seg.instances.labels import Labels

Format = Literal["png", "tiff", "ome-tiff", "ome-zarr"]

#: `--out beside`: this folder beside the images; the labels of a store into the store itself.
BESIDE, FOLDER = "beside", "predictions"

_LOG, _IDENTITY = "predict.log", "predictions.json"
_SUFFIXES = {"png": ".png", "tiff": ".tif", "ome-tiff": ".ome.tif", "ome-zarr": ".zarr"}


@dataclass(frozen=True)
class Wanted:
    """What a prediction is asked for.

    Attributes:
        labels: the cells of each image.
        measurements: the measurements of all cells.
        format: of the files.
        out: a folder, or `BESIDE`; None: predictions/ in the run's folder.
        scheduler: address of a Dask scheduler whose workers predict the parts of large images.
    """

    labels: bool = False
    measurements: bool = False
    format: Format = "png"
    out: str | None = None
    scheduler: str | None = None

    @property
    def cells(self) -> bool:
        """Whether cells must be found."""
        return self.labels or self.measurements

    def __post_init__(self) -> None:
        if self.format not in get_args(Format):
            raise ValueError(f"--format must be one of {', '.join(get_args(Format))}, got {self.format}")

    def folder(self, run: Path, images: str | None) -> Path:
        """Return the folder of the predictions.

        Args:
            run: folder of the run.
            images: that are predicted; None: the test images.

        Raises:
            ValueError: test images have no place beside them.
        """
        if self.out is None:
            return run / FOLDER
        if self.out != BESIDE:
            return Path(self.out)
        if images is None:
            raise ValueError("--out beside needs --data.predict: the images beside which to write")
        path = Path(images)
        return (path if path.is_dir() and path.suffix != ".zarr" else path.parent) / FOLDER


@dataclass(frozen=True)
class Output:
    """The files of a prediction.

    Attributes:
        folder: of the files.
        wanted: as asked for.
        boundary_value: of the boundary in masks, 0 or 255.
    """

    folder: Path
    wanted: Wanted
    boundary_value: int

    def path(self, name: str, kind: str) -> Path:
        """Return the file of an image.

        Args:
            name: of the image.
            kind: mask, probability or labels.
        """
        suffix = _SUFFIXES[self.wanted.format]
        return self.folder / f"{name}_{kind}{'.tif' if (kind, suffix) == ('labels', '.png') else suffix}"

    def paths(self, name: str) -> list[Path]:
        """Return all files of an image."""
        kinds = ["mask", "probability"] + ["labels"] * self.wanted.labels
        measured = [self.measurements(name)] * self.wanted.measurements
        return [self.path(name, kind) for kind in kinds] + measured

    def measurements(self, name: str) -> Path:
        """Return the file of an image's measurements, until those of all images are joined."""
        return self.folder / f"{name}_cells.csv"

    def is_whole(self, name: str, image: Path) -> bool:
        """Return whether all files of an image are there and newer than it; each gets its name when it is whole.

        Args:
            name: of the image.
            image: its file or store.
        """
        changed = changed_ns(image)
        return all(path.exists() and path.stat().st_mtime_ns >= changed for path in self.paths(name))

    def write(self, name: str, probability: NDArray[np.float32], threshold: float, pixel: PixelSize | None) -> None:
        """Write mask and probability of an image.

        Args:
            name: of the image.
            probability: (H, W) of the boundary.
            threshold: from which a pixel is boundary.
            pixel: (height, width) in micrometers; None where it is not known.
        """
        mask, ome = probability >= threshold, self.wanted.format == "ome-tiff"
        if self.wanted.format == "png":
            contents = encode_mask(mask, self.boundary_value), encode_probability(probability)
        else:
            drawn = np.where(mask, self.boundary_value, 255 - self.boundary_value).astype(np.uint8)
            contents = encode_tiff(drawn, pixel, ome), encode_tiff(probability, pixel, ome)
        for kind, content in zip(("mask", "probability"), contents, strict=True):
            write_file(self.path(name, kind), content)

    def write_labels(self, name: str, cells: Labels, pixel: PixelSize | None) -> None:
        """Write the cells of an image.

        Args:
            name: of the image.
            cells: (H, W).
            pixel: as for `write`.
        """
        smallest = np.uint16 if cells.max(initial=0) < 2**16 else np.uint32
        content = encode_tiff(cells.astype(smallest), pixel, self.wanted.format == "ome-tiff")
        write_file(self.path(name, "labels"), content)

    def claim(self, checkpoint: str | None, tta: bool) -> None:
        """Take the folder for predictions of one model, so that a second start goes on with them.

        Args:
            checkpoint: path of the model's checkpoint.
            tta: whether predictions are averaged.

        Raises:
            ValueError: the folder holds predictions of another model, or other ones.
        """
        content = hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest() if checkpoint else None
        asked = {key: value for key, value in asdict(self.wanted).items() if key not in ("out", "scheduler")}
        identity = {"checkpoint": content, "tta": tta, **asked}
        file = self.folder / _IDENTITY
        if file.is_file() and json.loads(file.read_text()) != identity:
            raise ValueError(f"{self.folder} holds predictions of another model or format: choose another --out")
        write_file(file, json.dumps(identity, indent=1).encode())

    def log(self, text: str) -> None:
        """Add a line to predict.log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOG).open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
