"""Scores of every image of a split, at all thresholds, and the best threshold."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric

from seg.metrics.evidence import Evidence, gather
from seg.metrics.scored_image import ScoredImage
from seg.metrics.table import METRICS, THRESHOLDS, threshold_metric

if TYPE_CHECKING:
    RankBy = str
else:  # the command line offers and accepts what the table says, which no type checker can read
    RankBy = Literal[tuple(key for key, metric in METRICS.items() if metric.may_rank)]


#: True and predicted cells of an image.
CellPair = tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]


class ScoreTable:
    """Scores of N images. Not a dataclass: torchmetrics would squeeze its tensors of one element.

    Args:
        at_threshold: metric -> (N, T), at each of the T thresholds.
        overall: metric -> (N,), of metrics without a threshold.
        evidence: for or against a collapse: of each image, one per channel.
    """

    def __init__(
        self, at_threshold: dict[str, Tensor], overall: dict[str, Tensor], evidence: Sequence[Sequence[Evidence]] = ()
    ) -> None:
        self.at_threshold, self.overall, self.evidence = at_threshold, overall, evidence

    def best_threshold(self, metric: str) -> float:
        """Return the threshold with the best mean over the images; the middle one of several equal ones.

        For a metric of cells, which has no threshold, it is that of the boundary F1.
        """
        means = self.at_threshold[threshold_metric(metric)].mean(dim=0)
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
    """The metrics of every image seen that the table has for validations, and the one that ranks.

    Args:
        tolerance_px: of the boundary F1.
        rank_by: a metric that the table has for tests alone (V_Rand takes a second per image) is computed if it is
            named here. One of cells needs cells at each update.
        options: of torchmetrics.Metric.
    """

    full_state_update = False
    table: list[Tensor]
    overall: list[Tensor]
    evidence: list[Tensor]

    def __init__(self, tolerance_px: float, rank_by: RankBy = "boundary_f1", **options: Any) -> None:
        super().__init__(**options)
        self.tolerance_px = tolerance_px
        computed = [metric for key, metric in METRICS.items() if metric.validated or key == rank_by]
        self.at_threshold = [metric.key for metric in computed if metric.at_thresholds]
        self.at_none = [metric.key for metric in computed if not metric.at_thresholds]
        self.add_state("table", default=[], dist_reduce_fx="cat")
        self.add_state("overall", default=[], dist_reduce_fx="cat")
        self.add_state("evidence", default=[], dist_reduce_fx="cat")

    def update(
        self, probability: Tensor, mask: Tensor, valid: Tensor | None = None, cells: Sequence[CellPair] = ()
    ) -> None:
        """Score the boundary channel of each image; the others count for a collapse alone.

        Args:
            probability: (N, K, H, W) in [0, 1].
            mask: (N, K, H, W) of 0 and 1.
            valid: (N, 1, H, W) bool, False at void pixels; None: there are none.
            cells: of each image, for a metric of cells: the true ones, (H, W), or None for the components between
                boundaries, and the predicted ones.
        """
        known = itertools.repeat(None) if valid is None else valid[:, 0].cpu().numpy()
        images = zip(
            probability.float().cpu().numpy(),
            mask.bool().cpu().numpy(),
            known,
            cells or itertools.repeat((None, None)),
            strict=False,
        )
        for channels, truths, where, (true, predicted) in images:
            image = ScoredImage(channels[0], truths[0], THRESHOLDS, self.tolerance_px, true, predicted, where)
            self.table.append(torch.stack([_value(image, key) for key in self.at_threshold])[None])
            self.overall.append(torch.stack([_value(image, key) for key in self.at_none])[None])
            evidence = [gather(*channel, where).to_row() for channel in zip(channels, truths, strict=True)]
            self.evidence.append(torch.from_numpy(np.stack(evidence))[None])

    def compute(self) -> ScoreTable:
        """Return the `ScoreTable` of the images in the order seen."""
        table, overall = _joined(self.table), _joined(self.overall)
        return ScoreTable(
            at_threshold={key: table[:, number] for number, key in enumerate(self.at_threshold)},
            overall={key: overall[:, number] for number, key in enumerate(self.at_none)},
            evidence=[[Evidence.of_row(row) for row in rows] for rows in _joined(self.evidence).numpy()],
        )


def _value(image: ScoredImage, key: str) -> Tensor:
    """Return a metric of the image: (T,) at its thresholds, or a scalar."""
    return torch.as_tensor(image.compute(METRICS[key].formula)).float()


def _joined(state: list[Tensor] | Tensor) -> Tensor:
    """Return one tensor; the state is one already if processes were joined."""
    return state if isinstance(state, Tensor) else torch.cat(state)
