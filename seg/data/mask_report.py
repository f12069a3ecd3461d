"""What a training logs of its masks before it starts."""

from collections.abc import Sequence

import numpy as np
from lightning_utilities.core.rank_zero import rank_zero_info, rank_zero_warn

from seg.data.sample import Sample


def report_masks(samples: Sequence[Sample]) -> None:
    """Log how many masks are empty or full, and warn of a doubtful polarity."""
    shares = np.array([sample.boundary_share for sample in samples])
    void = np.mean([sample.void_share for sample in samples])
    if void:
        rank_zero_info(f"{void:.1%} of the pixels are void: nobody annotated them, and they have no influence")
    share, empty, full = shares.mean(), (shares == 0).sum(), (shares == 1).sum()
    rank_zero_info(f"{len(samples)} images, {share:.1%} of the pixels boundary, {empty} empty and {full} full mask(s)")
    if share > 0.5:
        rank_zero_warn(f"{share:.0%} of the pixels are boundary: is boundary_value the right one of the two values?")
