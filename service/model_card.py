"""What `GET /model` tells."""

from typing import Any

from seg.data.image_error import MAX_SIDE_PX
from service.settings import Settings

_SAMPLES = ["integers of 8 to 32 bits", "floating point", "one bit", "palette"]


def describe(info: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the model's description: loss, scores and origin as the artifact has them, license, what it expects.

    Args:
        info: the artifact's description.
        settings: the limits of this service.
    """
    return info | {
        "loss": info.get("provenance", {}).get("loss"),
        "license": {"model": settings.model_license, "software": "Apache-2.0"},
        "input": {
            "formats": ["PNG", "JPEG", "TIFF"],
            "samples": _SAMPLES,
            "channels": info.get("network", {}).get("in_channels"),
            "scaling": info.get("scaling"),
            "max_bytes": settings.max_body_bytes,
            "max_pixels": settings.max_pixels,
            "max_side_px": MAX_SIDE_PX,
        },
    }
