"""Merge regions that hardly any boundary separates."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.graph import RAG, merge_hierarchical

from seg.instances.labels import Labels
from seg.instances.regions import Contacts, relabel, renumber


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
    graph = _uncertain(contacts, limit)
    owners = np.arange(int(labels.max()) + 1, dtype=np.int32)
    merge_hierarchical(
        owners,
        graph,
        thresh=limit,
        rag_copy=False,
        in_place_merge=True,
        merge_func=lambda *_: None,
        weight_func=_pooled,
    )
    kept = owners > 0
    for owner, members in graph.nodes(data="labels"):
        owners[members] = owner
        kept[members] = False
        kept[owner] = True
    return relabel(labels, renumber(owners, kept))


def _uncertain(contacts: Contacts, limit: float) -> RAG:
    """Return the graph of the regions that have a contact below the limit.

    No other region can merge: pooling contacts that are all above the limit gives one that is above it, too.
    """
    means = contacts.totals / contacts.lengths
    between_cells = contacts.first > 0
    weak = between_cells & (means < limit)
    nodes = np.union1d(contacts.first[weak], contacts.second[weak])
    edges = between_cells & np.isin(contacts.first, nodes) & np.isin(contacts.second, nodes)
    graph = RAG()
    graph.add_nodes_from((node, {"labels": [node]}) for node in nodes.tolist())
    columns = contacts.first, contacts.second, means, contacts.lengths
    for first, second, mean, length in zip(*(column[edges].tolist() for column in columns), strict=True):
        graph.add_edge(first, second, weight=mean, length=length)
    return graph


def _pooled(graph: Any, source: int, target: int, neighbor: int) -> dict[str, float]:
    """Return the contact of a neighbor with two regions that become one."""
    contacts = [graph[node][neighbor] for node in (source, target) if graph.has_edge(node, neighbor)]
    length = sum(contact["length"] for contact in contacts)
    total = sum(contact["length"] * contact["weight"] for contact in contacts)
    return {"weight": total / length, "length": length}
