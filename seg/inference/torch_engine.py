"""PyTorch as an engine; importing it takes seconds and half a gigabyte, which OpenVINO does without."""

import torch
from torch import nn

from seg.inference.engine import Array


class TorchEngine:
    """PyTorch, on the GPU in half precision where there is one.

    Args:
        network: as `seg.inference.optimize.optimize` returns it.
        device: where it runs, e.g. "cuda"; the network is moved there.
    """

    def __init__(self, network: nn.Module, device: str = "cpu") -> None:
        self.exact = device == "cpu"
        self._device = torch.device(device)
        self._network = network.eval().to(self._device).to(memory_format=torch.channels_last)

    def __call__(self, image: Array) -> Array:
        """Run the network."""
        with torch.inference_mode(), torch.autocast(self._device.type, enabled=not self.exact):
            batch = torch.from_numpy(image).to(self._device, memory_format=torch.channels_last)
            probability: Array = self._network(batch).float().cpu().numpy()
        return probability
