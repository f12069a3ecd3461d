"""How far a training is, told to whoever waits for it; light to import."""

from typing import NamedTuple


class EpochReport(NamedTuple):
    """How far a training is.

    Attributes:
        epoch: that are done.
        epochs: of the whole training.
        metric: that ranks, on validation; NaN before the first epoch.
        collapse: the verdict on the network, "none" where all is well.
    """

    epoch: int
    epochs: int
    metric: float
    collapse: str
