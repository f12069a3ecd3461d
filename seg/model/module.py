"""The LightningModule: it connects network, loss, scores and optimizer."""

from pathlib import Path
from typing import Any, Self

import pytorch_lightning as pl
import torch
from lightning_utilities.core.rank_zero import rank_zero_info
from pytorch_lightning.cli import OptimizerCallable, instantiate_module
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from losses import CompositeLoss, SegmentationLoss
from losses.channel_weighted import ChannelWeightedLoss
from losses.contract import check_contract
from seg.data.dataset import Batch
from seg.inference.engine import AveragedEngine
from seg.inference.export import fastest_engine
from seg.instances.decoder import Decoder, build_decoder, describe_decoder
from seg.metrics.collapse import VERDICTS, Verdict, judge_split
from seg.metrics.image_scores import RankBy, ScoreTable
from seg.model.averaging import averaged, predict_images
from seg.model.loading import read_model_config
from seg.model.schedule import Schedule
from seg.model.scoring import SplitScorer
from seg.network.unet import NetworkConfig, build_network


class DivergedError(RuntimeError):
    """The loss of a training step is NaN or infinite."""


class BoundaryModule(pl.LightningModule):
    """A segmentation network that is trained with one loss and scored at one threshold.

    Each validation chooses the threshold at which the ranking metric is best; test and prediction use the checkpoint's.

    Args:
        network: which network.
        loss: any `losses.SegmentationLoss`.
        optimizer: its learning rate is the highest of the schedule.
        schedule: of the learning rate; null keeps it constant.
        rank_by: the metric by which validation chooses epoch and threshold.
        tolerance_px: of the boundary F1, in pixels.
        channel_weights: >= 0, of the channels in the loss, the boundary first; null weighs all alike.
        decoder: from which the search for the decoder of cells starts; null takes the usual ones for the data.
        seed: of the initial weights and of random numbers in a step.

    Attributes:
        tta: whether validation and prediction average over flips and turns (test-time augmentation).
        threshold_tta: of averaged predictions; None if it was not chosen.
        decoder: from probabilities to cells; after a training the one that was chosen on validation.
    """

    threshold: Tensor

    def __init__(
        self,
        network: NetworkConfig,
        loss: SegmentationLoss,
        optimizer: OptimizerCallable = torch.optim.AdamW,
        schedule: Schedule | None = None,
        rank_by: RankBy = "boundary_f1",
        tolerance_px: float = 2.0,
        channel_weights: list[float] | None = None,
        decoder: Decoder | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.network_config = network
        self.network = build_network(network, seed)
        self.loss = loss if channel_weights is None else ChannelWeightedLoss(loss, channel_weights)
        self.decoder = decoder
        self.optimizer, self.schedule = optimizer, schedule
        self.rank_by, self.seed = rank_by, seed
        self.tolerance_px, self.scorer = tolerance_px, SplitScorer(tolerance_px, rank_by)
        self.tables: dict[str, ScoreTable] = {}
        self.collapse: Verdict = "none"
        self.tta = False
        self.threshold_tta: float | None = None
        self.register_buffer("threshold", torch.tensor(0.5))

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]  # no arguments of the model: config.yaml has them
        cls, checkpoint_path: str | Path, map_location: Any = "cpu", hparams_file: str | Path | None = None
    ) -> Self:
        """Return the trained model of a run, in evaluation mode; nothing in the file is executed.

        Args:
            checkpoint_path: of the run, e.g. runs/fit/version_0/checkpoints/epoch=9-step=500.ckpt.
            map_location: device of the weights.
            hparams_file: the run's config.yaml; None looks for it in the run's folder.

        Raises:
            FileNotFoundError: there is no such checkpoint, or no config.yaml.
        """
        checkpoint = torch.load(checkpoint_path, map_location, weights_only=True)
        model = instantiate_module(cls, read_model_config(Path(checkpoint_path), hparams_file))
        model.load_state_dict(checkpoint["state_dict"])
        model.on_load_checkpoint(checkpoint)
        return model.to(map_location).eval()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the threshold of averaged predictions and the decoder."""
        checkpoint["threshold_tta"] = self.threshold_tta
        checkpoint["decoder"] = describe_decoder(self.decoder) if self.decoder else None

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the threshold of averaged predictions and the decoder, which checkpoints during a training lack."""
        self.threshold_tta = checkpoint.get("threshold_tta")
        if description := checkpoint.get("decoder"):
            self.decoder = build_decoder(description)

    def forward(self, image: Tensor) -> Tensor:
        """Return probabilities (N, K, H, W) for images (N, C, H, W)."""
        probability: Tensor = self.network(image).sigmoid()
        return probability

    def configure_optimizers(self) -> Any:
        """Return the optimizer and, where there is one, its schedule."""
        optimizer = self.optimizer(self.parameters())
        if self.schedule is None:
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": self.schedule.configure(optimizer, steps)}

    def on_fit_start(self) -> None:
        """Refuse a loss that violates the contract."""
        check_contract(self.loss, self.network_config.classes)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Seed by step, so that a resumed training draws the same numbers, and tell the loss the progress."""
        torch.manual_seed((self.seed + self.trainer.global_rank) * 1_000_003 + self.global_step)
        self.loss.set_progress(min(self.global_step / self.trainer.estimated_stepping_batches, 1.0))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of the batch.

        Raises:
            DivergedError: it is not finite, on this device or another.
        """
        loss: Tensor = self.loss(self.network(batch["image"]), batch["mask"], batch.get("valid"))
        if not self.trainer.strategy.reduce_boolean_decision(bool(torch.isfinite(loss))):
            value = "not finite on another device" if torch.isfinite(loss) else loss.item()
            raise DivergedError(
                f"the loss became {value} at step {self.global_step} (epoch {self.current_epoch}): "
                "lower the learning rate or check the loss"
            )
        self.log("train/loss", loss, on_step=True, on_epoch=False, prog_bar=True, sync_dist=True)
        if isinstance(self.loss, CompositeLoss):
            for name, term in self.loss.last_terms.items():
                self.log(f"train/{name}", term, on_step=True, on_epoch=False, sync_dist=True)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor | None:
        """Score the validation images and return their probabilities; with `tta`, score averaged ones alone."""
        if not self.tta:
            return self._score(batch)
        probability = predict_images(batch["image"], averaged(self.network), self.network.stride_px)
        self.scorer.add(batch, probability, torch.zeros(()))
        return None

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Score the test images and return their probabilities."""
        return self._score(batch)

    @property
    def prediction_threshold(self) -> float:
        """The threshold of predictions, with `tta` that of averaged ones; ValueError if it was not chosen."""
        if not self.tta:
            return self.threshold.item()
        if self.threshold_tta is None:
            raise ValueError("the checkpoint has no threshold for --tta, which a whole `seg fit` adds: leave --tta out")
        return self.threshold_tta

    def on_predict_start(self) -> None:
        """Choose the fastest engine, as the service does."""
        engine = fastest_engine(self.network, self.network_config.in_channels, self.prediction_threshold)
        self.engine = AveragedEngine(engine) if self.tta else engine

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return probabilities (N, K, H, W), tile by tile where the images are large."""
        return predict_images(batch["image"], self.engine, self.network.stride_px)

    def on_validation_epoch_end(self) -> None:
        """Choose the threshold at which the ranking metric is best, and log the scores at it."""
        table, loss = self.scorer.gather()
        if self.tta:
            self.threshold_tta = table.best_threshold(self.rank_by)
            return
        self.threshold.fill_(table.best_threshold(self.rank_by))
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
        logits = self.network(batch["image"])
        probability: Tensor = logits.sigmoid()
        self.scorer.add(batch, probability, self.loss(logits, batch["mask"], batch.get("valid")))
        return probability

    def _finish(self, table: ScoreTable, loss: Tensor, split: str) -> None:
        self.tables[split] = table
        self._log(f"{split}/loss", loss, prog_bar=split == "val")
        for metric, values in table.at(self.threshold.item()).items():
            self._log(f"{split}/{metric}", values.mean(), prog_bar=metric == self.rank_by)

    def _log(self, name: str, value: Tensor, **options: Any) -> None:
        """Log to the run's files during training only: they hold the learning curves."""
        self.log(name, value, logger=self.trainer.state.fn == TrainerFn.FITTING, **options)
