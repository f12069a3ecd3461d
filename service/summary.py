"""A prediction in numbers."""

from dataclasses import asdict
from typing import Any

import numpy as np

from seg.instances.measures import significant
from service.prediction import Prediction


def summarize(prediction: Prediction) -> dict[str, Any]:
    """Return count and areas of the cells, share of boundary, threshold, model and seconds, ready for JSON."""
    sizes = np.bincount(prediction.labels().ravel())[1:]
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
        "model": {"tag": prediction.tag, "provenance": asdict(prediction.provenance)},
        "seconds": {step: round(seconds, 6) for step, seconds in prediction.seconds.items()},
    }
