"""From the bytes of an image to the bytes of an answer."""

import time
from dataclasses import dataclass

from seg.data.pixel_size import read_pixel_size
from seg.data.reading import read_image
from service.prediction import Prediction
from service.query import Query
from service.served_model import ServedModel


@dataclass(frozen=True)
class Answer:
    """A body with its type, and what it took.

    Attributes:
        body: the file.
        media_type: of the body.
        seconds: decode, engine and encode -> wall time.
        pixels: of the image.
    """

    body: bytes
    media_type: str
    seconds: dict[str, float]
    pixels: int


def answer(model: ServedModel, query: Query, data: bytes, max_pixels: int) -> Answer:
    """Predict an image and write the answer in the format that the query asks for.

    Args:
        model: predicts.
        query: format, threshold, page, tta and size of a pixel.
        data: a PNG, JPEG or TIFF.
        max_pixels: of the image.

    Raises:
        ImageError: the image cannot be used.
    """
    started = time.perf_counter()
    image = read_image(data, max_pixels, query.page)
    size = query.pixel_size_um
    pixel = read_pixel_size(data, query.page or 0) if size is None else (size, size)
    decoded = time.perf_counter()
    probability = model.predictor.probability(image, tta=query.tta)
    predicted = time.perf_counter()
    seconds = {"decode": decoded - started, "engine": predicted - decoded}
    info = model.predictor.info
    threshold = info.threshold if query.threshold is None else query.threshold
    prediction = Prediction(
        image, probability, threshold, info.boundary_value, pixel, model.tag, info.provenance, seconds
    )
    body = query.format.write(prediction)
    seconds["encode"] = time.perf_counter() - predicted
    return Answer(body, query.format.media_type, seconds, probability.size)
