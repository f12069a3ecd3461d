"""Predict volumes tile by tile into files: memory holds a few tiles, and a second start goes on at the next one."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.canvas import Canvas, TiffCanvas, ZarrCanvas
from seg.data.file_state import changed_ns
from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling, Limits, limits_of
from seg.data.volumes import Volume
from seg.data.writing import write_file
from seg.data.zarr_store import is_zarr
from seg.data.zarr_writing import version_of
from seg.inference.tiling import Tile, Tiling, tiles
from seg.instances.block_decoding import decode_blocks
from seg.instances.decoder import Decoder
from seg.prediction.cells import NO_DECODER
from seg.prediction.cells_on_disk import CellsOnDisk
from seg.prediction.output import BESIDE, Output
from seg.prediction.tile_task import Answer, TileTask, release_engine

_FULL = 65_535

#: In labels/ of a store.
MASK, CELLS = "boundary", "cells"


@dataclass(frozen=True)
class Model:
    """What predicts.

    Attributes:
        checkpoint: of the network.
        threshold: probability from which a pixel is boundary.
        tta: average over flips and turns.
        decoder: of cells; None: the checkpoint has none.
        stride_px: of the network.
        classes: channels of its answer.
        scaling: of the intensities.
        channels: of its input.
        planes: of an image.
    """

    checkpoint: str
    threshold: float
    tta: bool
    decoder: Decoder | None
    stride_px: int
    classes: int
    scaling: IntensityScaling
    channels: int
    planes: Planes


class LargePrediction:
    """The prediction of one volume.

    Args:
        volume: whose sections are of one size.
        model: that predicts.
        output: where it is written.
        tiling: how sections are cut.

    Raises:
        ValueError: the sections differ in size, the format cannot be written in parts, or cells are wanted that the
            model cannot find in parts.
    """

    def __init__(self, volume: Volume, model: Model, output: Output, tiling: Tiling = Tiling()) -> None:  # noqa: B008
        self.volume, self.model, self.output, self.tiling = volume, model, output, tiling
        self.size = (volume.sections[0].shape[0], volume.sections[0].shape[1])
        wanted = output.wanted
        if any(section.shape[:2] != self.size for section in volume.sections):
            raise ValueError(f"{volume.path}: its pages have different sizes: choose another --format than ome-zarr")
        if wanted.format == "png":
            raise ValueError(f"{volume.path}: too large for PNG: add --format ome-zarr, or tiff, or ome-tiff")
        if wanted.cells and model.decoder is None:
            raise ValueError(NO_DECODER)
        if wanted.cells and model.decoder is not None and model.decoder.needs_image:
            raise ValueError(f"{volume.path}: the decoder looks at whole images: leave --labels and --measure out")
        self._progress = output.folder / f"{volume.name}_progress.json"
        self._measured: dict[int, Limits] = {}
        self._scratch = output.folder / f"{volume.name}_channels.partial"

    def is_whole(self) -> bool:
        """Return whether all files are there and newer than the image."""
        changed, finals = changed_ns(self.volume.path), self._finals()
        there = not self._progress.exists() and all(path.exists() for path in finals)
        return there and all(changed_ns(path) >= changed for path in finals)

    def run(self, answer: Callable[[Iterable[TileTask]], Iterator[Answer]]) -> None:
        """Predict what is still missing.

        Args:
            answer: answers tasks in their order.
        """
        canvases = self._canvases()
        places = [(at, tile) for at in range(len(self.volume.sections)) for tile in self._tiles()]
        done = self._begin(canvases)
        tasks = (self._task(at, tile) for at, tile in places[done:])
        for number, ((at, tile), found) in enumerate(zip(places[done:], answer(tasks), strict=True), start=done + 1):
            self._write(canvases, at, tile, found)
            write_file(self._progress, json.dumps({"tiles": number}).encode())
            self.output.log(f"{self.volume.name}: {number} of {len(places)} tiles")
        if self.output.wanted.cells:
            release_engine()  # cells need the memory
            self._write_cells(canvases.get(CELLS))
        for canvas in reversed(canvases.values()):  # labels before the image whose store they are in
            canvas.finish()
        self._scratch.unlink(missing_ok=True)
        self._progress.unlink()
        self.output.log(f"{self.volume.name}: whole")

    def _begin(self, canvases: dict[str, Canvas]) -> int:
        """Return how many tiles are done; none: begin the files anew."""
        begun = self._progress.exists() and all(canvas.partial.exists() for canvas in canvases.values())
        if begun and self._progress.stat().st_mtime_ns >= changed_ns(self.volume.path):
            return int(json.loads(self._progress.read_text())["tiles"])
        drawn = [path for path in self._finals() if path.exists() and self.volume.path in path.parents]
        if drawn:
            raise ValueError(f"{drawn[0]} is there already: rename it, or choose a folder for --out instead of beside")
        self.output.folder.mkdir(parents=True, exist_ok=True)
        for canvas in canvases.values():
            canvas.create()
        if self.output.wanted.cells:
            np.lib.format.open_memmap(self._scratch, "w+", np.float32, self._scratch_shape())
        return 0

    def _task(self, section: int, tile: Tile) -> TileTask:
        model, sample = self.model, self.volume.sections[section]
        return TileTask(model.checkpoint, model.tta, sample, self._limits(section), model.channels, tile)

    def _limits(self, section: int) -> Limits:
        if section not in self._measured:
            model, sample = self.model, self.volume.sections[section]
            self._measured = {section: limits_of(sample, model.scaling, model.channels, model.planes.scaled_alone)}
        return self._measured[section]

    def _tiles(self) -> list[Tile]:
        return tiles(self.size, self.tiling, self.model.stride_px)

    def _write(self, canvases: dict[str, Canvas], section: int, tile: Tile, found: Answer) -> None:
        window, boundary = (tile.rows.kept, tile.columns.kept), found[0]
        mask = boundary >= self.model.threshold
        if self.output.wanted.format == "ome-zarr":
            canvases["probability"].write(section, window, (boundary * _FULL).round().astype(np.uint16))
            canvases[MASK].write(section, window, mask.astype(np.uint8))
        else:
            value = self.output.boundary_value
            canvases["probability"].write(section, window, boundary)
            canvases[MASK].write(section, window, np.where(mask, value, 255 - value).astype(np.uint8))
        if self.output.wanted.cells:
            self._channels("r+")[(section, slice(None), *window)] = found

    def _write_cells(self, canvas: Canvas | None) -> None:
        """Decode each section, write its cells band by band, and measure them."""
        decoder, folder = self.model.decoder, self.output.folder
        assert decoder is not None  # see above
        for section, sample in enumerate(self.volume.sections):

            def decode(rows: slice, columns: slice, section: int = section) -> NDArray[np.int32]:
                return decoder.decode(np.array(self._channels("r")[section, :, rows, columns]))

            with CellsOnDisk(folder, sample, self.size) as cells:
                for window, found in decode_blocks(decode, self.size, folder):
                    if canvas is not None:
                        canvas.write(section, window, found)
                    if self.output.wanted.measurements:
                        cells.write(window, found)
                if self.output.wanted.measurements:
                    cells.measure(self.model.planes)

    def _channels(self, mode: str) -> NDArray[np.float32]:
        mapped: NDArray[np.float32] = np.load(self._scratch, mmap_mode=mode)  # type: ignore[arg-type]
        return mapped

    def _scratch_shape(self) -> tuple[int, ...]:
        return len(self.volume.sections), self.model.classes, *self.size

    def _finals(self) -> list[Path]:
        output, name, labels = self.output, self.volume.name, self.output.wanted.labels
        measured = [output.measurements(each.name) for each in self.volume.sections] * output.wanted.measurements
        if output.wanted.format != "ome-zarr":
            kinds = ["mask", "probability"] + ["labels"] * labels
            return [output.path(name, kind) for kind in kinds] + measured
        drawn = [self._labels_store(whole=True) / "labels" / each for each in [MASK] + [CELLS] * labels]
        return [output.path(name, "probability"), *drawn, *measured]

    def _labels_store(self, whole: bool) -> Path:
        """Return the store whose labels are written: the image's own, or that of the probability."""
        if self.output.wanted.out == BESIDE and is_zarr(self.volume.path):
            return self.volume.path
        path = self.output.path(self.volume.name, "probability")
        return path if whole else path.with_name(path.name + ".partial")

    def _canvases(self) -> dict[str, Canvas]:
        output, name = self.output, self.volume.name
        kinds: dict[str, tuple[str, Any]] = {"probability": ("probability", np.float32), MASK: ("mask", np.uint8)}
        kinds |= {CELLS: ("labels", np.uint32)} if output.wanted.labels else {}
        pixel = self.volume.sections[0].pixel
        if output.wanted.format != "ome-zarr":
            ome, sections = output.wanted.format == "ome-tiff", len(self.volume.sections)
            return {
                key: TiffCanvas(output.path(name, kind), (sections, *self.size), np.dtype(dtype), pixel, ome)
                for key, (kind, dtype) in kinds.items()
            }
        store = self._labels_store(whole=False)
        version = version_of(self.volume.path) if store == self.volume.path else "0.5"
        paths = {key: store / "labels" / key for key in kinds} | {"probability": output.path(name, "probability")}
        axes, shape = (*self.volume.axes, "y", "x"), (*self.volume.lengths, *self.size)
        dtypes = {key: dtype for key, (_, dtype) in kinds.items()} | {"probability": np.uint16}
        return {key: ZarrCanvas(paths[key], axes, shape, np.dtype(dtypes[key]), pixel, version) for key in kinds}
