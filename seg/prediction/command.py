"""Which images `seg predict` predicts in parts, and their prediction."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser
from pytorch_lightning import Trainer

from seg.data.module import BoundaryDataModule
from seg.data.reading import MAX_PIXELS
from seg.data.volumes import Volume
from seg.model.checkpoint_io import read_checkpoint
from seg.model.scored_module import NO_TTA_THRESHOLD
from seg.prediction.cells import join_measurements
from seg.prediction.large_prediction import LargePrediction, Model
from seg.prediction.output import Format, Output, Wanted
from seg.prediction.tile_task import answer_here, answer_on_cluster, load_model


def add_prediction_options(parser: ArgumentParser) -> None:
    """Add the options of `seg predict`."""
    parser.add_argument("--tta", action="store_true", help="Average over the flips and turns of each image.")
    parser.add_argument("--labels", action="store_true", help="Write the cells of each image, NAME_labels.tif.")
    parser.add_argument("--measure", action="store_true", help="Write measurements of all cells, cells.csv.")
    parser.add_argument("--format", type=Format, default="png", help="png, tiff, ome-tiff or ome-zarr.")
    about = "Folder of the predictions, where a second start skips what is whole; or beside: beside the images."
    parser.add_argument("--out", type=str | None, default=None, help=about)
    about = "Address of a Dask scheduler whose workers predict the parts of large images."
    parser.add_argument("--scheduler", type=str | None, default=None, help=about)


def wanted_by(options: Any) -> Wanted:
    """Return what the options of `seg predict` ask for."""
    return Wanted(options.labels, options.measure, options.format, options.out, options.scheduler)


def predict(
    trainer: Trainer,
    data: BoundaryDataModule,
    output: Output,
    checkpoint: str | None,
    tta: bool,
    predict_whole: Callable[[], None],
) -> None:
    """Predict large images, and those that become OME-Zarr, in parts, and all others whole.

    Args:
        trainer: of this process; the first one predicts in parts.
        data: with the images to predict.
        output: where predictions are written.
        checkpoint: of the network.
        tta: average over flips and turns.
        predict_whole: predicts the images that `data` has.
    """
    check_threshold(checkpoint, tta)
    large = take_large(data, output.wanted)
    in_parts = plan_large(large, data, output, checkpoint, tta)
    if trainer.is_global_zero:
        output.claim(checkpoint, tta)
    data.to_predict.skip(output.is_whole)
    if not data.to_predict.is_empty:
        predict_whole()
    if trainer.is_global_zero:
        predict_large(in_parts, output.wanted.scheduler)
        if output.wanted.measurements:
            join_measurements(output.folder, _names(data, large), keep=output.wanted.out is not None)
        print(f"predictions: {output.folder}")


def _names(data: BoundaryDataModule, large: Sequence[Volume]) -> list[str]:
    """Return the names of all images."""
    whole = [] if data.to_predict.is_empty else data.predicted_names()
    return [*data.to_predict.done, *whole, *(section.name for volume in large for section in volume.sections)]


def check_threshold(checkpoint: str | None, tta: bool) -> None:
    """Refuse averaged predictions of a checkpoint that has no threshold for them, before anything is written.

    Args:
        checkpoint: path; None: there is none.
        tta: whether predictions are averaged.

    Raises:
        ValueError: it has none.
    """
    if tta and checkpoint is not None and read_checkpoint(Path(checkpoint)).get("threshold_tta") is None:
        raise ValueError(NO_TTA_THRESHOLD)


def take_large(data: BoundaryDataModule, wanted: Wanted) -> list[Volume]:
    """Take the volumes that are predicted in parts out of those that are predicted whole, and return them.

    Args:
        data: with the images to predict.
        wanted: of the prediction.

    Raises:
        ValueError: the test images shall be written as OME-Zarr.
    """
    if data.predict is None and wanted.format == "ome-zarr":
        raise ValueError("--format ome-zarr needs --data.predict: the images to predict")
    return data.to_predict.take(lambda volume: wanted.format == "ome-zarr" or _needs_parts(volume, wanted))


def _needs_parts(volume: Volume, wanted: Wanted) -> bool:
    pixels = volume.sections[0].shape[0] * volume.sections[0].shape[1]
    return volume.is_large and (wanted.format != "png" or pixels > MAX_PIXELS)


def plan_large(
    volumes: Sequence[Volume], data: BoundaryDataModule, output: Output, checkpoint: str | None, tta: bool
) -> list[LargePrediction]:
    """Return the predictions of volumes in parts, before anything is written.

    Args:
        volumes: to predict.
        data: how images are read.
        output: where they are written.
        checkpoint: of the network.
        tta: average over flips and turns.

    Raises:
        ValueError: there is no checkpoint, or a volume cannot be predicted.
    """
    if not volumes:
        return []
    if checkpoint is None:
        raise ValueError("large images need --ckpt_path: the checkpoint that predicts them")
    network = load_model(checkpoint)
    threshold = network.threshold_tta if tta else network.threshold.item()
    assert threshold is not None  # see `check_threshold`
    classes, stride_px, planes = network.network_config.classes, network.network.stride_px, data.planes
    model = Model(checkpoint, threshold, tta, network.decoder, stride_px, classes, data.scaling, data.channels, planes)
    return [LargePrediction(volume, model, output) for volume in volumes]


def predict_large(predictions: Sequence[LargePrediction], scheduler: str | None) -> None:
    """Predict volumes in parts, those that are not whole already.

    Args:
        predictions: of the volumes.
        scheduler: address of a Dask scheduler whose workers predict the parts; None: this process does.

    Raises:
        ValueError: a volume or the scheduler cannot be used.
    """
    missing = [prediction for prediction in predictions if not prediction.is_whole()]
    answer = answer_on_cluster(scheduler) if scheduler and missing else answer_here
    for prediction in missing:
        prediction.run(answer)
