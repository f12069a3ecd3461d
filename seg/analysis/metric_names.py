"""The metrics in the order of the tables, with the words for people, and which way is better."""

import math

import numpy as np
from numpy.typing import NDArray

#: Of validation and test.
METRICS = {
    "boundary_f1": "Boundary F1",
    "iou": "IoU",
    "dice": "Dice",
    "ap": "Average precision",
    "brier": "Brier score",
}

#: Of the test alone. Smaller is better where the words say so.
MORE_METRICS = {
    "v_rand": "V_Rand",
    "v_info": "V_Info",
    "cl_dice": "clDice",
    "boundary_f1_matched": "Boundary F1, one to one",
    "boundary_iou_1px": "Boundary IoU, 1 px",
    "boundary_iou_2px": "Boundary IoU, 2 px",
    "boundary_iou_3px": "Boundary IoU, 3 px",
    "surface_dice": "Surface Dice",
    "hd95_px": "HD95, px (smaller)",
    "betti0_error": "Pieces, error (smaller)",
    "betti1_error": "Holes, error (smaller)",
    "instance_ap50": "Instance AP at 0.5",
    "instance_ap": "Instance AP 0.5:0.95",
    "instance_f1": "Instance F1",
    "instance_pq": "Panoptic quality",
    "ece": "Calibration error (smaller)",
    "sharpness": "Sharpness (1 is the truth's)",
    "undecided_share": "Undecided pixels (smaller)",
}

#: Scores at thresholds that the test images chose themselves.
OPTIMISTIC = {
    "boundary_f1_ods": "Boundary F1, ODS",
    "boundary_f1_ois": "Boundary F1, OIS",
    "v_rand_best": "V_Rand, best threshold",
    "v_info_best": "V_Info, best threshold",
}

ALL_METRICS = METRICS | MORE_METRICS

_SMALLER_IS_BETTER = {"brier", "hd95_px", "betti0_error", "betti1_error", "ece", "undecided_share"}

_UNLIMITED = {"hd95_px", "betti0_error", "betti1_error", "sharpness"}


def limits(metric: str) -> tuple[float, float]:
    """Return the least and the largest value that a score can have."""
    return 0.0, math.inf if metric in _UNLIMITED else 1.0


def higher_is_better(metric: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values turned so that larger is better; a sharpness is the better the nearer it is to 1."""
    if metric == "sharpness":
        return -np.abs(values - 1)
    return -values if metric in _SMALLER_IS_BETTER else values


def format_score(value: float) -> str:
    """Return the value as the tables show it: 0.123, 12.3 or 123."""
    return f"{value:.{3 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"


def p_value(value: float) -> str:
    """Return a p-value with two digits; a dash where nothing could be tested."""
    if math.isnan(value):
        return "–"  # noqa: RUF001  # as in the other empty cells
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"
