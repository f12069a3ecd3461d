"""Collects the scores and the losses of a split, image by image, over all processes of a training."""

import torch
from torch import Tensor

from seg.data.dataset import Batch
from seg.instances.decoder import Decoder
from seg.metrics.image_scores import ImageScores, RankBy, ScoreTable
from seg.metrics.table import METRICS
from seg.model.cells import pair_cells
from seg.model.gathering import gather_images

#: Of ImageScores, with one element per image.
_STATES = ("table", "overall", "evidence")


class SplitScorer:
    """Scores of the images seen since `gather`.

    Args:
        tolerance_px: of the boundary F1, in pixels.
        rank_by: the metric that ranks.
    """

    def __init__(self, tolerance_px: float, rank_by: RankBy) -> None:
        # torchmetrics would join processes in another order, with images that two have seen
        self._scores = ImageScores(tolerance_px, rank_by, sync_on_compute=False)
        self._of_cells = METRICS[rank_by].of_cells
        self._names: list[str] = []
        self._losses: list[Tensor] = []

    def add(self, batch: Batch, probability: Tensor, loss: Tensor, decoder: Decoder | None) -> None:
        """Score the images of a batch.

        Args:
            batch: with the names and masks of its N images.
            probability: (N, K, H, W) in [0, 1].
            loss: of the batch, a scalar.
            decoder: makes the cells where a metric of cells ranks; None takes a usual one.
        """
        cells = pair_cells(batch, probability, decoder) if self._of_cells else ()
        self._scores.update(probability, batch["mask"], batch.get("valid"), cells)
        self._names += batch["name"]
        self._losses += [loss.detach().cpu()] * len(batch["name"])

    def gather(self) -> tuple[ScoreTable, Tensor]:
        """Return the scores and the mean loss of all images; all processes must call it."""
        scores = self._scores
        rows = zip(*(getattr(scores, state) for state in _STATES), self._losses, strict=True)
        *joined, losses = zip(*gather_images(self._names, list(rows)), strict=True)
        for state, values in zip(_STATES, joined, strict=True):
            setattr(scores, state, list(values))
        table = scores.compute()
        scores.reset()
        self._names, self._losses = [], []
        return table, torch.stack(losses).mean()
