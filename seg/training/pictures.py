"""Writes images and predictions of a run as files."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import tifffile
from lightning_utilities.core.rank_zero import rank_zero_only
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from seg.data.dataset import Batch
from seg.data.module import BoundaryDataModule
from seg.data.writing import encode_image, encode_mask, encode_probability, write_file
from seg.inference.golden import CALIBRATION_IMAGES
from seg.training.resume import run_folder

LABELS = "labels.tif"


class PictureWriter(Callback):
    """Write the images of test and prediction into the run's folder.

    `seg test`: test/<name>/image.png, truth.png (255 = boundary), probability.png (16 bit) and, where the source has
    instance labels, labels.tif. `seg predict`:
    predictions/<name>_mask.png, in the polarity of the training masks, and <name>_probability.png. `seg fit`:
    calibration/<number>.png, training crops on which a quantized network is calibrated.
    """

    folder = Path()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Look up the run's folder, which only all processes together can."""
        self.folder = run_folder(trainer)

    @rank_zero_only
    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write training crops."""
        crops = trainer.datamodule.train_dataloader().dataset  # type: ignore[attr-defined]
        for number in range(CALIBRATION_IMAGES):
            crop = encode_image(_display(crops[0, number]["image"]))
            write_file(self.folder / "calibration" / f"{number:02}.png", crop)

    def on_test_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *_: Any
    ) -> None:
        """Write image, ground truth and probability of each test image."""
        if _is_repeated(trainer, trainer.test_dataloaders):
            return
        for name, image, truth, probability in zip(batch["name"], batch["image"], batch["mask"], outputs, strict=True):
            folder = self.folder / "test" / name
            write_file(folder / "image.png", encode_image(_display(image)))
            write_file(folder / "truth.png", encode_mask(_boundary(truth) > 0, 255))
            write_file(folder / "probability.png", encode_probability(_boundary(probability)))
        for name, labels in zip(batch["name"], batch.get("labels", ()), strict=False):
            write_file(self.folder / "test" / name / LABELS, _encode_labels(labels.cpu().numpy()))

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *_: Any
    ) -> None:
        """Write validation/<name>/image.png and truth.png, once the training is over: int8 is accepted on them."""
        if trainer.state.fn == TrainerFn.VALIDATING and not _is_repeated(trainer, trainer.val_dataloaders):
            for name, image, truth in zip(batch["name"], batch["image"], batch["mask"], strict=True):
                folder = self.folder / "validation" / name
                write_file(folder / "image.png", encode_image(_display(image)))
                write_file(folder / "truth.png", encode_mask(_boundary(truth) > 0, 255))

    def on_predict_batch_end(self, trainer: pl.Trainer, pl_module: Any, outputs: Any, batch: Batch, *_: Any) -> None:
        """Write mask, at the threshold of the checkpoint, and probability of each image."""
        if _is_repeated(trainer, trainer.predict_dataloaders):
            return
        for name, tensor in zip(batch["name"], outputs, strict=True):
            probability = _boundary(tensor)
            folder = self.folder / "predictions"
            mask = encode_mask(probability >= pl_module.prediction_threshold, _boundary_value(trainer))
            write_file(folder / f"{name}_mask.png", mask)
            write_file(folder / f"{name}_probability.png", encode_probability(probability))

    @rank_zero_only
    def on_predict_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Print the folder of the files."""
        print(f"masks and probabilities: {self.folder / 'predictions'}")


def _is_repeated(trainer: pl.Trainer, loader: Any) -> bool:
    """Return whether this process has no image of its own, see seg.data.sampling.ImageSampler."""
    return trainer.global_rank >= len(loader.dataset)


def _encode_labels(labels: NDArray[np.int32]) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, labels.astype(np.uint32), compression="zlib")
    return stream.getvalue()


def _boundary_value(trainer: pl.Trainer) -> int:
    data: BoundaryDataModule = trainer.datamodule  # type: ignore[attr-defined]
    return data.boundary_value


def _boundary(tensor: Tensor) -> NDArray[np.float32]:
    boundary: NDArray[np.float32] = tensor[0].float().cpu().numpy()
    return boundary


def _display(image: Tensor) -> NDArray[np.uint8]:
    """Return 8-bit intensities, (H, W) or (H, W, 3), of an input in [-1, 1]."""
    picture = ((image.float().cpu().numpy().transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)
    return picture.squeeze(2) if picture.shape[2] == 1 else picture
