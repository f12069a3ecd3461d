"""The OpenAPI document of `GET /openapi.json`."""

from typing import Any

from pydantic import TypeAdapter

from seg import __version__
from seg.data.appearance import KINDS
from service.formats import DEFAULT, FORMATS
from service.model_card import ModelCard
from service.model_choice import LONGEST_TAG, TAG, ModelSummary
from service.query import DECODER
from service.served_model import MODEL_HEADER, NOVELTY_HEADER, UNLIKE_HEADER

_ERROR_CODES = {
    400: ["bad_query", "bad_form", "no_image", "incomplete", "bad_request"],
    401: ["unauthorized"],
    404: ["not_found", "no_job", "unknown_model"],
    408: ["upload_timeout"],
    413: ["too_large", "too_many_pixels", "too_much_metadata", "use_jobs"],
    415: ["unsupported_format"],
    422: [
        "bad_format",
        "bad_model",
        "bad_threshold",
        "bad_page",
        "bad_tta",
        "bad_pixel_size_um",
        "bad_decoder",
        "corrupt_image",
        "unsupported_samples",
        "multi_page",
        "page_out_of_range",
    ],
    429: ["too_many_requests", "too_many_jobs"],
    500: ["internal_error", "damaged_model"],
    503: ["loading", "draining", "busy", "out_of_memory"],
    504: ["timeout"],
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_OBJECT = {"schema": {"type": "object"}}
_CARD = TypeAdapter(ModelCard).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
_SUMMARY = TypeAdapter(ModelSummary).json_schema(mode="serialization")
_MODELS = {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/ModelSummary"}}}}
_MODEL = {"application/json": {"schema": {"$ref": "#/components/schemas/ModelCard"}}}
_JSON = {"application/json": _OBJECT}
_MEDIA_TYPES = {form.media_type for form in FORMATS.values()}
_ANSWERS = {media_type: _OBJECT if media_type.endswith("json") else _BINARY for media_type in sorted(_MEDIA_TYPES)}
_IMAGE = {
    "required": True,
    "description": "A PNG, JPEG or TIFF; its type is recognized by its first bytes, whatever is declared.",
    "content": dict.fromkeys(("image/png", "image/jpeg", "image/tiff", "application/octet-stream"), _BINARY)
    | {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"image": _BINARY["schema"]},
                "required": ["image"],
                "additionalProperties": False,
            },
            "encoding": {"image": {"contentType": "image/png, image/jpeg, image/tiff"}},
        }
    },
}
_TOLD = {
    MODEL_HEADER: {"schema": {"type": "string"}, "description": "tag of the model that answered"},
    NOVELTY_HEADER: {
        "schema": {"type": "number"},
        "description": "distance to the images that the model knows; above 1 the image is unlike them",
    },
    UNLIKE_HEADER: {
        "schema": {"type": "string"},
        "description": f"in what it is unlike them, most first: {', '.join(KINDS)}",
    },
}
_PREDICTING = (400, 401, 404, 408, 413, 415, 422, 429, 500, 503)


def describe_api(need_tokens: bool) -> dict[str, Any]:
    """Return the document.

    Args:
        need_tokens: whether it requires a bearer token.
    """
    answered = {"description": "the answer in the format asked for", "content": _ANSWERS, "headers": _TOLD}
    prediction = {"200": answered}
    job = {"$ref": "#/components/schemas/Job"}
    accepted = {"202": {"description": "not finished yet", "content": {"application/json": {"schema": job}}}}
    paths = {
        "/predict": {"post": _operation("Predict an image", prediction, (*_PREDICTING, 504), _parameters(), _IMAGE)},
        "/jobs": {"post": _operation("Predict an image later", accepted, _PREDICTING, _parameters(), _IMAGE)},
        "/jobs/{id}": {
            "get": _operation("Fetch a job", prediction | accepted, _PREDICTING, [_JOB_ID]),
            "delete": _operation("Forget a job", {"204": {"description": "forgotten"}}, (401, 404), [_JOB_ID]),
        },
        "/model": {"get": _operation("What a model is", _ok(_MODEL), (400, 401, 404, 422, 503), [_MODEL_TAG])},
        "/models": {"get": _operation("Which models there are", _ok(_MODELS), (401, 503))},
        "/metrics": {"get": _operation("Figures for Prometheus", _ok({"text/plain": {}}), (401,))},
        "/openapi.json": {"get": _operation("This document", _ok(_JSON), (401,))},
        "/livez": {"get": _operation("Is the process alive", _ok(_JSON), ()) | {"security": []}},
        "/readyz": {"get": _operation("Is the model loaded", _ok(_JSON), (503,)) | {"security": []}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Septum", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": _COMPONENTS,
        "security": [{"token": []}] if need_tokens else [],
    }


def _ok(content: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "success", "content": content}}


def _operation(
    summary: str,
    good: dict[str, Any],
    refused: tuple[int, ...],
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    errors = {str(status): {"$ref": f"#/components/responses/{status}"} for status in refused}
    operation = {"summary": summary, "responses": good | errors, "parameters": parameters or []}
    return operation | ({"requestBody": body} if body else {})


def _parameters() -> list[dict[str, Any]]:
    number = {"type": "number"}
    schemas = {
        "format": {
            "type": "string",
            "enum": list(FORMATS),
            "default": DEFAULT.name,
            "description": "; ".join(f"{name}: {form.description}" for name, form in FORMATS.items()),
        },
        "threshold": number | {"minimum": 0, "maximum": 1},
        "page": {"type": "integer", "minimum": 0, "maximum": 999_999},
        "tta": {"type": "boolean", "description": "the default is the model's, see /model"},
        "pixel_size_um": number | {"minimum": 1e-4, "maximum": 1e4},
        "decoder": {
            "type": "string",
            "pattern": f"^{DECODER}$",
            "description": "numbers of the decoder that are not the model's own, e.g. merge_below:0.3,min_size_px:20",
        },
    }
    return [_MODEL_TAG, *({"name": name, "in": "query", "schema": schema} for name, schema in schemas.items())]


def _error(status: int) -> dict[str, Any]:
    codes = _ERROR_CODES[status]
    error = {
        "type": "object",
        "properties": {"code": {"enum": codes}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    schema = {"type": "object", "properties": {"error": error}, "required": ["error"]}
    return {"description": ", ".join(codes), "content": {"application/json": {"schema": schema}}}


_MODEL_TAG = {
    "name": "model",
    "in": "query",
    "description": "a tag that /models lists; the default is the served model",
    "schema": {"type": "string", "pattern": f"^{TAG.pattern}$", "maxLength": LONGEST_TAG},
}
_JOB_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
_COMPONENTS = {
    "responses": {str(status): _error(status) for status in _ERROR_CODES},
    "schemas": _CARD.pop("$defs")
    | {
        "ModelCard": _CARD,
        "ModelSummary": _SUMMARY,
        "Job": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "status": {"enum": ["waiting", "running"]},
                "url": {"type": "string"},
                "ahead": {"type": "integer", "description": "earlier jobs that are not finished"},
            },
            "required": ["id", "status", "url", "ahead"],
        },
    },
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
}
