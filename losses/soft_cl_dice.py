"""Dice of masks and their centerlines, for connected lines."""

import torch
from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss
from losses.checks import require_positive, require_share
from losses.distances import largest_radius
from losses.soft_counts import count_softly


class SoftClDiceLoss(SegmentationLoss):
    """One minus Dice, mixed with one minus the Dice of soft skeletons, averaged over the channels.

    L = (1 - w) (1 - D) + w (1 - 2 A B / (A + B)); A is the share of the prediction's soft skeleton inside the mask, B
    that of the mask's inside the prediction, D = (2 I + s) / (P + T + s); I, P, T sum p*t, p, t over the image's
    pixels, p = sigmoid(logits). The skeleton is the union of the opening residues of successive erosions, as many
    as the widest place of the image's mask needs.

    Args:
        weight: w, in [0, 1), of the centerlines, which alone do not penalize a uniform false boundary.
        smooth: s, in pixels, > 0.

    Raises:
        ValueError: a parameter is out of range.

    Source:
        Shit et al., CVPR 2021.
    """

    bounds = (0.0, 1.0)

    def __init__(self, weight: float = 0.5, smooth: float = 1.0) -> None:
        super().__init__()
        require_share("weight", weight)
        if weight == 1:
            raise ValueError(
                "weight must be below 1: centerlines alone do not penalize a uniform false boundary, got 1"
            )
        require_positive("smooth", smooth, "pixels")
        self.weight, self.smooth = weight, smooth

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) mixtures."""
        both, predicted, true = count_softly(logits, target)
        dice = (2 * both + self.smooth) / (predicted + true + self.smooth)
        probability, rounds = logits.sigmoid(), largest_radius(target) - 1  # one more empties the mask
        precision = self._share_inside(soft_skeleton(probability, rounds), target)
        sensitivity = self._share_inside(soft_skeleton(target, rounds), probability)
        centerline_dice = 2 * precision * sensitivity / (precision + sensitivity)
        return ((1 - self.weight) * (1 - dice) + self.weight * (1 - centerline_dice)).mean(dim=1)

    def _share_inside(self, skeleton: Tensor, region: Tensor) -> Tensor:
        inside, length = (skeleton * region).sum(dim=(2, 3)), skeleton.sum(dim=(2, 3))
        return (inside + self.smooth) / (length + self.smooth)


def soft_skeleton(picture: Tensor, rounds: Tensor) -> Tensor:
    """Return the soft skeleton, the union of the opening residues of successive erosions.

    Args:
        picture: (N, K, H, W) in [0, 1].
        rounds: (N, K), erosions of each channel.
    """
    eroded = _erode(picture)
    skeleton = _residue(picture, eroded)
    for number in range(1, int(rounds.max()) + 1):
        picture, eroded = eroded, _erode(eroded)
        residue = _residue(picture, eroded) * (rounds >= number)[..., None, None]
        skeleton = skeleton + functional.relu(residue - skeleton * residue)
    return skeleton


def _residue(picture: Tensor, eroded: Tensor) -> Tensor:
    """Return what an opening, an erosion and a dilation, removes."""
    return functional.relu(picture - functional.max_pool2d(eroded, 3, 1, 1))


def _erode(picture: Tensor) -> Tensor:
    inverse = -picture
    along_columns = functional.max_pool2d(inverse, (3, 1), 1, (1, 0))
    along_rows = functional.max_pool2d(inverse, (1, 3), 1, (0, 1))
    return -torch.maximum(along_columns, along_rows)
