"""Several networks as one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from seg.network.unet import PaddedNetwork

#: The mean of probabilities is 0 or 1 where all are; its logit ends here.
LEAST_PROBABILITY = 1e-6


class Mean(nn.Module):
    """The mean of the answers of networks.

    Args:
        members: at least one.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, image: Tensor) -> Tensor:
        """Return the mean of what the members answer to an image."""
        return torch.stack([member(image) for member in self.members]).mean(dim=0)


class Ensemble(nn.Module):
    """Networks that answer together: the mean of their probabilities, as logits.

    Args:
        members: at least one, all of the same architecture.

    Attributes:
        members: as given.
        stride_px: of each.

    Source:
        Lakshminarayanan, Pritzel and Blundell, NeurIPS 2017 (deep ensembles).
    """

    def __init__(self, members: Sequence[PaddedNetwork]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.stride_px = members[0].stride_px

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images (N, C, H, W)."""
        probabilities = torch.stack([member(image).sigmoid() for member in self.members])
        return probabilities.mean(dim=0).logit(LEAST_PROBABILITY)


#: What an artifact may hold.
Network = PaddedNetwork | Ensemble
