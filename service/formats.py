"""The formats of an answer. To add one, write its function and its row here; imports inside keep `seg --help` light."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.prediction import Prediction


@dataclass(frozen=True)
class AnswerFormat:
    """One format of an answer.

    Attributes:
        name: the value of the parameter `format`.
        media_type: of the body.
        suffix: what `seg client` appends to an image's name.
        description: for people.
        write: returns the body for a prediction.
    """

    name: str
    media_type: str
    suffix: str
    description: str
    write: Callable[["Prediction"], bytes]


def _mask(prediction: "Prediction") -> bytes:
    from seg.data.writing import encode_mask

    return encode_mask(prediction.boundary, prediction.info.boundary_value)


def _probability(prediction: "Prediction") -> bytes:
    from seg.data.writing import encode_probability

    return encode_probability(prediction.probability)


def _probability_tiff(prediction: "Prediction") -> bytes:
    from seg.data.tiff_writing import encode_tiff

    return encode_tiff(prediction.probability, prediction.pixel)


def _labels(prediction: "Prediction") -> bytes:
    import numpy as np

    from seg.data.tiff_writing import encode_tiff

    labels = prediction.labels()
    return encode_tiff(labels.astype(np.uint16 if labels.max() < 2**16 else np.uint32), prediction.pixel)


def _contours(prediction: "Prediction") -> bytes:
    from service.cells import feature_collection, find_cells

    return feature_collection(find_cells(prediction.labels()), prediction.pixel)


def _overlay(prediction: "Prediction") -> bytes:
    from seg.data.writing import encode_image
    from service.overlay import draw_overlay

    return encode_image(draw_overlay(prediction.image, prediction.boundary))


def _summary(prediction: "Prediction") -> bytes:
    from service.cells import to_json
    from service.summary import summarize

    return to_json(summarize(prediction))


def _csv(prediction: "Prediction") -> bytes:
    from seg.instances.measures import measure_cells, to_csv

    return to_csv(measure_cells(prediction.labels(), prediction.image, prediction.pixel)).encode()


def _rois(prediction: "Prediction") -> bytes:
    from service.cells import find_cells
    from service.rois import zip_rois

    return zip_rois(find_cells(prediction.labels()))


def _view(prediction: "Prediction") -> bytes:
    from service.bundle import bundle_view

    return bundle_view(prediction)


def _zip(prediction: "Prediction") -> bytes:
    from service.bundle import bundle

    return bundle(prediction)


_ROWS = (
    AnswerFormat("mask", "image/png", "_mask.png", "a PNG mask in the polarity of the training masks", _mask),
    AnswerFormat("probability", "image/png", "_probability.png", "a 16-bit PNG, 65535 is 1", _probability),
    AnswerFormat(
        "probability_tiff", "image/tiff", "_probability.tif", "a TIFF of 32-bit floating point", _probability_tiff
    ),
    AnswerFormat("labels", "image/tiff", "_labels.tif", "a TIFF of the cells, numbered from 1; 0 is no cell", _labels),
    AnswerFormat(
        "contours",
        "application/geo+json",
        ".geojson",
        "GeoJSON for QuPath: a polygon with measurements per cell",
        _contours,
    ),
    AnswerFormat(
        "csv",
        "text/csv",
        "_cells.csv",
        "a row of measurements per cell, named as by scikit-image",
        _csv,
    ),
    AnswerFormat("rois", "application/zip", "_rois.zip", "a zip of ImageJ ROIs, one per outline of a cell", _rois),
    AnswerFormat("overlay", "image/png", "_overlay.png", "a PNG of the image with its boundary in color", _overlay),
    AnswerFormat("json", "application/json", ".json", "count and areas of the cells, threshold, model", _summary),
    AnswerFormat("view", "application/zip", "_view.zip", "a zip of picture and probability, soon made", _view),
    AnswerFormat("zip", "application/zip", ".zip", "all of it in one archive, with a text on how it was made", _zip),
)

#: Name -> format, in the order in which they are listed to users.
FORMATS = {row.name: row for row in _ROWS}
DEFAULT = FORMATS["mask"]
