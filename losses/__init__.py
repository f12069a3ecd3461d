"""Losses between logits and binary boundary masks, one per file."""

from losses.base import SegmentationLoss
from losses.bce_dice import BceDiceLoss
from losses.edge_composite import EdgeCompositeLoss
from losses.jaccard import JaccardLoss
from losses.l2 import L2Loss
from losses.perceptual import PerceptualLoss

__all__ = [
    "BceDiceLoss",
    "EdgeCompositeLoss",
    "JaccardLoss",
    "L2Loss",
    "PerceptualLoss",
    "SegmentationLoss",
]
