"""Writes images and predictions of a run as files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from lightning_utilities.core.rank_zero import rank_zero_only
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from seg.data.case_files import write_case
from seg.data.dataset import Batch
from seg.data.module import BoundaryDataModule
from seg.data.stored_input import write_input
from seg.inference.golden import CALIBRATION_IMAGES
from seg.prediction.cells import decode, write_measurements
from seg.prediction.output import Output, Wanted
from seg.training.resume import is_trial, run_folder


class PictureWriter(Callback):
    """Write the images of test and prediction into the run's folder.

    `seg test` and the end of `seg fit`: test/<name>/ and validation/<name>/, see `seg.data.case_files`. `seg fit`:
    calibration/<number>.png, training crops on which a quantized network is calibrated. `seg predict`: see
    `seg.prediction.cells`.
    """

    folder = Path()
    wanted = Wanted()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Look up the run's folder, which only all processes together can."""
        self.folder = run_folder(trainer)

    @rank_zero_only
    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write training crops."""
        if is_trial(trainer):
            return
        crops = trainer.datamodule.train_dataloader().dataset  # type: ignore[attr-defined]
        for number in range(CALIBRATION_IMAGES):
            write_input(self.folder / "calibration" / f"{number:02}.png", _array(crops[0, number]["image"]))

    def on_test_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *_: Any
    ) -> None:
        """Write the test images and what was predicted for them."""
        if not _is_repeated(trainer, trainer.test_dataloaders):
            self._write(trainer, "test", batch, outputs)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *_: Any
    ) -> None:
        """Write the same of the validation images once the training is over: decoder and int8 are chosen on them."""
        if trainer.state.fn == TrainerFn.VALIDATING and not _is_repeated(trainer, trainer.val_dataloaders):
            self._write(trainer, "validation", batch, outputs)

    def _write(self, trainer: pl.Trainer, split: str, batch: Batch, probabilities: Tensor) -> None:
        if is_trial(trainer):
            return
        labels, valid = batch.get("labels"), batch.get("valid")
        for number, name in enumerate(batch["name"]):
            write_case(
                self.folder / split / name,
                _array(batch["image"][number]),
                _array(batch["mask"][number][0]) > 0,
                _array(probabilities[number]),
                None if labels is None else labels[number].cpu().numpy(),
                None if valid is None else valid[number, 0].cpu().numpy(),
            )

    def output(self, trainer: pl.Trainer, data: BoundaryDataModule) -> Output:
        """Return where a prediction is written.

        Args:
            trainer: whose run's folder is the place unless there is another.
            data: with the images to predict.
        """
        return Output(self.wanted.folder(run_folder(trainer), data.predict), self.wanted, data.boundary_value)

    def on_predict_batch_end(self, trainer: pl.Trainer, pl_module: Any, outputs: Any, batch: Batch, *_: Any) -> None:
        """Write mask, at the threshold of the checkpoint, and probability of each image, and what else is wanted."""
        if _is_repeated(trainer, trainer.predict_dataloaders):
            return
        data: BoundaryDataModule = trainer.datamodule  # type: ignore[attr-defined]
        output = self.output(trainer, data)
        for number, name in enumerate(batch["name"]):
            probabilities, sample = _array(outputs[number]), data.predicted(name)
            output.write(name, probabilities[0], pl_module.used_threshold, sample.pixel)
            output.log(f"{name}: mask and probability")
            if self.wanted.labels or self.wanted.measurements:
                cells = decode(pl_module.decoder, probabilities, _array(batch["image"][number]))
                if self.wanted.labels:
                    output.write_labels(name, cells, sample.pixel)
                if self.wanted.measurements:
                    write_measurements(
                        output.folder, replace(sample.whole(), image=data.planes.own(sample.image)), cells
                    )

    def on_predict_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Wait for the files of all processes: measurements are joined next."""
        trainer.strategy.barrier()


def _is_repeated(trainer: pl.Trainer, loader: Any) -> bool:
    """Return whether this process has no image of its own, see seg.data.sampling.ImageSampler."""
    return trainer.global_rank >= len(loader.dataset)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.float().cpu().numpy()
    return array
