import hashlib

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label

from seg.data.synthetic import SyntheticCells


def fingerprint(sample) -> str:
    return hashlib.sha256(sample.image.tobytes() + sample.mask.tobytes()).hexdigest()


def test_an_image_depends_on_seed_and_index_alone():
    few, many = SyntheticCells(count=2, size_px=96), SyntheticCells(count=9, size_px=96)
    many[5]
    assert fingerprint(few[1]) == fingerprint(many[1])
    assert few[1].name == "synthetic-0001"


def test_other_seeds_and_indices_are_other_images():
    cells, others = SyntheticCells(count=2, size_px=96), SyntheticCells(count=2, size_px=96, seed=1)
    assert len({fingerprint(sample) for sample in [*cells, *others]}) == 4


@pytest.mark.parametrize("share", [0.02, 0.05, 0.12, 0.4])
def test_the_boundary_has_the_share_that_is_asked_for(share):
    mask = SyntheticCells(count=1, boundary_share=share)[0].mask
    assert mask.mean() == pytest.approx(share, rel=0.01)


def test_the_boundary_encloses_about_as_many_cells_as_the_diameter_says():
    mask = SyntheticCells(count=1, size_px=256, cell_diameter_px=40)[0].mask
    cells, _ = label(~mask)
    areas = np.bincount(cells.ravel())[1:]
    assert 0.4 < (areas > 60).sum() / (256 / 40) ** 2 < 2.5


def test_membranes_are_darker_than_cells_but_no_threshold_finds_them():
    for sample in SyntheticCells(count=3):
        smooth = gaussian_filter(sample.image.astype(float), 1.5)
        assert smooth[sample.mask].mean() < smooth[~sample.mask].mean() - 10
        scores = [
            ((smooth < level) & sample.mask).sum() / ((smooth < level) | sample.mask).sum()
            for level in range(20, 200, 5)
        ]
        assert max(scores) < 0.5


def test_dark_organelles_lie_outside_the_mask():
    sample = SyntheticCells(count=1)[0]
    smooth = gaussian_filter(sample.image.astype(float), 1)
    as_dark_as_membrane = smooth < np.median(smooth[sample.mask])
    assert as_dark_as_membrane[~sample.mask].sum() > 200


def test_fewer_photons_make_more_noise():
    def noise(photons: float) -> float:
        image = SyntheticCells(count=1, photons=photons)[0].image.astype(float)
        return float(np.abs(np.diff(image, axis=1)).mean())

    assert noise(20) > 1.5 * noise(500)


def test_it_behaves_like_a_sequence():
    cells = SyntheticCells(count=3, size_px=64)
    assert fingerprint(cells[-1]) == fingerprint(cells[2])
    assert [sample.name for sample in cells[1:]] == ["synthetic-0001", "synthetic-0002"]
    with pytest.raises(IndexError, match="index 3 of 3 images"):
        cells[3]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"count": 0}, "count must be >= 1, got 0"),
        ({"cell_diameter_px": 3}, "cell_diameter_px must be >= 8, got 3"),
        ({"size_px": 20}, "size_px must be >= cell_diameter_px, got 20"),
        ({"boundary_share": 0.5}, r"boundary_share must be in \[0.02, 0.4\], got 0.5"),
        ({"psf_sigma_px": -1}, "psf_sigma_px must be >= 0, got -1"),
        ({"photons": 0}, "photons must be > 0, got 0"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        SyntheticCells(**arguments)
