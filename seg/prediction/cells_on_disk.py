"""The cells of a picture that is too large for the memory, kept in a file until they have been measured."""

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.planes import Planes
from seg.data.sample import Sample, Window
from seg.data.writing import write_file
from seg.instances.labels import Labels
from seg.instances.measures import measure_cells, to_csv


class CellsOnDisk:
    """A file of 4 bytes per pixel, which is gone at the end of a `with` block.

    Args:
        folder: of the predictions.
        sample: the image.
        size: its height and width.
    """

    def __init__(self, folder: Path, sample: Sample, size: tuple[int, int]) -> None:
        self._folder, self._sample, self.shape = folder, sample, size
        self._file = folder / f"{sample.name}_cells.partial"

    def __enter__(self) -> "CellsOnDisk":
        np.lib.format.open_memmap(self._file, "w+", np.int32, self.shape)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.unlink()

    def write(self, window: Window, cells: Labels) -> None:
        """Keep the cells of a part.

        Args:
            window: of the picture.
            cells: (h, w), numbered over all of the picture.
        """
        self._open("r+")[window] = cells

    def __getitem__(self, window: slice | Window) -> Labels:
        """Return the cells of some rows, or of rows and columns, in memory."""
        return np.array(self._open("r")[window])

    def measure(self, planes: Planes) -> None:
        """Write the measurements of all cells, NAME_cells.csv, as `seg.prediction.cells.write_measurements` does.

        Args:
            planes: of the image.
        """
        table = measure_cells(self, _Rows(self._sample, planes), self._sample.pixel)
        write_file(self._folder / f"{self._sample.name}_cells.csv", to_csv(table).encode())

    def _open(self, mode: str) -> Labels:
        """Return the file as an array; its memory is free again when the array is."""
        cells: Labels = np.load(self._file, mmap_mode=mode)  # type: ignore[arg-type]
        return cells


class _Rows:
    """An image whose rows are read when they are asked for."""

    def __init__(self, sample: Sample, planes: Planes) -> None:
        self._sample, self._planes = sample, planes
        self.shape = (*sample.shape[:2], *self[slice(0, 1)].shape[2:])

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        columns = slice(0, self._sample.shape[1])
        return self._planes.own(self._sample.window((rows, columns)).image)
