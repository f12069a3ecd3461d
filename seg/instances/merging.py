"""Merge regions that hardly any boundary separates."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.graph import RAG, merge_hierarchical

from seg.instances.flood import Labels
from seg.instances.regions import Contacts


def merge_regions(labels: Labels, boundary: NDArray[np.float32], limit: float) -> Labels:
    """Merge neighbors, the weakest contact first, until no mean probability along a contact is below the limit.

    After each merge the contacts of the two regions are pooled, so that a short gap in a long boundary does not join
    what the rest of the boundary separates.

    Args:
        labels: (H, W), from 1; 0 is background and is never merged.
        boundary: (H, W), probability of a boundary.
        limit: in [0, 1]; 0 merges nothing.

    Returns:
        (H, W), numbered from 1 without gaps.

    Source:
        Nunez-Iglesias et al., PLoS ONE 2013 (agglomeration by mean boundary probability).
    """
    contacts = Contacts(labels, boundary)
    between_cells = contacts.first > 0
    graph = RAG()
    graph.add_nodes_from((number, {"labels": [number]}) for number in range(int(labels.max()) + 1))
    graph.add_edges_from(
        (int(first), int(second), {"weight": total / length, "length": int(length)})
        for first, second, total, length in zip(
            contacts.first[between_cells],
            contacts.second[between_cells],
            contacts.totals[between_cells],
            contacts.lengths[between_cells],
            strict=True,
        )
    )
    merged = merge_hierarchical(
        labels,
        graph,
        thresh=limit,
        rag_copy=False,
        in_place_merge=True,
        merge_func=lambda *_: None,
        weight_func=_pooled,
    )
    return np.asarray(merged, dtype=np.int32)  # background, the first node, keeps its 0


def _pooled(graph: Any, source: int, target: int, neighbor: int) -> dict[str, float]:
    """Return the contact of a neighbor with two regions that become one."""
    contacts = [graph[node][neighbor] for node in (source, target) if graph.has_edge(node, neighbor)]
    length = sum(contact["length"] for contact in contacts)
    total = sum(contact["length"] * contact["weight"] for contact in contacts)
    return {"weight": total / length, "length": length}
