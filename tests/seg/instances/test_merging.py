import numpy as np

from seg.instances.merging import merge_regions

THREE = np.repeat(np.array([[1, 1, 2, 2, 3, 3]], np.int32), 4, axis=0)


def boundaries(first, second):
    probability = np.zeros(THREE.shape, np.float32)
    probability[:, 1:3], probability[:, 3:5] = first, second
    return probability


def test_regions_merge_where_the_mean_along_their_contact_is_below_the_limit():
    assert merge_regions(THREE, boundaries(0.2, 0.8), 0.5).tolist()[0] == [1, 1, 1, 1, 2, 2]


def test_a_limit_of_zero_merges_nothing():
    assert np.array_equal(merge_regions(THREE, boundaries(0.0, 0.0), 0.0), THREE)


def test_a_short_gap_does_not_join_what_the_rest_of_the_boundary_parts():
    probability = boundaries(0.9, 0.9)
    probability[0] = 0.0  # a quarter of each boundary: the mean is 0.675
    assert merge_regions(THREE, probability, 0.5).max() == 3
    assert merge_regions(THREE, probability, 0.7).max() == 1


def test_contacts_are_pooled_after_a_merge():
    labels = np.array([[1, 1, 1, 2, 2, 2], [3, 3, 3, 3, 3, 3]], np.int32)
    probability = np.zeros(labels.shape, np.float32)
    probability[1, :3], probability[1, 3:] = 0.3, 0.9  # 1-3 low, 2-3 high, 1-2 lowest: pooled, 3 stays apart
    assert merge_regions(labels, probability, 0.5).tolist() == [[1] * 6, [2] * 6]


def test_background_never_merges():
    labels = np.array([[0, 1, 0, 2]], np.int32)
    assert merge_regions(labels, np.zeros(labels.shape, np.float32), 1.0).tolist() == [[0, 1, 0, 2]]
