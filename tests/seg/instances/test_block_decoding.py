import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label

from seg.data.synthetic import SyntheticCells
from seg.instances.block_decoding import decode_blocks
from seg.instances.watershed import WatershedDecoder

RNG = np.random.default_rng(0)


def cells_in(picture):
    def decode(rows, columns):
        return label(picture[rows, columns])[0].astype(np.int32)

    return decode


def joined(picture, scratch, **options):
    found = np.full(picture.shape, -1, np.int32)
    for window, cells in decode_blocks(cells_in(picture), picture.shape, scratch, **options):
        found[window] = cells
    return found


def same_cells(first, second) -> bool:
    pairs = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1)
    return all(len(np.unique(numbers)) == pairs.shape[1] for numbers in pairs)


@pytest.mark.parametrize("shape", [(64, 64), (65, 130), (100, 33), (31, 200)])
def test_cells_across_cuts_are_those_of_the_whole_picture(tmp_path, shape):
    picture = np.zeros(shape, bool)
    for row in range(2, shape[0] - 6, 9):
        for column in range(2 + row % 3, shape[1] - 6, 8):
            height, width = RNG.integers(2, 8), RNG.integers(2, 7)
            picture[row : row + height, column : column + width] = True
    expected = label(picture)[0]
    found = joined(picture, tmp_path, whole_pixels=10, block_px=32, halo_px=12)
    assert same_cells(expected, found)
    assert found.max() == expected.max() == len(np.unique(found)) - 1
    assert not list(tmp_path.iterdir())


def test_blocks_of_smooth_tissue_have_the_cells_of_the_whole_to_the_pixel(tmp_path):
    tissue = gaussian_filter((SyntheticCells(count=1, size_px=400, seed=0)[0].mask > 0).astype(np.float32), 1)
    probability, decoder = (tissue / tissue.max())[None], WatershedDecoder(seed_score=0.8)
    found = np.zeros(tissue.shape, np.int32)
    blocks = decode_blocks(
        lambda rows, columns: decoder.decode(probability[:, rows, columns]),
        tissue.shape,
        tmp_path,
        whole_pixels=10,
        block_px=128,
        halo_px=96,
    )
    for window, cells in blocks:
        found[window] = cells
    assert same_cells(found, decoder.decode(probability))


def test_without_a_halo_cells_are_cut(tmp_path):
    picture = np.ones((64, 64), bool)
    assert joined(picture, tmp_path, whole_pixels=10, block_px=32, halo_px=0).max() == 4
    assert joined(picture, tmp_path, whole_pixels=10, block_px=32, halo_px=8).max() == 1


def test_a_picture_that_fits_is_decoded_at_once(tmp_path):
    picture = RNG.random((40, 50)) < 0.4
    assert np.array_equal(joined(picture, tmp_path), label(picture)[0])


def test_memory_holds_one_block_and_the_ends_of_those_before(tmp_path):
    blocks, side = 40, 128
    picture = np.zeros((side, blocks * side), bool)
    picture[::9, :] = True
    tracemalloc.start()
    joined_parts = decode_blocks(cells_in(picture), picture.shape, tmp_path, whole_pixels=10, block_px=side, halo_px=4)
    next(joined_parts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.7 * 4 * picture.size  # of what all blocks take; the rows that are handed out are half of it


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the system does not list mapped files")
def test_the_scratch_file_is_not_mapped_while_a_block_is_decoded(tmp_path):
    mapped = []

    def decode(rows, columns):
        mapped.append("cells.partial" in Path("/proc/self/maps").read_text())
        return np.ones((rows.stop - rows.start, columns.stop - columns.start), np.int32)

    list(decode_blocks(decode, (96, 96), tmp_path, whole_pixels=10, block_px=32, halo_px=4))
    assert len(mapped) == 9
    assert not any(mapped)
