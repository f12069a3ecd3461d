"""Images of any size in bounded memory: tiles with a halo, of which only the inner part is kept."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seg.inference.engine import Engine

#: (rows, columns) of an image -> the network's input there, (C, h, w).
Source = Callable[[slice, slice], NDArray[np.float32]]


@dataclass(frozen=True)
class Tiling:
    """How large images are cut.

    Attributes:
        tile_px: longest side of a tile; the network takes 150 bytes per pixel. What fits into one is not cut at all.
        halo_px: seen, but not kept, on each inner side of a tile. On real sections probabilities beside a cut were off
            by 0.001 to 0.003 in the mean with 64, by 0.005, which is more than a grey level, with 32.

    Raises:
        ValueError: the halos leave nothing of a tile.
    """

    tile_px: int = 2112
    halo_px: int = 64

    def __post_init__(self) -> None:
        if not 0 <= 2 * self.halo_px < self.tile_px:
            raise ValueError(f"tile_px must be > 2 * halo_px >= 0, got {self.tile_px} and {self.halo_px}")


@dataclass(frozen=True)
class Segment:
    """One side of a tile: what the network sees, and which part of it is the answer, in pixels of the image."""

    seen: slice
    kept: slice


def partition(length_px: int, tiling: Tiling, stride_px: int) -> list[Segment]:
    """Cut a side of an image into equal segments, as few as there can be.

    All begin at multiples of the stride, as the pooling of an untiled run does, and are multiples of it long, the last
    one beyond the image's end where it must be.

    Args:
        length_px: of the side.
        tiling: of which the side of a tile and the halo are rounded to whole strides.
        stride_px: of the network.
    """
    whole = math.ceil(length_px / stride_px)
    halo = math.ceil(tiling.halo_px / stride_px)
    longest = max(tiling.tile_px // stride_px, 2 * halo + 1)
    count = 1 if whole <= longest else math.ceil((whole - 2 * halo) / (longest - 2 * halo))
    side = math.ceil((whole + 2 * halo * (count - 1)) / count)
    starts = [round(number * (whole - side) / max(count - 1, 1)) for number in range(count)]
    cuts = [(start + side + following) * stride_px // 2 for start, following in itertools.pairwise(starts)]
    edges = [0, *cuts, length_px]
    return [
        Segment(slice(start * stride_px, (start + side) * stride_px), slice(edges[number], edges[number + 1]))
        for number, start in enumerate(starts)
    ]


@dataclass(frozen=True)
class Tile:
    """A part of an image: its rows and its columns."""

    rows: Segment
    columns: Segment


def tiles(shape: tuple[int, int], tiling: Tiling, stride_px: int) -> list[Tile]:
    """Return the tiles of an image, row by row.

    Args:
        shape: (H, W).
        tiling: how it is cut.
        stride_px: of the network.
    """
    rows, columns = (partition(length, tiling, stride_px) for length in shape)
    return [Tile(row, column) for row in rows for column in columns]


def answer_tile(source: Source, engine: Engine, tile: Tile) -> NDArray[np.float32]:
    """Return the probabilities of what is kept of a tile, (K, h, w).

    Args:
        source: of the image.
        engine: runs the network.
        tile: of the image.
    """
    seen = _continued(source(tile.rows.seen, tile.columns.seen), tile.rows.seen, tile.columns.seen)
    answer: NDArray[np.float32] = engine(seen[None])[0][:, _within(tile.rows), _within(tile.columns)]
    return answer


def predict_tiles(
    source: Source, shape: tuple[int, int], engine: Engine, stride_px: int, tiling: Tiling
) -> NDArray[np.float32]:
    """Return the probabilities, (K, H, W), of an image of that shape.

    Args:
        source: of the image, asked for one tile at a time.
        shape: (H, W).
        engine: runs the network.
        stride_px: of the network. Beyond its end the image is continued by its last pixel up to a whole stride.
        tiling: how it is cut.
    """
    probability: NDArray[np.float32] | None = None
    for tile in tiles(shape, tiling, stride_px):
        answer = answer_tile(source, engine, tile)
        probability = np.empty((len(answer), *shape), np.float32) if probability is None else probability
        probability[:, tile.rows.kept, tile.columns.kept] = answer
    if probability is None:
        raise ValueError(f"an image has at least one pixel, got {shape}")
    return probability


def predict_array(
    image: NDArray[np.float32],
    engine: Engine,
    stride_px: int,
    tiling: Tiling = Tiling(),  # frozen
) -> NDArray[np.float32]:
    """Return the probabilities, (K, H, W).

    Args:
        image: (C, H, W) as the network takes it.
        engine: runs the network.
        stride_px: of the network.
        tiling: how the image is cut.
    """
    height, width = image.shape[1:]
    return predict_tiles(lambda rows, columns: image[:, rows, columns], (height, width), engine, stride_px, tiling)


def _within(segment: Segment) -> slice:
    return slice(segment.kept.start - segment.seen.start, segment.kept.stop - segment.seen.start)


def _continued(tile: NDArray[np.float32], rows: slice, columns: slice) -> NDArray[np.float32]:
    down = rows.stop - rows.start - tile.shape[1]
    right = columns.stop - columns.start - tile.shape[2]
    return np.pad(tile, ((0, 0), (0, down), (0, right)), mode="edge") if down or right else tile
