import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from seg.data.labels import boundaries_from_labels, centers_from_labels
from seg.instances import labels as tiles
from seg.instances import regions
from seg.instances.decoder import build_decoder, describe_decoder
from seg.instances.watershed import WatershedDecoder
from seg.metrics.instance import instance_scores
from seg.metrics.rand import compare_cells, connected_cells


def squares(gap: int) -> np.ndarray:
    """Four cells of 12 x 12 pixels, `gap` apart."""
    labels = np.zeros((40, 40), np.int32)
    for number, (row, column) in enumerate(((4, 4), (4, 16 + gap), (16 + gap, 4), (16 + gap, 16 + gap)), start=1):
        labels[row : row + 12, column : column + 12] = number
    return labels


def perfect(labels: np.ndarray, thickness_px: int = 1) -> np.ndarray:
    return np.stack([boundaries_from_labels(labels, thickness_px), labels > 0]).astype(np.float32)


INSIDE = WatershedDecoder(foreground="inside", sigma_px=0)
TISSUE = WatershedDecoder(foreground="all", sigma_px=0, keep_boundary=0.5)


@pytest.mark.parametrize("gap", [0, 1, 3])
@pytest.mark.parametrize("thickness_px", [1, 2])
def test_a_perfect_prediction_of_cells_scores_1(gap, thickness_px):
    labels = squares(gap)
    scores = instance_scores(INSIDE.decode(perfect(labels, thickness_px)), labels)
    assert (scores.ap50, scores.ap, scores.f1, scores.pq) == (1, 1, 1, 1)


def test_a_cell_that_is_all_boundary_is_found_by_its_inside():
    labels = np.zeros((20, 20), np.int32)
    labels[3:5, 3:9] = 1
    labels[10:12, 10:12] = 2
    assert instance_scores(INSIDE.decode(perfect(labels)), labels).ap == 1


def test_a_perfect_boundary_of_tissue_scores_1():
    mask = np.zeros((30, 30), bool)
    mask[:, 10], mask[15, 10:], mask[7:9, :10] = True, True, True
    cells = connected_cells(~mask)
    decoded = TISSUE.decode(mask[None].astype(np.float32))
    scores = compare_cells(cells, decoded)
    assert instance_scores(decoded, cells).ap == 1
    assert (scores.v_rand, scores.v_info) == (pytest.approx(1), pytest.approx(1))


def test_boundary_pixels_are_given_back_unless_they_are_kept():
    probability = np.zeros((1, 5, 9), np.float32)
    probability[0, :, 4] = 1
    given, kept = WatershedDecoder(sigma_px=0).decode(probability), TISSUE.decode(probability)
    assert (given > 0).all()
    assert np.array_equal(kept == 0, probability[0] == 1)
    assert given.max() == kept.max() == 2


@pytest.mark.parametrize(("foreground", "sign"), [("bright", 1), ("dark", -1)])
def test_background_is_no_cell_where_the_image_tells_it_apart(foreground, sign):
    labels = squares(3)
    boundary = boundaries_from_labels(labels)[None].astype(np.float32)
    image = sign * np.where(labels > 0, 0.6, -0.6).astype(np.float32)[None]
    decoder = WatershedDecoder(foreground=foreground, sigma_px=0)
    assert instance_scores(decoder.decode(boundary, image), labels).ap == 1
    assert decoder.decode(boundary, np.zeros_like(image)).shape == labels.shape  # an image without contrast


def test_an_oversegmented_cell_is_merged():
    probability = np.zeros((1, 20, 20), np.float32)
    probability[0, 10] = 0.3
    probability[0, :, 10] = 0.9
    split = WatershedDecoder(seed_score=0.8, sigma_px=0)
    merged = WatershedDecoder(seed_score=0.8, sigma_px=0, merge_below=0.5)
    assert split.decode(probability).max() == 4
    assert merged.decode(probability).max() == 2


def test_a_ring_of_inside_is_filled_and_specks_are_dropped():
    inside = np.zeros((20, 20), np.float32)
    inside[3:12, 3:12], inside[6:9, 6:9], inside[16, 16] = 1, 0, 1
    probability = np.stack([np.zeros_like(inside), inside])
    decoded = WatershedDecoder(foreground="inside", sigma_px=0, holes=True, min_size_px=5).decode(probability)
    assert decoded.max() == 1
    assert (decoded[3:12, 3:12] == 1).all()


def test_cells_are_numbered_without_gaps_and_the_same_every_time():
    probability = np.random.default_rng(0).random((2, 64, 64), dtype=np.float32)
    decoder = WatershedDecoder(foreground="inside", sigma_px=1, min_size_px=4)
    first, second = decoder.decode(probability), decoder.decode(probability)
    assert np.array_equal(first, second)
    assert set(np.unique(first)) == set(range(first.max() + 1))


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1)])
def test_pictures_of_any_size_are_decoded(size):
    for foreground in ("inside", "all", "bright"):
        probability = np.full((2, *size), 0.6, np.float32)
        decoded = WatershedDecoder(foreground=foreground).decode(probability, np.zeros((1, *size), np.float32))
        assert decoded.shape == size


def test_what_is_missing_is_named():
    boundary = np.zeros((1, 4, 4), np.float32)
    with pytest.raises(ValueError, match="foreground inside needs a network with a channel"):
        INSIDE.decode(boundary)
    with pytest.raises(ValueError, match="needs the image"):
        WatershedDecoder(foreground="dark").decode(boundary)


@pytest.mark.parametrize(
    "field",
    [
        {"foreground": "grey"},
        {"seed_score": 1.5},
        {"boundary_weight": -1},
        {"sigma_px": -0.1},
        {"foreground_probability": 1.1},
        {"merge_below": 1.1},
        {"min_size_px": -1},
    ],
)
def test_a_value_out_of_range_is_refused_by_name(field):
    with pytest.raises(ValueError, match="must be"):
        WatershedDecoder(**field)


def test_a_decoder_is_built_from_its_description():
    decoder = WatershedDecoder(foreground="inside", seed_score=0.25, keep_boundary=0.3)
    assert build_decoder(describe_decoder(decoder)) == decoder


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("seg.instances.watershed.Nothing", {}),
        ("no_such_package.Decoder", {}),
        ("seg.instances.watershed.WatershedDecoder", {"sigma": 1}),
        ("pathlib.Path", {}),
    ],
)
def test_what_is_no_decoder_is_refused(path, arguments):
    with pytest.raises(ValueError, match=r"decoder|Decoder"):
        build_decoder({"class_path": path, "init_args": arguments})


def test_touching_disks_whose_boundary_was_missed_are_divided_where_they_are_narrow():
    rows, columns = np.mgrid[:40, :60]
    left, right = ((rows - 20) ** 2 + (columns - center) ** 2 <= 100 for center in (20, 37))
    probability = np.stack([np.zeros((40, 60)), left | right]).astype(np.float32)
    assert INSIDE.decode(probability).max() == 1
    divided = replace(INSIDE, seed_depth_px=1.0).decode(probability)
    truth = np.where(left & (columns < 29), 1, np.where(right, 2, 0)).astype(np.int32)
    assert divided.max() == 2
    assert instance_scores(divided, truth).ap > 0.9
    assert replace(INSIDE, seed_depth_px=9.0).decode(probability).max() == 1


def test_cells_whose_boundary_is_missed_are_told_apart_by_their_centers():
    labels = squares(0)
    missed = np.stack([np.zeros_like(labels), labels > 0, centers_from_labels(labels)]).astype(np.float32)
    assert instance_scores(INSIDE.decode(missed), labels).ap50 == 0
    assert instance_scores(replace(INSIDE, seeds="center").decode(missed), labels).ap == 1


@pytest.mark.parametrize(
    ("decoder", "channels", "named"),
    [
        (INSIDE, 1, "foreground inside needs a network with a channel of it"),
        (replace(INSIDE, seeds="center"), 2, "seeds center needs a network with a channel of it"),
    ],
)
def test_a_channel_that_is_not_there_is_named(decoder, channels, named):
    with pytest.raises(ValueError, match=named):
        decoder.decode(np.zeros((channels, 8, 8), np.float32))


def test_seeds_are_of_a_known_kind():
    with pytest.raises(ValueError, match="seeds must be one of score, center, got 'middle'"):
        WatershedDecoder(seeds="middle")


@pytest.mark.parametrize(
    "decoder",
    [
        replace(INSIDE, sigma_px=1, seed_depth_px=0.5, merge_below=0.2, holes=True),
        replace(TISSUE, sigma_px=1, merge_below=0.2, holes=True),
    ],
    ids=["divided by shape", "tissue"],
)
def test_large_pictures_take_at_most_12_bytes_per_pixel(decoder, monkeypatch):
    monkeypatch.setattr(tiles, "TILE_PX", 96)  # as small beside this picture as they are beside a large one
    monkeypatch.setattr(tiles, "HALOS_PX", (8, 32))
    monkeypatch.setattr(regions, "_BAND_PX", 16)
    probability = perfect(np.kron(np.arange(1, 48**2 + 1).reshape(48, 48), np.ones((20, 20), np.int32)), 2)
    tracemalloc.start()
    cells = decoder.decode(probability)
    taken = tracemalloc.get_traced_memory()[1] / cells.size  # 4 of them are the answer
    tracemalloc.stop()
    assert cells.max() == 48**2
    assert taken < 12
