"""How an answer was made, in sentences for the methods section of a paper."""

from typing import Any

from seg import __version__
from service.prediction import Prediction

#: Of the network after the boundary, name -> what it is the probability of.
OTHER_CHANNELS = {"inside": "the inside of a cell", "center": "the center of a cell"}


def describe_method(prediction: Prediction) -> str:
    """Return a text that names software, model, training, threshold and the way to cells and measurements.

    Args:
        prediction: of one image.
    """
    paragraphs = (_model, _steps, _scores, _novelty, _channels)
    return "\n\n".join(filter(None, (write(prediction) for write in paragraphs))) + "\n"


def _model(prediction: Prediction) -> str:
    info, origin = prediction.info, prediction.info.provenance
    several = f"the mean of {info.network.members} networks" if info.network.members > 1 else "a network"
    first = "The first of them" if origin.members else "It"
    return (
        f"Cell boundaries were predicted with Septum {__version__} by the model {prediction.tag}, {several} of the "
        f"type {info.network.architecture} with the encoder {info.network.encoder}. {first} was trained with the loss "
        f"{origin.loss} for {origin.steps} steps from the seed {origin.seed} (started {origin.started}); the "
        f"fingerprint of images, masks and split is {origin.data_fingerprint}."
    )


def _steps(prediction: Prediction) -> str:
    info = prediction.info
    chosen = prediction.threshold == info.threshold_for(prediction.tta)
    source = "which was chosen on validation images" if chosen else "which was set by hand"
    averaged = " Probabilities are the mean over the turned and mirrored image." if prediction.tta else ""
    return (
        f"Intensities from the {info.scaling.low_percentile:g}th to the {info.scaling.high_percentile:g}th percentile "
        f"were scaled to the range of the network.{averaged} Pixels whose probability is at least "
        f"{prediction.threshold:.4g}, {source}, are boundary. Cells were found in the probabilities by "
        f"{_call(info.decoder)}, independently of that threshold, and measured with scikit-image. {_pixel(prediction)}"
    )


def _pixel(prediction: Prediction) -> str:
    if prediction.pixel is None:
        return "The size of a pixel is unknown: lengths and areas are in pixels."
    height, width = prediction.pixel
    return f"A pixel is {height:.6g} um high and {width:.6g} um wide."


def _scores(prediction: Prediction) -> str:
    scores = prediction.info.scores.get("test", {})
    metric = prediction.info.rank_by
    return f"On test images the mean of {metric} was {scores[metric]:.3f}." if metric in scores else ""


def _novelty(prediction: Prediction) -> str:
    novelty = prediction.novelty
    if novelty is None or not novelty.unlike:
        return ""
    return (
        f"The image is unlike those that the model was trained and validated on, in {' and '.join(novelty.unlike)}: "
        f"its appearance is {novelty.distance:.1f} times as far from them as is usual at most."
    )


def _channels(prediction: Prediction) -> str:
    others = zip(OTHER_CHANNELS.items(), prediction.probabilities[1:], strict=False)
    files = ", ".join(f"{name}.png of {what}" for (name, what), _ in others)
    return files and f"Cells were found in further probabilities, here with 16 bits, 65535 is 1: {files}."


def _call(decoder: dict[str, Any]) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in decoder.get("init_args", {}).items())
    return f"{decoder['class_path']}({arguments})"
