"""The progress of a training, as it is sent to other processes; light to import."""

from typing import NamedTuple


class EpochReport(NamedTuple):
    """Progress of a training.

    Attributes:
        epoch: number of completed epochs.
        epochs: of the whole training.
        metric: the one that ranks, on validation; NaN before the first epoch.
        collapse: the verdict on the network, "none" where all is well.
    """

    epoch: int
    epochs: int
    metric: float
    collapse: str
