"""One line per request, for people or as JSON for machines."""

import json
import logging
import sys
from collections import Counter, deque
from contextvars import ContextVar
from datetime import UTC, datetime

logger = logging.getLogger("septum")

#: The id of the request that is being answered, in its worker thread as well.
current_request: ContextVar[str] = ContextVar("current_request", default="")

#: Libraries that warn of what is odd in an image.
_DECODERS = ("tifffile", "py.warnings")

#: Of decoders: lines per request, characters per line, and requests whose lines are counted.
_MAX_LINES, _MAX_CHARACTERS, _COUNTED_REQUESTS = 3, 300, 1000

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object; what was given as `extra` becomes its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class DecoderFilter(logging.Filter):
    """Makes what a decoder says of an image a short line with the id of its request, and lets a few of them through."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Counter[str] = Counter()
        self._requests: deque[str] = deque()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        request_id = current_request.get()
        self._count(request_id)
        text = " ".join(record.getMessage().split())[:_MAX_CHARACTERS]
        record.msg, record.args, record.exc_info = f"{record.name}: {text} {request_id}", None, None
        record.request_id = request_id
        return self._lines[request_id] <= _MAX_LINES

    def _count(self, request_id: str) -> None:
        self._lines[request_id] += 1
        if self._lines[request_id] == 1:
            self._requests.append(request_id)
            if len(self._requests) > _COUNTED_REQUESTS:
                del self._lines[self._requests.popleft()]


def log_to_stderr(as_json: bool) -> None:
    """Write the records of Septum, and what decoders say of images, to standard error."""
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    _write(logger, logging.INFO, JsonFormatter() if as_json else text)
    logging.captureWarnings(True)
    decoders = DecoderFilter()
    for name in _DECODERS:
        _write(logging.getLogger(name), logging.WARNING, JsonFormatter() if as_json else text, decoders)


def _write(
    to_write: logging.Logger, level: int, formatter: logging.Formatter, only: logging.Filter | None = None
) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    if only is not None:
        handler.addFilter(only)
    to_write.handlers = [handler]
    to_write.setLevel(level)
    to_write.propagate = False
