"""The table of metrics: tests compute what it lists; reports, verdicts and figures read their words from it.

A new metric is a function of arrays and an entry here.
"""

from math import inf

import numpy as np

from seg.metrics.metric import Formula, Metric, OptimisticMetric, Thresholds

#: Finer at both ends: for thin boundaries and for V_Rand the best one is low, after an overconfident loss it is high.
THRESHOLDS: Thresholds = np.array(
    [0.005, 0.01, 0.015, 0.02, 0.03, 0.04, *np.arange(0.05, 0.951, 0.05), 0.98, 0.99], dtype=np.float32
)

#: Thresholds of the ISBI 2012 challenge, on which the best V_Rand is looked for.
RAND_THRESHOLDS: Thresholds = np.linspace(0, 1, 11, dtype=np.float32)

_AT_THRESHOLDS = ("probability", "mask", "thresholds")
_MASKS = ("prediction", "mask")
_TENSORS = ("probability_tensor", "mask_tensor")
_OVERLAP = ("pixel.overlap", (*_TENSORS, "thresholds_tensor"))
_BETTI = ("topology.betti_errors", _MASKS)
_SURFACE = ("surface.surface_scores", (*_MASKS, "tolerance_px"))
_CELLS = ("instance.instance_scores", ("proposed_cells", "true_cells"))
_CELL_PAIRS = ("rand.compare_cells", ("true_cells", "proposed_cells"))
_CELLS_BETWEEN = ("rand.rand_scores", ("closed_probability", "closed_mask", "thresholds"))
_SHARPNESS = ("sharpness.sharpness", ("probability", "mask", "valid"))
_BAND = "boundary.boundary_iou"
_CHENG, _CAICEDO, _ARGANDA = (
    "Cheng et al., CVPR 2021",
    "Caicedo et al., Nature Methods 2019",
    "Arganda-Carreras et al., Frontiers in Neuroanatomy 2015",
)

_ALL = (
    Metric(
        "boundary_f1",
        "Boundary F1",
        Formula("boundary.boundary_f1", (*_AT_THRESHOLDS, "tolerance_px")),
        source="Martin, Fowlkes and Malik, TPAMI 2004",
        validated=True,
    ),
    Metric("iou", "IoU", Formula(*_OVERLAP, part=0), validated=True),
    Metric("dice", "Dice", Formula(*_OVERLAP, part=1), validated=True),
    Metric("ap", "Average precision", Formula("pixel.average_precision", _TENSORS), validated=True),
    Metric("brier", "Brier score", Formula("pixel.brier", _TENSORS), "smaller", validated=True),
    Metric("v_rand", "V_Rand", Formula(*_CELLS_BETWEEN, "v_rand"), source=_ARGANDA),
    Metric("v_info", "V_Info", Formula(*_CELLS_BETWEEN, "v_info"), source=_ARGANDA),
    Metric("cl_dice", "clDice", Formula("topology.cl_dice", _MASKS), source="Shit et al., CVPR 2021"),
    Metric(
        "boundary_f1_matched",
        "Boundary F1, one to one",
        Formula("boundary.matched_f1", ("matches",)),
        source="Martin, Fowlkes and Malik, TPAMI 2004",
    ),
    Metric("boundary_iou_1px", "Boundary IoU, 1 px", Formula(_BAND, (*_MASKS, 1)), source=_CHENG),
    Metric("boundary_iou_2px", "Boundary IoU, 2 px", Formula(_BAND, (*_MASKS, 2)), source=_CHENG),
    Metric("boundary_iou_3px", "Boundary IoU, 3 px", Formula(_BAND, (*_MASKS, 3)), source=_CHENG),
    Metric("surface_dice", "Surface Dice", Formula(*_SURFACE, "surface_dice"), source="Nikolov et al., 2018"),
    Metric("hd95_px", "HD95", Formula(*_SURFACE, "hd95_px"), "smaller", (0.0, inf), unit="px"),
    Metric("betti0_error", "Pieces, error", Formula(*_BETTI, "betti0_error"), "smaller", (0.0, inf)),
    Metric("betti1_error", "Holes, error", Formula(*_BETTI, "betti1_error"), "smaller", (0.0, inf)),
    Metric("instance_ap50", "Instance AP at 0.5", Formula(*_CELLS, "ap50"), source=_CAICEDO),
    Metric("instance_ap", "Instance AP 0.5:0.95", Formula(*_CELLS, "ap"), source=_CAICEDO),
    Metric("instance_f1", "Instance F1", Formula(*_CELLS, "f1"), source=_CAICEDO),
    Metric("cells_v_rand", "V_Rand of the cells", Formula(*_CELL_PAIRS, "v_rand"), source=_ARGANDA),
    Metric("cells_v_info", "V_Info of the cells", Formula(*_CELL_PAIRS, "v_info"), source=_ARGANDA),
    Metric("instance_pq", "Panoptic quality", Formula(*_CELLS, "pq"), source="Kirillov et al., CVPR 2019"),
    Metric(
        "ece",
        "Calibration error",
        Formula("pixel.calibration_error", _TENSORS),
        "smaller",
        source="Naeini, Cooper and Hauskrecht, AAAI 2015",
    ),
    Metric(
        "sharpness",
        "Sharpness",
        Formula(*_SHARPNESS, "sharpness"),
        "nearer to 1",
        (0.0, inf),
    ),
    Metric(
        "undecided_share",
        "Undecided pixels",
        Formula(*_SHARPNESS, "undecided_share"),
        "smaller",
    ),
)

#: Key -> metric, in the order of the tables.
METRICS = {metric.key: metric for metric in _ALL}


def threshold_metric(rank_by: str) -> str:
    """Return the metric that chooses the threshold: the ranking one, unless it is of cells, which need none."""
    return "boundary_f1" if METRICS[rank_by].of_cells else rank_by


_COUNTS = Formula("boundary.count_matches", (*_AT_THRESHOLDS, "tolerance_px"))
_SCALES = "boundary.dataset_and_image_scale"
_BEST = "optimistic.best_mean"

#: Key -> metric, in the order of the tables.
OPTIMISTIC = {
    metric.key: metric
    for metric in (
        OptimisticMetric("boundary_f1_ods", "Boundary F1, ODS", _COUNTS, THRESHOLDS, _SCALES, 0),
        OptimisticMetric("boundary_f1_ois", "Boundary F1, OIS", _COUNTS, THRESHOLDS, _SCALES, 1),
        OptimisticMetric("v_rand_best", "V_Rand, best threshold", METRICS["v_rand"].formula, RAND_THRESHOLDS, _BEST),
        OptimisticMetric("v_info_best", "V_Info, best threshold", METRICS["v_info"].formula, RAND_THRESHOLDS, _BEST),
    )
}
