"""Scores of every image of a split, at all thresholds, and the best threshold."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric

from seg.metrics.boundary import boundary_f1
from seg.metrics.collapse import Evidence, gather
from seg.metrics.pixel import average_precision, brier, overlap
from seg.metrics.rand import rand_scores

#: Scores at a threshold by which a comparison can rank; larger is better.
RankBy = Literal["boundary_f1", "iou", "dice", "v_rand"]

#: Finer at both ends: the best threshold is low for thin boundaries and high for overconfident losses.
THRESHOLDS = np.array([0.01, 0.02, *np.arange(0.05, 0.951, 0.05), 0.98, 0.99], dtype=np.float32)


class ScoreTable:
    """Scores of N images. Not a dataclass: torchmetrics would squeeze its tensors of one element.

    Args:
        at_threshold: metric -> (N, T), at each of the T thresholds.
        overall: metric -> (N,), of metrics without a threshold.
        evidence: for or against a collapse, one per image.
    """

    def __init__(
        self, at_threshold: dict[str, Tensor], overall: dict[str, Tensor], evidence: Sequence[Evidence] = ()
    ) -> None:
        self.at_threshold, self.overall, self.evidence = at_threshold, overall, evidence

    def best_threshold(self, metric: str) -> float:
        """Return the threshold with the best mean over the images; the middle one of several equal ones."""
        means = self.at_threshold[metric].mean(dim=0)
        best = torch.nonzero(means == means.max()).flatten()
        return float(THRESHOLDS[int(best[(len(best) - 1) // 2])])

    def at(self, threshold: float) -> dict[str, Tensor]:
        """Return metric -> (N,) at one of the thresholds.

        Raises:
            ValueError: it is not one of them.
        """
        (found,) = np.nonzero(np.float32(threshold) == THRESHOLDS)
        if len(found) != 1:
            raise ValueError(f"threshold must be one of {THRESHOLDS.tolist()}, got {threshold}")
        chosen = {metric: values[:, found[0]] for metric, values in self.at_threshold.items()}
        return chosen | self.overall


class ImageScores(Metric):
    """IoU, Dice, boundary F1, average precision, Brier score and, if it ranks, V_Rand of every image.

    Args:
        tolerance_px: of the boundary F1.
        rank_by: V_Rand, which takes a second per image, is computed only if it is named here.
        options: of torchmetrics.Metric.
    """

    full_state_update = False
    table: list[Tensor]
    overall: list[Tensor]
    evidence: list[Tensor]

    def __init__(self, tolerance_px: float, rank_by: RankBy = "boundary_f1", **options: Any) -> None:
        super().__init__(**options)
        self.tolerance_px = tolerance_px
        self.names = ["iou", "dice", "boundary_f1"] + (["v_rand"] if rank_by == "v_rand" else [])
        self.add_state("table", default=[], dist_reduce_fx="cat")
        self.add_state("overall", default=[], dist_reduce_fx="cat")
        self.add_state("evidence", default=[], dist_reduce_fx="cat")

    def update(self, probability: Tensor, mask: Tensor) -> None:
        """Score the boundary channel of each image.

        Args:
            probability: (N, K, H, W) in [0, 1].
            mask: (N, K, H, W) of 0 and 1.
        """
        for raw, truth in zip(probability[:, 0].float().cpu(), mask[:, 0].bool().cpu(), strict=True):
            image = raw.nan_to_num(0.0)
            iou, dice = overlap(image, truth, torch.from_numpy(THRESHOLDS))
            f1 = boundary_f1(image.numpy(), truth.numpy(), THRESHOLDS, self.tolerance_px)
            rows = [iou, dice, torch.from_numpy(f1).float()]
            if "v_rand" in self.names:
                sections = rand_scores(image.numpy(), truth.numpy(), THRESHOLDS)
                rows.append(torch.tensor([section.v_rand for section in sections]))
            self.table.append(torch.stack(rows)[None])
            ap = average_precision(image, truth)
            self.overall.append(torch.stack([ap, brier(image, truth)])[None])
            evidence = gather(raw.numpy(), truth.numpy(), ap.item())
            self.evidence.append(torch.tensor([astuple(evidence)], dtype=torch.float64))

    def compute(self) -> ScoreTable:
        """Return the `ScoreTable` of the images in the order seen."""
        table, overall = _joined(self.table), _joined(self.overall)
        return ScoreTable(
            at_threshold={name: table[:, number] for number, name in enumerate(self.names)},
            overall={"ap": overall[:, 0], "brier": overall[:, 1]},
            evidence=[_to_evidence(row) for row in _joined(self.evidence).tolist()],
        )


def _joined(state: list[Tensor] | Tensor) -> Tensor:
    """Return one tensor; the state is one already if processes were joined."""
    return state if isinstance(state, Tensor) else torch.cat(state)


def _to_evidence(row: list[float]) -> Evidence:
    prevalence, ap, highest_on, highest_off, lowest, predicted_at_half, finite = row
    return Evidence(prevalence, ap, highest_on, highest_off, lowest, predicted_at_half, bool(finite))
