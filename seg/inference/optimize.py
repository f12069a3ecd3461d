"""A trained network as it is served: the same function, fewer operations."""

import copy

import torch
from torch import nn

from seg.inference.batch_norm_folding import fold_batch_norm
from seg.inference.fast_decoder import fix_kernels
from seg.network.ensemble import Ensemble, Mean, Network


def optimize(network: Network, channels: int) -> nn.Module:
    """Return a copy for inference: images (N, C, H, W) -> probabilities (N, K, H, W).

    Args:
        network: trained; it stays as it is.
        channels: C, of its images. H and W must be multiples of its stride.
    """
    if isinstance(network, Ensemble):
        return Mean([optimize(member, channels) for member in network.members]).eval()  # type: ignore[arg-type]
    core = copy.deepcopy(network.network).eval().requires_grad_(False)
    weight = next(core.parameters())
    fold_batch_norm(core, torch.zeros(1, channels, 2 * network.stride_px, 2 * network.stride_px).to(weight))
    fix_kernels(core)
    return nn.Sequential(core, nn.Sigmoid()).eval().to(memory_format=torch.channels_last)
