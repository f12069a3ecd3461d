"""How much the runs of a comparison disagree on an image."""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]


def mutual_information(probabilities: Image) -> Image:
    """Return what the choice of the run tells about each pixel, (H, W), in bits: 0 where all agree, at most 1.

    H(mean of p) - mean of H(p), H the entropy. Runs that are all undecided agree: the image is ambiguous, and
    annotating it teaches little.

    Args:
        probabilities: of R runs, (R, H, W), in [0, 1].

    Source:
        Houlsby et al., 2011 (BALD).
    """
    information = _entropy(probabilities.mean(axis=0)) - _entropy(probabilities).mean(axis=0)
    positive: Image = np.maximum(information, 0).astype(np.float32)
    return positive


def _entropy(probability: Image) -> NDArray[np.float64]:
    p = np.clip(probability.astype(np.float64), 1e-9, 1 - 1e-9)
    entropy: NDArray[np.float64] = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    return entropy
