import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.graph import RAG, merge_hierarchical
from skimage.measure import label

from seg.instances.merging import merge_regions
from seg.instances.regions import Contacts

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


def merge_in_the_whole_graph(labels, boundary, limit):
    contacts, graph = Contacts(labels, boundary), RAG()
    graph.add_nodes_from((number, {"labels": [number]}) for number in range(labels.max() + 1))
    for first, second, total, length in zip(
        contacts.first, contacts.second, contacts.totals, contacts.lengths, strict=True
    ):
        if first:
            graph.add_edge(int(first), int(second), weight=total / length, length=int(length))

    def pool(graph, source, target, neighbor):
        edges = [graph[node][neighbor] for node in (source, target) if graph.has_edge(node, neighbor)]
        length = sum(edge["length"] for edge in edges)
        return {"weight": sum(edge["length"] * edge["weight"] for edge in edges) / length, "length": length}

    return merge_hierarchical(labels, graph, limit, False, True, lambda *_: None, pool)


@pytest.mark.parametrize("limit", [0.0, 0.2, 0.4, 0.5, 0.6, 1.0])
def test_regions_that_cannot_merge_may_be_left_out_of_the_graph(limit):
    noise = gaussian_filter(np.random.default_rng(1).normal(size=(2, 96, 128)), (0, 1, 1))
    boundary = (1 / (1 + np.exp(-8 * noise[0]))).astype(np.float32)
    labels = label(np.digitize(noise[1], [-0.2, 0.0, 0.2]), background=0, connectivity=1).astype(np.int32)
    merged = merge_regions(labels, boundary, limit)
    assert np.array_equal(merged, merge_in_the_whole_graph(labels, boundary, limit))
    assert (merged.max() < labels.max()) == (limit > 0)
