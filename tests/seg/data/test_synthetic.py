import hashlib

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter, label

from seg.data.synthetic import SyntheticCells


def fingerprint(sample) -> str:
    return hashlib.sha256(sample.image.tobytes() + sample.mask.tobytes()).hexdigest()


def test_an_image_depends_on_seed_and_index_alone():
    few, many = SyntheticCells(count=2, size_px=96), SyntheticCells(count=9, size_px=96)
    many[5]
    assert fingerprint(few[1]) == fingerprint(many[1])
    assert fingerprint(few[1]) == fingerprint(few[1])
    assert few[1].name == "synthetic-0001"


def test_other_seeds_and_indices_are_other_images():
    cells, others = SyntheticCells(count=2, size_px=96), SyntheticCells(count=2, size_px=96, seed=1)
    assert len({fingerprint(sample) for sample in [*cells, *others]}) == 4


@pytest.mark.parametrize("share", [0.02, 0.05, 0.12, 0.4])
def test_the_boundary_has_the_share_that_is_asked_for(share):
    mask = SyntheticCells(count=1, boundary_share=share)[0].mask
    assert mask.mean() == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize("diameter", [30, 40, 60])
def test_half_of_the_cells_are_smaller_than_the_diameter(diameter):
    cells, _ = label(~SyntheticCells(count=1, size_px=512, cell_diameter_px=diameter)[0].mask)
    edge = np.concatenate([cells[0], cells[-1], cells[:, 0], cells[:, -1]])
    areas = np.delete(np.bincount(cells.ravel()), np.append(edge, 0))
    diameters = np.sqrt(areas[areas > 60] * 4 / np.pi)
    assert np.median(diameters) == pytest.approx(diameter, rel=0.25)


def test_cells_are_of_very_different_sizes():
    areas = []
    for sample in SyntheticCells(count=4):
        cells, _ = label(~sample.mask)
        areas.extend(np.bincount(cells.ravel())[1:])
    small, large = np.quantile([area for area in areas if area > 60], [0.1, 0.9])
    assert large > 6 * small


@pytest.mark.parametrize(("share", "most"), [(0.05, 25), (0.08, 10), (0.3, 10)])
def test_membranes_hang_together(share, most):
    for sample in SyntheticCells(count=4, boundary_share=share):
        _, pieces = label(sample.mask, np.ones((3, 3)))
        assert pieces <= most


def test_cells_are_numbered_and_end_at_their_membranes():
    for sample in SyntheticCells(count=3, size_px=128):
        cells, count = label(~sample.mask)
        assert np.array_equal(sample.labels == 0, sample.mask)
        assert sample.labels.dtype == np.int32
        assert sample.labels.max() == len(np.unique(sample.labels)) - 1 == count
        assert len(set(zip(sample.labels.ravel(), cells.ravel(), strict=True))) == count + 1


def test_cells_are_known_apart_where_the_mask_lacks_their_membrane():
    sample = SyntheticCells(count=1, size_px=128, boundary_share=0.02)[0]
    assert sample.labels.max() > label(~sample.mask)[1] + 5
    assert all(label(sample.labels == number)[1] == 1 for number in range(1, sample.labels.max() + 1))


def best_threshold_iou(sample) -> float:
    smooth = gaussian_filter(sample.image.astype(float), 1.5)
    levels = np.quantile(smooth, np.linspace(0.01, 0.6, 40))
    return max(((smooth < level) & sample.mask).sum() / ((smooth < level) | sample.mask).sum() for level in levels)


def test_membranes_are_darker_than_cells_but_no_threshold_finds_them():
    samples = list(SyntheticCells(count=6))
    for sample in samples:
        assert sample.image[sample.mask].mean() < sample.image[~sample.mask].mean() - 10
    assert 0.25 < np.mean([best_threshold_iou(sample) for sample in samples]) < 0.45


def test_some_membrane_is_as_bright_as_the_cells():
    sample = SyntheticCells(count=1, photons=1e6)[0]
    faded = sample.image[sample.mask] > np.quantile(sample.image[~sample.mask], 0.25)
    assert 0.03 < faded.mean() < 0.3


def test_dark_organelles_lie_deep_inside_the_cells():
    for sample in SyntheticCells(count=3):
        smooth = gaussian_filter(sample.image.astype(float), 1)
        deep_inside = distance_transform_edt(~sample.mask) > 4
        as_dark_as_membrane = smooth < np.median(smooth[sample.mask])
        assert as_dark_as_membrane[deep_inside].sum() > 200


def test_fewer_photons_make_more_noise():
    def noise(photons: float) -> float:
        image = SyntheticCells(count=1, photons=photons)[0].image.astype(float)
        return float(np.abs(np.diff(image, axis=1)).mean())

    assert noise(20) > 1.5 * noise(500)


def test_it_behaves_like_a_sequence():
    cells = SyntheticCells(count=3, size_px=64)
    assert len(cells) == len(list(cells)) == 3
    assert fingerprint(cells[-1]) == fingerprint(cells[2])
    assert [sample.name for sample in cells[1:]] == ["synthetic-0001", "synthetic-0002"]
    with pytest.raises(IndexError, match="index 3 of 3 images"):
        cells[3]
    with pytest.raises(IndexError, match="index -4 of 3 images"):
        cells[-4]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"count": 0}, "count must be >= 1, got 0"),
        ({"cell_diameter_px": 3}, "cell_diameter_px must be >= 8, got 3"),
        ({"size_px": 20}, "size_px must be >= cell_diameter_px, got 20"),
        ({"boundary_share": 0.5}, r"boundary_share must be in \[0.02, 0.4\], got 0.5"),
        ({"psf_sigma_px": -1}, "psf_sigma_px must be >= 0, got -1"),
        ({"photons": 0}, "photons must be > 0 and at most 1e9, got 0"),
        ({"photons": float("inf")}, "photons must be > 0 and at most 1e9, got inf"),
        ({"seed": -1}, "seed must be >= 0, got -1"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        SyntheticCells(**arguments)
