"""Instance scores: how many cells were found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Labels = NDArray[np.integer]

#: IoU from which a cell counts as found; AP is the mean over them.
CUTS = np.arange(0.5, 0.96, 0.05).round(2)


@dataclass(frozen=True)
class InstanceScores:
    """Of one image: TP / (TP + FP + FN) at IoU 0.5 and as the mean over 0.5:0.95, F1 at 0.5, panoptic quality."""

    ap50: float
    ap: float
    f1: float
    pq: float


def instance_scores(proposal: Labels, truth: Labels) -> InstanceScores:
    """Compare two label images; all scores are 1 if neither has a cell.

    Cells are matched one to one, separately at each cut, so that as many pairs as possible reach it; for PQ, an IoU
    must exceed 0.5.

    Args:
        proposal: (H, W), 0 is background.
        truth: (H, W), 0 is background.

    Source:
        Caicedo et al., Nature Methods 2019 (AP as in the Data Science Bowl); Kirillov et al., CVPR 2019 (PQ).
    """
    overlaps = _iou_matrix(proposal, truth)
    proposed, true = overlaps.shape
    if proposed + true == 0:
        return InstanceScores(1.0, 1.0, 1.0, 1.0)
    found = [_matched(overlaps, cut) for cut in CUTS]
    accuracies = [len(ious) / (proposed + true - len(ious)) for ious in found]
    mean_size = (proposed + true) / 2
    return InstanceScores(
        ap50=accuracies[0],
        ap=float(np.mean(accuracies)),
        f1=len(found[0]) / mean_size,
        pq=float(overlaps[overlaps > 0.5].sum()) / mean_size,  # above 0.5, no cell has two partners
    )


def _iou_matrix(proposal: Labels, truth: Labels) -> NDArray[np.float64]:
    """Return the IoU of each proposed with each true cell."""
    (proposed, rows), (true, columns) = _numbered(proposal), _numbered(truth)
    shape = (len(proposed), len(true))
    both = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    inside = np.ix_(proposed != 0, true != 0)
    overlaps: NDArray[np.float64] = both[inside] / np.maximum(union[inside], 1)
    return overlaps


def _numbered(labels: Labels) -> tuple[NDArray[np.integer], NDArray[np.intp]]:
    """Return the labels, 0 always among them, ascending, and the place of each pixel's label among them."""
    flat = labels.ravel()
    if flat.min(initial=0) < 0 or flat.max(initial=0) > 8 * flat.size:  # a table of them would be large: sort
        names, places = np.unique(np.append(flat, 0), return_inverse=True)
        return names, places[:-1]
    present = np.zeros(flat.max(initial=0) + 1, np.bool_)
    present[flat] = present[0] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[flat]


def _matched(overlaps: NDArray[np.float64], cut: float) -> NDArray[np.float64]:
    """Return the IoUs of the matched pairs that reach the cut."""
    reached = overlaps >= cut
    # as many pairs as possible; among equally many, those with the larger overlap
    rows, columns = linear_sum_assignment(np.where(reached, 1 + overlaps / (1 + min(overlaps.shape)), 0), maximize=True)
    ious: NDArray[np.float64] = overlaps[rows, columns]
    return ious[ious >= cut]
