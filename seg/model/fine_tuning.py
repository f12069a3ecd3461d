"""Fine-tuning: freeze the first stages of the encoder, and learn slower the nearer a stage is to the image.

Lightning's BaseFinetuning adds weights to the optimizer when it thaws them: schedules that are built for all groups
at once, like OneCycle, would not move them, and it leaves frozen batch normalization to the statistics of each batch.
Here the optimizer has all weights from the beginning; what is frozen has no gradient and stays in evaluation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import nn
from torch.optim import Optimizer

from seg.network.stages import encoder_stages
from seg.network.unet import NetworkConfig, PaddedNetwork


@dataclass(frozen=True)
class Freeze:
    """Which part of the encoder keeps its weights and statistics, and until when.

    Attributes:
        stages: "half" (the first half of the encoder's stages, rounded down), a number of stages, or "encoder". A stage
            ends where the encoder reduces the resolution.
        until_epoch: trains them from this epoch on, >= 1; null: never.

    Raises:
        ValueError: a value is out of range.
    """

    stages: Literal["half", "encoder"] | int = "half"
    until_epoch: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.stages, int) and self.stages < 1:
            raise ValueError(f"freeze.stages must be half, encoder or a number >= 1, got {self.stages}")
        if self.until_epoch is not None and self.until_epoch < 1:
            raise ValueError(f"freeze.until_epoch must be >= 1 or null, got {self.until_epoch}")

    def select(self, stages: list[list[nn.Parameter]]) -> list[nn.Parameter]:
        """Return the weights to freeze.

        Args:
            stages: of the encoder, from the image on.

        Raises:
            ValueError: there are fewer stages than asked for.
        """
        count = {"half": len(stages) // 2, "encoder": len(stages)}.get(str(self.stages), self.stages)
        if int(count) > len(stages):
            raise ValueError(f"freeze.stages is {count}, but the encoder has {len(stages)} stages")
        return list(chain.from_iterable(stages[: int(count)]))


class FrozenStages(Callback):
    """Freezes before a training and thaws at the start of an epoch.

    Args:
        freeze: what and until when.
        network: that is trained.
        config: from which it was built.
    """

    def __init__(self, freeze: Freeze, network: PaddedNetwork, config: NetworkConfig) -> None:
        self.freeze, self.network = freeze, network
        self._frozen = freeze.select(encoder_stages(network.encoder, config.in_channels, network.stride_px))

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Freeze.

        Raises:
            ValueError: several devices train, whose gradients of thawed weights would not be joined.
        """
        if stage != "fit":
            return
        if self.freeze.until_epoch is not None and trainer.world_size > 1:
            raise ValueError("freeze.until_epoch needs a single device: leave it out, or set trainer.devices to 1")
        self._set(requires_grad=False)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Thaw once the epoch is reached; also the epochs after it, for a training that resumes there."""
        if self.freeze.until_epoch is not None and trainer.current_epoch >= self.freeze.until_epoch:
            self._set(requires_grad=True)

    def _set(self, requires_grad: bool) -> None:
        for weight in self._frozen:
            weight.requires_grad_(requires_grad)
        self.network.train()


def build_optimizer(
    module: nn.Module, network: PaddedNetwork, in_channels: int, decay: float | None, build: Callable[[Any], Optimizer]
) -> Optimizer:
    """Return an optimizer whose rate falls by a factor from stage to stage, from the decoder towards the image.

    Args:
        module: all of whose weights are trained.
        network: in it, with the encoder.
        in_channels: of the images.
        decay: factor per stage, in (0, 1]; None: all weights have the same rate.
        build: from weights, or groups of them, to the optimizer.

    Raises:
        ValueError: decay is out of range.

    Source:
        Howard and Ruder, ACL 2018.
    """
    if decay is None:
        return build(module.parameters())
    if not 0 < decay <= 1:
        raise ValueError(f"lr_decay_per_stage must be in (0, 1] or null, got {decay}")
    stages = encoder_stages(network.encoder, in_channels, network.stride_px)
    known = {weight for stage in stages for weight in stage}
    groups = [[weight for weight in module.parameters() if weight not in known], *reversed(stages)]
    optimizer = build([{"params": group} for group in groups])
    for number, group in enumerate(optimizer.param_groups):
        group["lr"] *= decay**number
    return optimizer
