"""Several formats of one prediction in one archive: what the page shows and what users keep."""

import io
import zipfile

import numpy as np

from seg.data.drawing import draw_picture
from seg.data.writing import encode_probability, encode_quickly
from service.formats import FORMATS
from service.method import OTHER_CHANNELS, describe_method
from service.prediction import Prediction

#: Name in the archive -> format. The probability is there once, with 16 bits.
MEMBERS = {
    "mask.png": "mask",
    "probability.png": "probability",
    "labels.tif": "labels",
    "cells.csv": "csv",
    "cells.geojson": "contours",
    "rois.zip": "rois",
    "overlay.png": "overlay",
    "summary.json": "json",
}

#: Channels that can be looked at one by one.
MOST_CHANNELS = 7

_TEXT = (".csv", ".geojson", ".json", ".txt")


def bundle(prediction: Prediction) -> bytes:
    """Return a zip of the members above, `picture.png`, the image as it is shown, and `method.txt`.

    Where the network predicts more than the boundary, `inside.png` and `center.png` have it, as `probability.png`: what
    cells are found in is all there.
    """
    members = {name: FORMATS[form].write(prediction) for name, form in MEMBERS.items()}
    method = {"method.txt": describe_method(prediction).encode()}
    others = zip(OTHER_CHANNELS, prediction.probabilities[1:], strict=False)
    channels = {f"{name}.png": encode_probability(channel) for name, channel in others}
    return _zip({"picture.png": _picture(prediction)} | members | channels | method)


def bundle_view(prediction: Prediction) -> bytes:
    """Return a zip of `picture.png` and `probability.png`, what can be shown before there are cells.

    An image that is neither grey nor RGB also has `channel0.png` and so on, each stretched by itself.
    """
    members = {"picture.png": _picture(prediction), "probability.png": FORMATS["probability"].write(prediction)}
    return _zip(members | _channels(prediction))


def _channels(prediction: Prediction) -> dict[str, bytes]:
    image = prediction.image
    count = 1 if image.ndim == 2 else image.shape[2]
    if count in (1, 3):
        return {}
    channels = (np.ascontiguousarray(image[..., number]) for number in range(min(count, MOST_CHANNELS)))
    return {f"channel{number}.png": encode_quickly(draw_picture(channel)) for number, channel in enumerate(channels)}


def _picture(prediction: Prediction) -> bytes:
    return encode_quickly(draw_picture(prediction.image))


def _zip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            _add(archive, name, data)
    return stream.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    compression = zipfile.ZIP_DEFLATED if name.endswith(_TEXT) else zipfile.ZIP_STORED
    archive.writestr(zipfile.ZipInfo(name), data, compression)  # without a date: equal answers are equal bytes
