"""A prediction in numbers."""

from dataclasses import asdict
from typing import Any

from seg.instances.measures import significant
from seg.instances.regions import count_pixels
from service.prediction import Prediction


def summarize(prediction: Prediction) -> dict[str, Any]:
    """Return count and areas of the cells, share of boundary, threshold, novelty, model and seconds, ready for JSON."""
    sizes = count_pixels(prediction.labels())[1:]
    areas = sizes[sizes > 0]
    pixel = prediction.pixel
    height, width = prediction.probability.shape
    return {
        "image": {"height": height, "width": width, "pixel_size_um": pixel},
        "threshold": prediction.threshold,
        "boundary_share": float(prediction.boundary.mean()),
        "cells": {
            "count": len(areas),
            "area_px": areas.tolist(),
            "area_um2": None if pixel is None else [significant(area) for area in areas * (pixel[0] * pixel[1])],
        },
        "novelty": None if prediction.novelty is None else asdict(prediction.novelty),
        "model": {"tag": prediction.tag, "provenance": asdict(prediction.info.provenance)},
        "seconds": {step: round(seconds, 6) for step, seconds in prediction.seconds.items()},
    }
