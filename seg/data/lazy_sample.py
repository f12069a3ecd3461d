"""What samples have in common whose arrays are on a disk until they are needed."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.sample import Sample


class LazySample(Sample, ABC):
    """A sample without arrays of its own: each access reads them."""

    @abstractmethod
    def whole(self) -> Sample:
        """Return all of it in memory."""

    @property
    def image(self) -> NDArray[Any]:
        """As of `Sample`."""
        return self.whole().image

    @property
    def mask(self) -> NDArray[np.bool_]:
        """As of `Sample`."""
        return self.whole().mask

    @property
    def labels(self) -> NDArray[np.int32] | None:
        """As of `Sample`."""
        return self.whole().labels

    @property
    def valid(self) -> NDArray[np.bool_] | None:
        """As of `Sample`."""
        return self.whole().valid
