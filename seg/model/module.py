"""The LightningModule: it connects network, loss and optimizer."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.cli import OptimizerCallable, instantiate_module
from torch import Tensor

from losses import CompositeLoss, SegmentationLoss
from losses.channel_weighted import ChannelWeightedLoss
from losses.contract import check_contract
from seg.data.dataset import Batch
from seg.instances.decoder import Decoder
from seg.metrics.image_scores import RankBy
from seg.model.divergence import refuse_divergence
from seg.model.fine_tuning import Freeze, FrozenStages, build_optimizer
from seg.model.loading import read_model_config
from seg.model.origin import Origin
from seg.model.schedule import Schedule
from seg.model.scored_module import ScoredModule
from seg.network.unet import NetworkConfig, build_network


class BoundaryModule(ScoredModule):
    """A segmentation network that is trained with one loss and scored at one threshold.

    Args:
        network: which network.
        loss: any `losses.SegmentationLoss`.
        optimizer: its learning rate is the highest of the schedule.
        schedule: of the learning rate; null keeps it constant.
        rank_by: the metric by which validation chooses the epoch, and the threshold or the decoder of cells.
        tolerance_px: of the boundary F1, in pixels.
        channel_weights: >= 0, of the channels in the loss, the boundary first; null weighs all alike.
        decoder: from which the search for the decoder of cells starts; null takes the usual ones for the data.
        tta: average over the flips and turns of each image in the validation after the training, in test and
            prediction, for eight times the work; epochs are chosen by plain validations.
        start_from: a trained network instead of encoder_weights: folder of a run or of an artifact, a checkpoint in its
            run's folder, or septum:TAG.
        freeze: which stages of the encoder keep their weights, and until which epoch; null: none.
        lr_decay_per_stage: factor of the learning rate from stage to stage towards the image, in (0, 1]; null: none.
        seed: of the initial weights and of random numbers in a step.
    """

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
        tta: bool = False,
        start_from: str | None = None,
        freeze: Freeze | None = None,
        lr_decay_per_stage: float | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(rank_by, tolerance_px, decoder, tta)
        self.network_config = network
        self.network = build_network(replace(network, encoder_weights=None) if start_from else network, seed)
        self.start_from, self.freeze_stages, self.lr_decay_per_stage = start_from, freeze, lr_decay_per_stage
        self.loss = loss if channel_weights is None else ChannelWeightedLoss(loss, channel_weights)
        self.optimizer, self.schedule, self.seed = optimizer, schedule, seed

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

    def configure_optimizers(self) -> Any:
        """Return the optimizer and, where there is one, its schedule."""
        in_channels = self.network_config.in_channels
        optimizer = build_optimizer(self, self.network, in_channels, self.lr_decay_per_stage, self.optimizer)
        if self.schedule is None:
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": self.schedule.configure(optimizer, steps)}

    def configure_callbacks(self) -> list[Callback]:
        """Return what freezes, if anything."""
        return [FrozenStages(self.freeze_stages, self.network, self.network_config)] if self.freeze_stages else []

    def setup(self, stage: str) -> None:
        """Load the trained network to start from, unless the training resumes."""
        if stage == "fit" and self.start_from and not self.trainer.ckpt_path:
            Origin.find(self.start_from).load_into(self.network, self.network_config, self.start_from)

    def on_fit_start(self) -> None:
        """Refuse a loss that violates the contract."""
        check_contract(self.loss, self.network_config.classes)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Seed by step, so that a resumed training draws the same numbers, and tell the loss the progress."""
        torch.manual_seed((self.seed + self.trainer.global_rank) * 1_000_003 + self.global_step)
        self.loss.set_progress(min(self.global_step / self.trainer.estimated_stepping_batches, 1.0))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of the batch; DivergedError if it is not finite."""
        loss: Tensor = self.loss(self.network(batch["image"]), batch["mask"], batch.get("valid"))
        refuse_divergence(self, loss)
        self.log("train/loss", loss, on_step=True, on_epoch=False, prog_bar=True, sync_dist=True)
        if isinstance(self.loss, CompositeLoss):
            for name, term in self.loss.last_terms.items():
                self.log(f"train/{name}", term, on_step=True, on_epoch=False, sync_dist=True)
        return loss
