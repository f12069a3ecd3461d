"""How far the scores of one trained network would be from these on other images of the same kind."""

import numpy as np

from seg.analysis.units import Units
from seg.record import RunRecord


def score_intervals(record: RunRecord) -> dict[str, list[float]]:
    """Return metric -> ends of the 95 % interval of its mean on the test images; none where there can be no interval.

    The network is fixed: the interval is over images, or groups or sections of them, not over seeds.

    Args:
        record: of a finished run.
    """
    if record.test is None:
        return {}
    units = Units.of([record], record.test.images)
    intervals = {}
    for metric, scores in record.test.metrics.items():
        uncertainty = units.variance(np.stack([scores, scores]))  # seeds that do not vary
        if uncertainty is not None:
            intervals[metric] = [float(end) for end in uncertainty.interval()]
    return intervals
