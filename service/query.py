"""The parameters of a prediction."""

import math
import re
from dataclasses import dataclass, fields

from starlette.datastructures import QueryParams

from service.formats import DEFAULT, FORMATS, AnswerFormat
from service.refusal import RefusalError

_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PAIR = rf"[a-z_]{{1,50}}:{_NUMBER.pattern}"

#: Names and numbers, as a regular expression.
DECODER = f"{_PAIR}(,{_PAIR})*"


@dataclass(frozen=True)
class Query:
    """The parameters of a prediction, all optional.

    Attributes:
        format: of the answer.
        model: tag of the model that answers; the served one if None.
        threshold: in [0, 1]; the model's own if None.
        page: of a file with several, from 0.
        tta: average the predictions of the turned and mirrored image, which takes eight times as long; None: as the
            model's scores were made.
        pixel_size_um: side of a pixel; as the file says if None.
        decoder: names and values of numbers of the decoder that are not the model's own.
    """

    format: AnswerFormat = DEFAULT
    model: str | None = None
    threshold: float | None = None
    page: int | None = None
    tta: bool | None = None
    pixel_size_um: float | None = None
    decoder: tuple[tuple[str, float], ...] = ()

    @classmethod
    def parse(cls, given: QueryParams) -> "Query":
        """Read the parameters of a URL, name -> text.

        Raises:
            RefusalError: 400 for an unknown or repeated parameter, 422 for a value out of range.
        """
        known = [field.name for field in fields(cls)]
        if not given.keys() <= set(known) or len(given.multi_items()) != len(given):
            raise RefusalError(400, "bad_query", f"the parameters are {', '.join(known)}, each at most once")
        return cls(
            format=_format(given.get("format", DEFAULT.name)),
            model=given.get("model"),
            threshold=_number("threshold", given.get("threshold"), 0, 1),
            page=_page(given.get("page")),
            tta=_flag("tta", given.get("tta")),
            pixel_size_um=_number("pixel_size_um", given.get("pixel_size_um"), 1e-4, 1e4),
            decoder=_numbers(given.get("decoder")),
        )

    def averages(self, model_does: bool) -> bool:
        """Return whether predictions are averaged: as asked, else as the model's scores were made."""
        return model_does if self.tta is None else self.tta


def _format(text: str) -> AnswerFormat:
    if text not in FORMATS:
        raise RefusalError(422, "bad_format", f"format must be one of {', '.join(FORMATS)}")
    return FORMATS[text]


def _number(name: str, text: str | None, low: float, high: float) -> float | None:
    if text is None:
        return None
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not low <= value <= high:
        raise RefusalError(422, f"bad_{name}", f"{name} must be a number from {low} to {high}")
    return value


def _numbers(text: str | None) -> tuple[tuple[str, float], ...]:
    if text is None:
        return ()
    if not re.fullmatch(DECODER, text):
        raise RefusalError(422, "bad_decoder", "decoder must be names and numbers, e.g. merge_below:0.3,min_size_px:20")
    pairs = (pair.partition(":") for pair in text.split(","))
    return tuple((name, float(value)) for name, _, value in pairs)


def _page(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise RefusalError(422, "bad_page", "page must be a whole number from 0 to 999999")
    return int(text)


def _flag(name: str, text: str | None) -> bool | None:
    if text is None:
        return None
    if text not in ("true", "false"):
        raise RefusalError(422, f"bad_{name}", f"{name} must be true or false")
    return text == "true"
