"""What a run shows: predictions as files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from seg.data.dataset import Batch
from seg.data.module import BoundaryDataModule
from seg.data.writing import encode_image, encode_mask, encode_probability, write_file
from seg.inference.golden import CALIBRATION_IMAGES


class PictureWriter(Callback):
    """Write what the test and the prediction see into the run's folder.

    `seg test`: test/<name>/image.png, truth.png (255 = boundary) and probability.png (16 bit). `seg predict`:
    predictions/<name>_mask.png, in the polarity of the training masks, and <name>_probability.png. `seg fit`:
    calibration/<number>.png, training crops from which a quantized network learns the range of its values.
    """

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write training crops."""
        crops = trainer.datamodule.train_dataloader().dataset  # type: ignore[attr-defined]
        for number in range(CALIBRATION_IMAGES):
            crop = encode_image(_display(crops[0, number]["image"]))
            write_file(_folder(trainer, "calibration") / f"{number:02}.png", crop)

    def on_test_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *_: Any
    ) -> None:
        """Write images, truth and probabilities of the test."""
        for name, image, truth, probability in zip(batch["name"], batch["image"], batch["mask"], outputs, strict=True):
            folder = _folder(trainer, "test") / name
            write_file(folder / "image.png", encode_image(_display(image)))
            write_file(folder / "truth.png", encode_mask(_boundary(truth) > 0, 255))
            write_file(folder / "probability.png", encode_probability(_boundary(probability)))

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, *_: Any
    ) -> None:
        """Write validation/<name>/image.png and truth.png, once the training is over: int8 is accepted on them."""
        if trainer.state.fn == TrainerFn.VALIDATING:
            for name, image, truth in zip(batch["name"], batch["image"], batch["mask"], strict=True):
                folder = _folder(trainer, "validation") / name
                write_file(folder / "image.png", encode_image(_display(image)))
                write_file(folder / "truth.png", encode_mask(_boundary(truth) > 0, 255))

    def on_predict_batch_end(self, trainer: pl.Trainer, pl_module: Any, outputs: Any, batch: Batch, *_: Any) -> None:
        """Write masks, at the threshold of the checkpoint, and probabilities."""
        for name, tensor in zip(batch["name"], outputs, strict=True):
            probability = _boundary(tensor)
            folder = _folder(trainer, "predictions")
            mask = encode_mask(probability >= pl_module.threshold.item(), _boundary_value(trainer))
            write_file(folder / f"{name}_mask.png", mask)
            write_file(folder / f"{name}_probability.png", encode_probability(probability))

    def on_predict_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say where the files are."""
        print(f"masks and probabilities: {_folder(trainer, 'predictions')}")


def _folder(trainer: pl.Trainer, name: str) -> Path:
    return Path(trainer.log_dir or trainer.default_root_dir) / name


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
