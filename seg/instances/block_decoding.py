"""Cells of pictures that are too large to be decoded whole: blocks that overlap, and cells that meet in the overlap."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.instances.labels import Box, Labels
from seg.instances.regions import count_pixels

Decode = Callable[[slice, slice], Labels]

#: Larger pictures are decoded in blocks; the service decodes none that is larger, so that both find the same cells.
#: The usual decoder takes up to 12 bytes per pixel.
WHOLE_PIXELS = 1 << 26

_BLOCK_PX, _HALO_PX = 2048, 256


def decode_blocks(
    decode: Decode,
    shape: tuple[int, int],
    scratch: Path,
    whole_pixels: int = WHOLE_PIXELS,
    block_px: int = _BLOCK_PX,
    halo_px: int = _HALO_PX,
) -> Iterator[tuple[Box, Labels]]:
    """Yield the cells of a picture window by window, numbered from 1 without gaps over all windows.

    A picture of up to `whole_pixels` is decoded whole, a larger one in blocks that see `halo_px` beyond their end. Two
    cells of neighboring blocks become one if, where both blocks see, they have more than half of their pixels
    in common. The result is that of the whole picture, but for the numbers, where cells are smaller than the halo and
    the decoder finds each by its surroundings.

    Args:
        decode: (rows, columns) -> the cells there, numbered from 1.
        shape: (H, W).
        scratch: folder for a file of 4 bytes per pixel.
        whole_pixels: the largest picture that is decoded whole.
        block_px: side of a block.
        halo_px: seen beyond a block's end.
    """
    everything = slice(0, shape[0]), slice(0, shape[1])
    if shape[0] * shape[1] <= whole_pixels:
        yield everything, decode(*everything)
        return
    file = scratch / "cells.partial"
    try:
        numbers = _Blocks(decode, shape, block_px, halo_px).fill(file)
        for top in range(0, shape[0], block_px // 2):
            rows = slice(top, min(top + block_px // 2, shape[0]))
            yield (rows, everything[1]), numbers[np.load(file, mmap_mode="r")[rows]]
    finally:
        file.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Part:
    """The cells where a block sees them."""

    seen: Box
    cells: Labels

    def at(self, window: Box) -> Labels:
        """Return what lies in a window of the picture."""
        rows, columns = (
            slice(part.start - seen.start, part.stop - seen.start) for part, seen in zip(window, self.seen, strict=True)
        )
        return self.cells[rows, columns]

    def end(self, start: tuple[int, int]) -> "_Part":
        """Return what lies from a row and a column of the picture on, in memory of its own."""
        rows, columns = (
            slice(min(max(first, seen.start), seen.stop), seen.stop)
            for first, seen in zip(start, self.seen, strict=True)
        )
        return _Part((rows, columns), self.at((rows, columns)).copy())

    def common(self, other: "_Part") -> Box:
        """Return the window that both see."""
        rows, columns = (
            slice(max(one.start, two.start), min(one.stop, two.stop))
            for one, two in zip(self.seen, other.seen, strict=True)
        )
        return rows, columns


class _Blocks:
    """Blocks of a picture, decoded row by row; of those before, only what the next ones see is kept."""

    def __init__(self, decode: Decode, shape: tuple[int, int], block_px: int, halo_px: int) -> None:
        self._decode, self._shape, self._block, self._halo = decode, shape, block_px, halo_px
        self._parents = [0]  # of each provisional number, the one that it has joined

    def fill(self, file: Path) -> Labels:
        """Write provisional numbers into a file, and return the final number of each."""
        np.lib.format.open_memmap(file, "w+", np.int32, self._shape)
        present: list[NDArray[np.int64]] = []
        above: list[_Part] = []
        for top in range(0, self._shape[0], self._block):
            row: list[_Part] = []  # lower ends
            beside: list[_Part] = []  # the right end of the block before
            for number, left in enumerate(range(0, self._shape[1], self._block)):
                part = self._block_at(top, left)
                for before in (*beside, *above[number : number + 1]):
                    self._join(before, part)
                kept = self._cut(top, self._block, 0, 0), self._cut(left, self._block, 0, 1)
                np.load(file, mmap_mode="r+")[kept] = part.at(kept)  # the map ends here, and its memory with it
                present.append(np.flatnonzero(count_pixels(part.at(kept))))
                row.append(part.end((top + self._block - self._halo, 0)))
                beside = [part.end((0, left + self._block - self._halo))]
            above = row
        return self._final(np.concatenate(present))

    def _block_at(self, top: int, left: int) -> _Part:
        seen = self._cut(top, self._block, self._halo, 0), self._cut(left, self._block, self._halo, 1)
        cells, before = self._decode(*seen), len(self._parents) - 1
        self._parents += range(before + 1, before + 1 + int(cells.max(initial=0)))
        cells[cells > 0] += before
        return _Part(seen, cells)

    def _cut(self, start: int, length: int, halo: int, axis: int) -> slice:
        return slice(max(start - halo, 0), min(start + length + halo, self._shape[axis]))

    def _join(self, one: _Part, two: _Part) -> None:
        """Join the cells that have more than half of their pixels in common, where both blocks see."""
        window = one.common(two)
        first, second = one.at(window).ravel(), two.at(window).ravel()
        both = (first > 0) & (second > 0)
        sizes = [dict(zip(*np.unique(part, return_counts=True), strict=True)) for part in (first, second)]
        base = len(self._parents)
        pairs, counts = np.unique(first[both].astype(np.int64) * base + second[both], return_counts=True)
        for pair, count in zip(pairs, counts, strict=True):
            a, b = divmod(int(pair), base)
            if 2 * count > max(sizes[0][a], sizes[1][b]):
                self._parents[self._root(b)] = self._root(a)

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            number = self._parents[number]
        return number

    def _final(self, present: NDArray[np.int64]) -> Labels:
        numbers = present[present > 0]
        roots = [self._root(int(number)) for number in numbers]
        order = {root: number for number, root in enumerate(dict.fromkeys(roots), start=1)}
        final = np.zeros(len(self._parents), np.int32)
        final[numbers] = [order[root] for root in roots]
        return final
