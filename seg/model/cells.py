"""True and predicted cells of a batch, for scores during a training."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seg.data.dataset import Batch
from seg.instances.decoder import Decoder
from seg.instances.labels import Labels
from seg.instances.starts import background_share, fills_the_plane, usual_decoders
from seg.metrics.image_scores import CellPair


def pair_cells(batch: Batch, probability: Tensor, decoder: Decoder | None) -> list[CellPair]:
    """Return the true and the predicted cells of each image.

    Args:
        batch: with the masks, and the labels if there are any, of its N images.
        probability: (N, K, H, W) in [0, 1].
        decoder: makes the cells; None takes the first of the usual ones for each image.
    """
    pairs: list[CellPair] = []
    labels = batch.get("labels")
    for number, channels in enumerate(probability.float().cpu().numpy()):
        boundary = batch["mask"][number, 0].cpu().numpy() > 0
        true: Labels | None = None if labels is None else labels[number].cpu().numpy()
        used = decoder or _usual(len(channels), true, boundary)
        pairs.append((true, used.decode(channels, batch["image"][number].cpu().numpy())))
    return pairs


def _usual(channels: int, true: Labels | None, boundary: NDArray[np.bool_]) -> Decoder:
    """Return a decoder that needs no choice: without a channel of the inside, cells that fill the plane."""
    tissue = channels == 1 or true is None or fills_the_plane(background_share(true, boundary, None))
    return usual_decoders(channels, tissue)[0]
