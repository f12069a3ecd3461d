"""The settings of the service, from environment variables. `python -m service.settings` prints them as a table."""

import ipaddress
import os
import re
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SEPTUM_"

#: Between the processes of one service (service.model_loader), and of the project's own tests.
_OTHER_VARIABLES = {"SEPTUM_PIN_FILE", "SEPTUM_DATA", "SEPTUM_EXAMPLES", "SEPTUM_CACHE"}

#: Kubernetes sets these in every pod beside a Service whose name begins with septum, e.g. SEPTUM_PORT=tcp://10.0.0.1:80.
_KUBERNETES = re.compile(
    r"SEPTUM_(\w+_)?(SERVICE_(HOST|PORT)\w*=|PORT(_\d+_[A-Z]+)?=\w+://|PORT_\d+_[A-Z]+_(PROTO|PORT|ADDR)=).*"
)

_ORIGIN = re.compile(r"https?://[^\s/*,]+")

NotNegative = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseSettings):
    """Limits of the service; each is read from the variable SEPTUM_<NAME IN CAPITALS>.

    A worker takes all cores, or as many as OMP_NUM_THREADS says. So does `seg predict`: the last digit of a probability
    depends on their number.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", use_attribute_docstrings=True, protected_namespaces=()
    )

    model: str = "septum:latest"
    """Tag in BentoML's model store; SIGHUP loads the model that it stands for by then."""

    model_license: str = "not stated"
    """License of the weights, as whoever trained them states it; part of `GET /model`."""

    other_models: NotNegative = 2
    """Models that `?model=` names and that stay loaded beside the served one, the last used; 0: it alone answers."""

    canary: str = ""
    """Tag of a model that answers a share of the requests that name none, e.g. septum:latest; none if empty."""

    canary_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of the canary; `septum_model_...` in `/metrics` compares it with the served model."""

    engine: str = "auto"
    """auto, torch, openvino or int8."""

    max_body_bytes: Count = 32 * 2**20
    """Largest body of a request."""

    max_buffered_bytes: Count = 256 * 2**20
    """Largest memory of all uploads together, from their first byte until the work on them ends."""

    max_pixels: Count = 64 * 10**6
    """Largest image; larger ones are refused by their header."""

    max_pixels_per_byte: Count = 10_000
    """Most pixels per byte of an image's file; a blank PNG of one bit has 8,000, zstd and fax know no limit."""

    max_predict_pixels: Count = 32 * 10**6
    """Largest image of `POST /predict`, with tta an eighth of it; larger ones are answered by `POST /jobs` alone."""

    large_pixels: Count = 4 * 10**6
    """Images of more pixels, with tta an eighth of it, have workers of their own, for which others never wait."""

    upload_timeout_s: Seconds = 10.0
    """Longest time for the whole body of a request."""

    work_timeout_s: Seconds = 60.0
    """Longest time for the answer, once the body has arrived."""

    workers: Count = 1
    """Images predicted at the same time, and as many small and as many large ones beside them."""

    queue: Count = 16
    """Images that may wait for a worker, half of them large; further ones are refused with 503."""

    jobs: Count = 16
    """Images of `POST /jobs` that arrive, wait or are in work at the same time; a client may have half of them."""

    max_answer_bytes: Count = 512 * 2**20
    """Largest memory of all answers of jobs together, compressed; those that have been fetched make room for others."""

    requests_per_minute: NotNegative = 0
    """Images that a client, by its token or else its address, may send a minute, also all at once; 0: no limit."""

    job_keep_s: Seconds = 600.0
    """How long the answer of a job is kept."""

    drain_s: Seconds = 60.0
    """After SIGTERM, longest time until what was taken is finished and the answers of jobs are fetched."""

    cors_origins: str = ""
    """Origins, separated by commas, whose pages may use the service, or * for all; none if empty."""

    page: Literal["on", "off"] = "on"
    """on, or off to answer `GET /` with 404."""

    log_format: Literal["text", "json"] = "text"
    """text, or json for one object per line."""

    token: str = ""
    """Required as `Authorization: Bearer <token>`, except by the health checks; none is required if empty."""

    tokens_file: str = ""
    """File of further tokens with the names of their owners, hashed; `python -m service.tokens NAME` makes one."""

    trusted_proxies: str = ""
    """Addresses or networks, separated by commas, whose `X-Forwarded-For` is believed; none if empty."""

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, value: str) -> str:
        origins = _split(value)
        wrong = [origin for origin in origins if not _ORIGIN.fullmatch(origin)]
        if value.strip() not in ("", "*") and (wrong or not origins):
            raise ValueError(f"must be * alone or origins such as https://example.org, got {value!r}")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: str) -> str:
        for network in _split(value):
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"must be addresses or networks such as 10.0.0.0/8, got {network!r}") from error
        return value

    @model_validator(mode="after")
    def _check_canary(self) -> "Settings":
        if self.canary and not self.other_models:
            raise ValueError("SEPTUM_CANARY needs a place: SEPTUM_OTHER_MODELS must be > 0, got 0")
        return self

    def list_proxies(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """Return the networks of the proxies that are believed."""
        return [ipaddress.ip_network(network) for network in _split(self.trusted_proxies)]

    def list_origins(self) -> list[str]:
        """Return the origins whose pages may use the service."""
        return _split(self.cors_origins)

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings.

        Raises:
            ValueError: a variable is out of range, or there is no setting of its name.
        """
        if unknown := _unknown_variables():
            settings = ", ".join(variable_of(name) for name in cls.model_fields)
            raise ValueError(f"there is no setting {', '.join(unknown)}: the settings are {settings}")
        try:
            return cls()
        except ValidationError as error:
            raise ValueError("; ".join(map(_explain, error.errors()))) from None


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def settings_table() -> str:
    """Return all settings as a table in Markdown."""
    rows = [
        f"| `{variable_of(name)}` | {f'`{each.default}`' if each.default != '' else 'empty'} | {each.description} |"
        for name, each in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def _split(origins: str) -> list[str]:
    return [origin.strip() for origin in origins.split(",") if origin.strip()]


def _unknown_variables() -> list[str]:
    known = {variable_of(name) for name in Settings.model_fields} | _OTHER_VARIABLES
    given = {name.upper(): value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}
    return sorted(
        name for name, value in given.items() if name not in known and not _KUBERNETES.fullmatch(f"{name}={value}")
    )


def _explain(error: ErrorDetails) -> str:
    if not error["loc"]:
        return str(error["ctx"]["error"])
    return f"{variable_of(str(error['loc'][0]))}{_rule(error, error['input'])}"


def _rule(error: ErrorDetails, value: object) -> str:
    match error["type"]:
        case "literal_error":
            choices = error["ctx"]["expected"].replace("'", "")
            return f" must be {choices}, got {value!r}"
        case "int_parsing" | "float_parsing":
            return f" must be a number, got {value!r}"
        case "value_error":
            return f" {error['ctx']['error']}"
        case "greater_than_equal" | "less_than_equal":
            return f" must be {error['msg'].removeprefix('Input should be ')}, got {value}"
        case "greater_than" | "finite_number":
            return f" must be > 0, got {value}"
        case _:
            return f": {error['msg']}"


if __name__ == "__main__":
    print(settings_table())
