"""How a LightningModule scores the validation and test images, and predicts others."""

from typing import Any

import pytorch_lightning as pl
import torch
from lightning_utilities.core.rank_zero import rank_zero_info
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from losses import SegmentationLoss
from seg.data.dataset import Batch
from seg.inference.engine import AveragedEngine
from seg.inference.export import fastest_engine
from seg.instances.decoder import Decoder, build_decoder, describe_decoder
from seg.metrics.collapse import VERDICTS, Verdict, judge_split
from seg.metrics.image_scores import RankBy, ScoreTable
from seg.model.averaging import averaged, predict_images
from seg.model.scoring import SplitScorer
from seg.network.ensemble import LEAST_PROBABILITY
from seg.network.unet import NetworkConfig, PaddedNetwork

NO_TTA_THRESHOLD = (
    "the checkpoint has no threshold for tta, which a whole `seg fit` adds: leave --tta out, or set --model.tta false"
)


class ScoredModule(pl.LightningModule):
    """A segmentation network that is scored at one threshold.

    Each validation chooses the threshold at which the ranking metric is best; test and prediction use the checkpoint's.
    A metric of cells ranks epochs by the cells of the usual decoder, and then chooses the decoder.

    Args:
        rank_by: the metric by which validation chooses the epoch, and the threshold or the decoder of cells.
        tolerance_px: of the boundary F1, in pixels.
        decoder: from which the search for the decoder of cells starts; None takes the usual ones for the data.
        tta: average over flips and turns (test-time augmentation) wherever a network is used, that is not in the
            validations during a training.

    Attributes:
        network, network_config, loss: set by the subclass.
        tta: as given.
        threshold_tta: of averaged predictions; None if it was not chosen.
        search_from: the decoder as given.
        decoder: from probabilities to cells; after a training the one that was chosen on validation.
    """

    threshold: Tensor
    network: PaddedNetwork
    network_config: NetworkConfig
    loss: SegmentationLoss

    def __init__(self, rank_by: RankBy, tolerance_px: float, decoder: Decoder | None, tta: bool) -> None:
        super().__init__()
        self.rank_by, self.search_from, self.decoder, self.tta = rank_by, decoder, decoder, tta
        self.tolerance_px, self.scorer = tolerance_px, SplitScorer(tolerance_px, rank_by)
        self.tables: dict[str, ScoreTable] = {}
        self.collapse: Verdict = "none"
        self.threshold_tta: float | None = None
        self.register_buffer("threshold", torch.tensor(0.5))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add thresholds and decoder; where weights are averaged, those of which the thresholds are."""
        if "callbacks" not in checkpoint and self.trainer.state.fn == TrainerFn.FITTING:
            self._keep_averaged_weights(checkpoint)
        checkpoint["state_dict"]["threshold"] = self.threshold  # a callback that averages weights averages it as well
        checkpoint["threshold_tta"] = self.threshold_tta
        checkpoint["decoder"] = describe_decoder(self.decoder) if self.decoder else None

    def _keep_averaged_weights(self, checkpoint: dict[str, Any]) -> None:
        """Exchange the weights of a checkpoint of weights alone, for which Lightning does not ask its callbacks."""
        for callback in self.trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(callback, WeightAveraging):
                callback.on_save_checkpoint(self.trainer, self, checkpoint)
                del checkpoint["current_model_state"], checkpoint["averaging_state"]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the threshold of averaged predictions and the decoder, which checkpoints during a training lack."""
        self.threshold_tta = checkpoint.get("threshold_tta")
        if description := checkpoint.get("decoder"):
            self.decoder = build_decoder(description)

    def forward(self, image: Tensor) -> Tensor:
        """Return probabilities (N, K, H, W) for images (N, C, H, W)."""
        probability: Tensor = self.network(image).sigmoid()
        return probability

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Score the validation images and return their probabilities."""
        return self._score(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Score the test images and return their probabilities."""
        return self._score(batch)

    @property
    def averages(self) -> bool:
        """Whether images are averaged now: with `tta`, but not during a training."""
        return self.tta and self.trainer.state.fn != TrainerFn.FITTING

    @property
    def used_threshold(self) -> float:
        """The threshold of what is scored or predicted now; ValueError if that of averaged ones was not chosen."""
        if not self.averages:
            return self.threshold.item()
        if self.threshold_tta is None:
            raise ValueError(NO_TTA_THRESHOLD)
        return self.threshold_tta

    def on_predict_start(self) -> None:
        """Choose the fastest engine, as the service does."""
        engine = fastest_engine(self.network, self.network_config.in_channels, self.used_threshold)
        self.engine = AveragedEngine(engine) if self.averages else engine

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return probabilities (N, K, H, W), tile by tile where the images are large."""
        return predict_images(batch["image"], self.engine, self.network.stride_px)

    def on_validation_epoch_end(self) -> None:
        """Choose the threshold at which the ranking metric is best, and log the scores at it."""
        table, loss = self.scorer.gather()
        best = table.best_threshold(self.rank_by)
        if self.averages:
            self.threshold_tta = best
        else:
            self.threshold.fill_(best)
        self._warn_of_collapse(table)
        self._log("val/threshold", self.threshold)
        self._log("val/collapse", torch.tensor(float(VERDICTS.index(self.collapse))))
        self._finish(table, loss, "val")

    def _warn_of_collapse(self, table: ScoreTable) -> None:
        found = judge_split(table.evidence)
        self.collapse = found.verdict
        if self.collapse != "none":
            rank_zero_info(f"epoch {self.current_epoch}: {found}")

    def on_test_epoch_end(self) -> None:
        """Log the scores at the threshold of the checkpoint."""
        self._finish(*self.scorer.gather(), "test")

    def _score(self, batch: Batch) -> Tensor:
        if self.averages:
            probability = predict_images(batch["image"], averaged(self.network), self.network.stride_px)
            probability = probability.to(batch["mask"].device)
            logits = probability.logit(LEAST_PROBABILITY)
        else:
            logits = self.network(batch["image"])
            probability = logits.sigmoid()
        self.scorer.add(batch, probability, self.loss(logits, batch["mask"], batch.get("valid")), self.decoder)
        return probability

    def _finish(self, table: ScoreTable, loss: Tensor, split: str) -> None:
        self.tables[split] = table
        self._log(f"{split}/loss", loss, prog_bar=split == "val")
        for metric, values in table.at(self.used_threshold).items():
            self._log(f"{split}/{metric}", values.mean(), prog_bar=metric == self.rank_by)

    def _log(self, name: str, value: Tensor, **options: Any) -> None:
        """Log to the run's files during training only: they hold the learning curves."""
        self.log(name, value, logger=self.trainer.state.fn == TrainerFn.FITTING, **options)
