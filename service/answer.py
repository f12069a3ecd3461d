"""From the bytes of an image to the bytes of an answer."""

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from seg.data.pixel_size import read_pixel_size
from seg.data.planes import Planes
from seg.data.reading import PLAIN, read_image, read_size
from seg.inference.artifact_info import ArtifactInfo
from seg.inference.engine import TTA_VIEWS
from seg.inference.novelty import Novelty
from seg.instances.decoder import Decoder, change_decoder, describe_decoder
from service.prediction import Prediction
from service.query import Query
from service.refusal import RefusalError
from service.served_model import MODEL_HEADER, NOVELTY_HEADER, UNLIKE_HEADER, ServedModel
from service.settings import Settings

#: A compressed answer that is larger than this share of it is not kept.
_WORTH_IT = 0.9


@dataclass(frozen=True)
class Answer:
    """A body with its type, and what it took.

    Attributes:
        tag: of the model that answered.
        body: the file, or what gzip makes of it.
        media_type: of the body.
        seconds: decode, engine and encode -> wall time.
        pixels: of the image.
        novelty: how unlike the images of the training it is; None: the model does not know them.
        compressed: whether the body is compressed by gzip.
    """

    tag: str
    body: bytes
    media_type: str
    seconds: dict[str, float]
    pixels: int
    novelty: Novelty | None = None
    compressed: bool = False

    def headers(self) -> dict[str, str]:
        """Return what is told beside the body: model, distance to the images of its training, in what it is unlike."""
        headers = {MODEL_HEADER: self.tag}
        if self.novelty is not None:
            headers[NOVELTY_HEADER] = f"{self.novelty.distance:.3g}"
            if self.novelty.unlike:
                headers[UNLIKE_HEADER] = ", ".join(self.novelty.unlike)
        return headers

    def compress(self) -> "Answer":
        """Return the answer compressed, where that gains anything; most images are compressed already."""
        if self.compressed:
            return self
        body = gzip.compress(self.body, compresslevel=1, mtime=0)
        return self if len(body) > _WORTH_IT * len(self.body) else replace(self, body=body, compressed=True)

    def decompress(self) -> "Answer":
        """Return the answer with its file as it is."""
        return replace(self, body=gzip.decompress(self.body), compressed=False) if self.compressed else self


def weigh(
    query: Query, data: bytes, settings: Settings, at_once: bool, averages: bool = False, planes: Planes = PLAIN
) -> int:
    """Return the pixels that the network has to predict for an image; 0 where its size cannot be read.

    Args:
        query: page and tta.
        data: the image.
        settings: limits.
        at_once: whether a request waits for the answer.
        averages: whether the model does so where the query leaves tta to it.
        planes: of an image that the model takes.

    Raises:
        RefusalError: 413, they are too many for that, or for so small a file.
    """
    height, width = read_size(data, query.page, planes)
    if height * width > settings.max_pixels_per_byte * len(data):
        few = f"{height * width} pixels in {len(data)} bytes are more than {settings.max_pixels_per_byte} per byte"
        raise RefusalError(413, "too_many_pixels", f"{few}: save the image with less compression")
    views = TTA_VIEWS if query.averages(averages) else 1
    pixels, limit = height * width * views, settings.max_predict_pixels
    if at_once and pixels > limit and height * width <= settings.max_pixels:
        many = f"{pixels} pixels to predict are too many for one request, which may have {limit}: send it to /jobs"
        raise RefusalError(413, "use_jobs", many)
    return pixels


def answer(model: ServedModel, query: Query, data: bytes, max_pixels: int, check: Callable[[], None]) -> Answer:
    """Predict an image and write the answer in the format that the query asks for.

    Args:
        model: predicts.
        query: format, threshold, page, tta and size of a pixel.
        data: a PNG, JPEG or TIFF.
        max_pixels: of the image.
        check: called between the steps and the tiles; raises where nobody waits for the answer any more.

    Raises:
        ImageError: the image cannot be used.
        RefusalError: 422, the decoder has no such number.
    """
    started = time.perf_counter()
    info = model.predictor.info
    decoder = _decoder(query, info)
    image = read_image(data, max_pixels, query.page, info.planes)
    size = query.pixel_size_um
    pixel = read_pixel_size(data, query.page or 0) if size is None else (size, size)
    novelty = info.novelty(image)
    decoded = time.perf_counter()
    tta = query.averages(info.tta)
    probabilities = model.predictor.probabilities(image, tta=tta, before_tile=check)
    check()
    predicted = time.perf_counter()
    seconds = {"decode": decoded - started, "engine": predicted - decoded}
    threshold = info.threshold_for(tta) if query.threshold is None else query.threshold
    prediction = Prediction(
        image=info.planes.own(image),
        probabilities=probabilities,
        threshold=threshold,
        pixel=pixel,
        tag=model.tag,
        info=info if decoder is None else replace(info, decoder=describe_decoder(decoder)),
        tta=tta,
        seconds=seconds,
        decode=lambda found: model.predictor.decode(found, image, decoder),
        novelty=novelty,
    )
    body = query.format.write(prediction)
    seconds["encode"] = time.perf_counter() - predicted
    return Answer(model.tag, body, query.format.media_type, seconds, prediction.probability.size, novelty)


def _decoder(query: Query, info: ArtifactInfo) -> Decoder | None:
    """Return the model's decoder with the numbers that the query asks for; None: with its own."""
    if not query.decoder:
        return None
    try:
        return change_decoder(info.decoder, dict(query.decoder))
    except ValueError as error:
        raise RefusalError(422, "bad_decoder", str(error)) from error
