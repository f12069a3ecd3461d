"""From the bytes of an image to the bytes of an answer, in each of its formats."""

import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import tifffile
from numpy.typing import NDArray

from seg.data.pixel_size import PixelSize, read_pixel_size
from seg.data.reading import read_image
from seg.data.scaling import IntensityScaling, match_channels, scale
from seg.data.writing import encode_image, encode_mask, encode_probability
from seg.instances import InstanceDecoder, Labels
from service.cells import feature_collection, find_cells
from service.query import Format, Query

_BOUNDARY_COLOR = (255, 90, 0)
_OPACITY = 0.65


class BoundaryPredictor(Protocol):
    """What answers: `seg.inference.predictor.Predictor`."""

    threshold: float
    boundary_value: int
    info: dict[str, Any]

    def probability(self, image: NDArray[Any], tta: bool = False) -> NDArray[np.float32]:
        """Return the probability of a boundary, (H, W)."""


@dataclass(frozen=True)
class Answer:
    """A body with its type, and what it took.

    Attributes:
        seconds: decode, engine and encode -> wall time.
        pixels: of the image.
    """

    body: bytes
    media_type: str
    seconds: dict[str, float]
    pixels: int


@dataclass(frozen=True)
class _Prediction:
    image: NDArray[Any]
    probability: NDArray[np.float32]
    threshold: float
    boundary_value: int
    pixel: PixelSize | None
    info: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def boundary(self) -> NDArray[np.bool_]:
        return self.probability >= self.threshold

    def labels(self) -> Labels:
        return InstanceDecoder().decode(self.probability, self.threshold)


def answer(predictor: BoundaryPredictor, query: Query, data: bytes, max_pixels: int) -> Answer:
    """Predict an image and write what was asked for.

    Raises:
        ImageError: the image cannot be used.
    """
    started = time.perf_counter()
    image = read_image(data, max_pixels, query.page)
    size = query.pixel_size_um
    pixel = read_pixel_size(data, query.page or 0) if size is None else (size, size)
    decoded = time.perf_counter()
    # without the argument where it is not asked for: a predictor may know nothing of it
    probability = predictor.probability(image, tta=True) if query.tta else predictor.probability(image)
    predicted = time.perf_counter()
    threshold = predictor.threshold if query.threshold is None else query.threshold
    seconds = {"decode": decoded - started, "engine": predicted - decoded}
    found = _Prediction(image, probability, threshold, predictor.boundary_value, pixel, predictor.info, seconds)
    media_type, write = WRITERS[query.format]
    body = write(found)
    seconds["encode"] = time.perf_counter() - predicted
    return Answer(body, media_type, seconds, probability.size)


def _mask(found: _Prediction) -> bytes:
    return encode_mask(found.boundary, found.boundary_value)


def _probability(found: _Prediction) -> bytes:
    return encode_probability(found.probability)


def _probability_tiff(found: _Prediction) -> bytes:
    return _tiff(found.probability, found.pixel)


def _labels(found: _Prediction) -> bytes:
    labels = found.labels()
    return _tiff(labels.astype(np.uint16 if labels.max() < 2**16 else np.uint32), found.pixel)


def _contours(found: _Prediction) -> bytes:
    return _json(feature_collection(list(find_cells(found.labels())), found.pixel))


def _overlay(found: _Prediction) -> bytes:
    """Draw the boundary over the image, whose contrast is stretched as the network sees it."""
    gray = scale(found.image, IntensityScaling().limits(found.image))
    picture = match_channels(gray, 3) * 255
    boundary = found.boundary
    picture[boundary] += _OPACITY * (np.array(_BOUNDARY_COLOR) - picture[boundary])
    return encode_image(picture.round().astype(np.uint8))


def _summary(found: _Prediction) -> bytes:
    sizes = np.bincount(found.labels().ravel())[1:]
    areas = sizes[sizes > 0]
    pixel_um2 = found.pixel and found.pixel[0] * found.pixel[1]
    height, width = found.probability.shape
    return _json(
        {
            "image": {"height": height, "width": width, "pixel_size_um": found.pixel},
            "threshold": found.threshold,
            "boundary_share": float(found.boundary.mean()),
            "cells": {
                "count": len(areas),
                "area_px": areas.tolist(),
                "area_um2": None if pixel_um2 is None else (areas * pixel_um2).round(6).tolist(),
            },
            "model": {key: found.info.get(key) for key in ("tag", "provenance")},
            "seconds": {step: round(seconds, 6) for step, seconds in found.seconds.items()},
        }
    )


def _tiff(image: NDArray[Any], pixel: PixelSize | None) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        image,
        photometric="minisblack",
        compression="zlib",
        compressionargs={"level": 1},
        resolution=(1e4 / pixel[1], 1e4 / pixel[0]) if pixel else None,
        resolutionunit="CENTIMETER" if pixel else None,
    )
    return stream.getvalue()


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


WRITERS: dict[Format, tuple[str, Callable[[_Prediction], bytes]]] = {
    "mask": ("image/png", _mask),
    "probability": ("image/png", _probability),
    "probability_tiff": ("image/tiff", _probability_tiff),
    "labels": ("image/tiff", _labels),
    "contours": ("application/geo+json", _contours),
    "overlay": ("image/png", _overlay),
    "json": ("application/json", _summary),
}
