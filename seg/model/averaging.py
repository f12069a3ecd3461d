"""Averages a network's answers over flips and turns while it is not yet an artifact."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seg.inference.engine import AveragedEngine, Engine
from seg.inference.tiling import predict_array


class NetworkEngine:
    """Runs a network as it is, on the device where it is.

    Args:
        network: images (N, C, H, W) -> logits (N, K, H, W), in evaluation mode.
    """

    exact = True

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._device = next(network.parameters()).device

    def __call__(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network."""
        with torch.inference_mode():
            probability = self._network(torch.from_numpy(image).to(self._device)).sigmoid()
        answer: NDArray[np.float32] = probability.float().cpu().numpy()
        return answer


def averaged(network: nn.Module) -> Engine:
    """Return an engine that averages the network over the eight flips and quarter turns."""
    return AveragedEngine(NetworkEngine(network))


def predict_images(images: Tensor, engine: Engine, stride_px: int) -> Tensor:
    """Return the probability of a boundary (N, 1, H, W), tile by tile where the images are large.

    Args:
        images: (N, C, H, W) in [-1, 1].
        engine: runs the network.
        stride_px: of the network.
    """
    answers = [predict_array(image, engine, stride_px) for image in images.float().cpu().numpy()]
    return torch.from_numpy(np.stack(answers))[:, None]
