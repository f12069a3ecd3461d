"""V_Rand and V_Info of the ISBI 2012 challenge: are cells split or merged?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label
from skimage.segmentation import watershed

from seg.metrics.unknown import without_nan

Labels = NDArray[np.int32]

#: Pixels of a cell are connected by their sides: through corners, a diagonal membrane would leak.
_FOUR_CONNECTED = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


@dataclass(frozen=True)
class RandScores:
    """V_Rand and V_Info of one proposal, each an F-score in [0, 1]."""

    v_rand: float
    v_info: float


def rand_scores(
    probability: NDArray[np.float32], mask: NDArray[np.bool_], thresholds: NDArray[np.float32]
) -> list[RandScores]:
    """Return the foreground-restricted scores of a section at each threshold, after thinning of the boundaries.

    If the truth has no cell, the scores are 1 if the proposal has none either, else 0.

    Args:
        probability: (H, W) of the boundary, in [0, 1].
        mask: (H, W), True on the boundary; its complement's 4-connected components are the cells.
        thresholds: (T,); a pixel is boundary where probability >= threshold.

    Source:
        Arganda-Carreras et al., Frontiers in Neuroanatomy 2015.
    """
    cells, known = connected_cells(~mask), without_nan(probability)
    return [compare_cells(cells, thin(known < threshold)) for threshold in thresholds]


def connected_cells(inside: NDArray[np.bool_]) -> Labels:
    """Return the 4-connected components of (H, W), numbered from 1; 0 is boundary."""
    cells: Labels = label(inside, structure=_FOUR_CONNECTED)[0].astype(np.int32)
    return cells


def thin(inside: NDArray[np.bool_]) -> Labels:
    """Return cells grown until boundaries of one pixel, labelled 0, are left between them."""
    # not OpenCV's: its last digit varies between runs, and with it the line between equally near cells
    distance = distance_transform_edt(~inside)
    grown: Labels = watershed(distance, connected_cells(inside), connectivity=1, watershed_line=True)
    return grown


def compare_cells(truth: Labels, proposal: Labels) -> RandScores:
    """Return the scores of a proposal, counted over the pixels of the true cells.

    p_ij is the share of those pixels that lie in true cell i and proposed cell j; j = 0 is the proposed boundary, whose
    pixels count as cells of one pixel each.

    Args:
        truth: (H, W), cells from 1, 0 is boundary and not counted.
        proposal: (H, W), cells from 1, 0 is boundary.
    """
    inside = truth > 0
    n = int(inside.sum())
    if n == 0:
        empty = float(not (proposal > 0).any())
        return RandScores(empty, empty)
    joint = _joint_counts(truth[inside], proposal[inside]) / n
    a, b, z = joint.sum(axis=1), joint[:, 1:].sum(axis=0), float(joint[:, 0].sum())
    both = joint[:, 1:][joint[:, 1:] > 0]
    pairs = (both**2).sum() + z / n
    v_rand = _harmonic_mean(pairs / ((b**2).sum() + z / n), pairs / (a**2).sum())
    singles = z * np.log(n)
    entropy_a, entropy_b = -_sum_log(a), -(_sum_log(b) - singles)
    mutual = entropy_a + entropy_b + (_sum_log(both) - singles)
    return RandScores(v_rand, _information_score(mutual, entropy_a, entropy_b))


def _joint_counts(truth: Labels, proposal: Labels) -> NDArray[np.float64]:
    """Return a matrix (1 + true cells, 1 + proposed cells) of pixel counts."""
    shape = (int(truth.max()) + 1, int(proposal.max()) + 1)
    pairs = truth.astype(np.int64) * shape[1] + proposal
    return np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def _sum_log(shares: NDArray[np.float64]) -> float:
    """Return the sum of p ln p, 0 where p is 0."""
    positive = shares[shares > 0]
    return float((positive * np.log(positive)).sum())


def _information_score(mutual: float, entropy_true: float, entropy_proposed: float) -> float:
    """Return the F-score of the mutual information's shares in both entropies.

    A proposal of one piece (entropy 0) scores 0, unless the truth is one piece, too.
    """
    tiny = 1e-12
    if entropy_proposed <= tiny:
        return float(entropy_true <= tiny)
    if entropy_true <= tiny or mutual <= tiny:
        return 0.0
    return _harmonic_mean(mutual / entropy_proposed, mutual / entropy_true)


def _harmonic_mean(precision: float, recall: float) -> float:
    return float(2 * precision * recall / (precision + recall))
