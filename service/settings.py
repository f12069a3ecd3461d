"""What can be set from outside: environment variables, all with a default."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Limits of the service; each is read from the variable SEPTUM_<NAME IN CAPITALS>.

    A worker takes as many cores as PyTorch takes by itself, or OMP_NUM_THREADS says. `seg predict` does the same: the
    last digit of a probability depends on their number, and the two shall agree to the pixel.

    Attributes:
        model: tag in BentoML's model store; SIGHUP serves what it stands for by then.
        model_license: of the weights, as whoever trained them says; told by `GET /model`.
        engine: auto, torch, openvino or int8; see `seg.inference.engine_choice`.
        max_body_bytes: of a request.
        max_buffered_bytes: of all requests together, from their first byte to the end of the work on them.
        max_pixels: of an image; larger ones are refused by their header.
        upload_timeout_s: for the whole body of a request.
        work_timeout_s: for the answer, once the body is there.
        workers: images worked on at a time.
        queue: images that may wait for a worker; more are refused.
        jobs: images of `POST /jobs` that are worked on or kept for their sender at a time.
        job_keep_s: for the sender to fetch what became of a job.
        cors_origins: origins, separated by commas, whose pages may use the service; none if empty.
        log_format: text, or json for one object a line.
        token: asked for as `Authorization: Bearer <token>`, except by the health checks; none is asked if empty.
    """

    model: str = "septum:latest"
    model_license: str = "not stated"
    engine: str = "auto"
    max_body_bytes: int = 32 * 2**20
    max_buffered_bytes: int = 256 * 2**20
    max_pixels: int = 64 * 10**6
    upload_timeout_s: float = 10.0
    work_timeout_s: float = 60.0
    workers: int = 1
    queue: int = 16
    jobs: int = 16
    job_keep_s: float = 600.0
    cors_origins: str = ""
    log_format: str = "text"
    token: str = ""

    def __post_init__(self) -> None:
        if self.log_format not in ("text", "json"):
            raise ValueError(f"SEPTUM_LOG_FORMAT must be text or json, got {self.log_format!r}")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings.

        Raises:
            ValueError: a variable is not a number where one is needed, or not positive.
        """
        values = {}
        for setting in fields(cls):
            variable = f"SEPTUM_{setting.name.upper()}"
            if variable in environment:
                values[setting.name] = _convert(variable, environment[variable], type(setting.default))
        return cls(**values)


def _convert(variable: str, text: str, kind: type) -> Any:
    if kind is str:
        return text
    try:
        value: float = kind(text)
    except ValueError as error:
        raise ValueError(f"{variable} must be a number, got {text!r}") from error
    if not 0 < value < float("inf"):
        raise ValueError(f"{variable} must be > 0, got {text}")
    return value
