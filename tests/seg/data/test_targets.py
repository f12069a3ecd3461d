import albumentations
import numpy as np
import pytest

from seg.data.dataset import RandomCrops, WholeImages
from seg.data.labels import boundaries_from_labels
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling
from seg.data.targets import annotation_of, check_labels, check_targets, stack_targets, targets_of

BOTH = ("boundary", "inside")


@pytest.fixture
def sample():
    labels = np.zeros((40, 40), np.int32)
    labels[4:20, 4:20], labels[4:20, 20:36], labels[26:30, 10:14] = 1, 2, 100_000
    image = (labels > 0).astype(np.uint8) * 200
    return Sample("nuclei", image, boundaries_from_labels(labels, 2), labels, thickness_px=2)


def crops_of(sample, transforms=(), targets=BOTH):
    return RandomCrops([sample], IntensityScaling(), 1, 40, transforms, seed=0, targets=targets)


def test_the_inside_covers_the_cells_with_their_boundary(sample):
    boundary, inside = WholeImages([sample], IntensityScaling(), 1, BOTH)[0]["mask"].numpy()
    assert np.array_equal(inside > 0, sample.labels > 0)
    assert np.array_equal(boundary > 0, sample.mask)
    assert (inside >= boundary).all()


def test_a_crop_has_the_targets_of_its_labels(sample):
    masks = crops_of(sample)[0, 0]["mask"].numpy()
    assert np.array_equal(masks, stack_targets(BOTH, sample.mask, sample.labels))


def test_a_stretched_boundary_keeps_its_thickness(sample):
    twice = albumentations.Affine(scale=2.0, mask_interpolation=0, p=1.0)
    boundary = crops_of(sample, [twice])[0, 0]["mask"][0].numpy() > 0
    assert boundary.any()
    row = boundary[20]  # crosses the vertical boundaries of the two large cells
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], row, [0]]))))[::2]
    assert set(runs) <= {2, 4}  # two pixels, or twice two where cells touch


def test_a_drawn_mask_is_augmented_as_it_is(sample):
    drawn = Sample("tissue", sample.image, sample.mask, sample.labels)
    masks = crops_of(drawn)[0, 0]["mask"].numpy()
    assert np.array_equal(masks[0] > 0, sample.mask)


def test_labels_beyond_16_bits_are_numbered_anew(sample):
    annotation = annotation_of(sample)
    assert annotation.dtype == np.uint16
    masks, valid = targets_of(BOTH, annotation, 2)
    assert np.array_equal(masks, stack_targets(BOTH, sample.mask, sample.labels))
    assert valid.all()


def test_masks_alone_have_no_inside(sample):
    alone = Sample("alone", sample.image, sample.mask)
    with pytest.raises(ValueError, match=r"2 image\(s\) have masks alone, e\.g\. alone"):
        check_labels([alone, sample, alone], BOTH)
    check_labels([alone], ["boundary"])
    check_labels([sample], BOTH)


@pytest.mark.parametrize("targets", [[], ["inside"], ["inside", "boundary"], ["boundary", "boundary"]])
def test_the_boundary_comes_first_and_nothing_twice(targets):
    with pytest.raises(ValueError, match="begin with boundary"):
        check_targets(targets)
