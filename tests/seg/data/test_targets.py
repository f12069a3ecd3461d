import albumentations
import numpy as np
import pytest
from scipy.ndimage import label

from seg.data.dataset import RandomCrops, WholeImages
from seg.data.labels import boundaries_from_labels, centers_from_labels
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


@pytest.mark.parametrize(
    "targets", [[], ["inside"], ["inside", "boundary"], ["boundary", "boundary"], ["boundary", "center"]]
)
def test_targets_have_one_order(targets):
    with pytest.raises(ValueError, match=r"in this order, got \["):
        check_targets(targets)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_targets_may_end_early(number):
    check_targets(["boundary", "inside", "center"][:number])


def test_centers_are_what_is_deeper_than_half_of_the_depth():
    labels = np.zeros((30, 40), np.int32)
    labels[2:23, 2:23], labels[2:23, 23:34] = 1, 2  # they touch; 11 and 6 pixels deep
    center = centers_from_labels(labels)
    assert np.array_equal(np.flatnonzero(center[12]), [*range(7, 18), *range(26, 31)])
    assert len(np.unique(label(center)[0])) == 1 + 2
    assert not centers_from_labels(np.zeros((5, 5), np.int32)).any()


def test_a_cell_goes_on_beyond_the_edge_of_the_picture():
    labels = np.zeros((21, 21), np.int32)
    labels[:, :11] = 1
    assert centers_from_labels(labels)[10, 0]


def test_drawn_masks_with_labels_have_centers_too(sample):
    labels = np.zeros((40, 40), np.int32)
    labels[5:26, 5:26] = 3
    mask = labels > 0
    mask[7:24, 7:24] = False
    drawn = Sample("drawn", np.zeros((40, 40), np.uint8), mask, labels)
    masks, _ = targets_of(["boundary", "inside", "center"], annotation_of(drawn), None)
    assert masks.shape == (3, 40, 40)
    assert (masks[2][15, 15], masks[2][7, 15], masks[2][2, 2]) == (1, 0, 0)
