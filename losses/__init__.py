"""Losses between logits and binary boundary masks, one per file."""

from losses.balanced_bce import BalancedBceLoss
from losses.base import SegmentationLoss
from losses.bce import BceLoss
from losses.border_weighted_bce import BorderWeightedBceLoss
from losses.boundary import BoundaryLoss
from losses.boundary_dou import BoundaryDouLoss
from losses.composite import CompositeLoss, GradientBalancedLoss, LinearRamp, Term
from losses.dice import DiceLoss
from losses.edge_composite import EdgeCompositeLoss
from losses.focal import FocalLoss
from losses.focal_tversky import FocalTverskyLoss
from losses.generalized_dice import GeneralizedDiceLoss
from losses.hausdorff import HausdorffLoss
from losses.jaccard import JaccardLoss
from losses.l1 import L1Loss
from losses.l2 import L2Loss
from losses.log_cosh_dice import LogCoshDiceLoss
from losses.lovasz_hinge import LovaszHingeLoss
from losses.mcc import MccLoss
from losses.perceptual import PerceptualLoss
from losses.scnp import ScnpLoss
from losses.smooth_l1 import SmoothL1Loss
from losses.soft_cl_dice import SoftClDiceLoss
from losses.tversky import TverskyLoss

__all__ = [
    "BalancedBceLoss",
    "BceLoss",
    "BorderWeightedBceLoss",
    "BoundaryDouLoss",
    "BoundaryLoss",
    "CompositeLoss",
    "DiceLoss",
    "EdgeCompositeLoss",
    "FocalLoss",
    "FocalTverskyLoss",
    "GeneralizedDiceLoss",
    "GradientBalancedLoss",
    "HausdorffLoss",
    "JaccardLoss",
    "L1Loss",
    "L2Loss",
    "LinearRamp",
    "LogCoshDiceLoss",
    "LovaszHingeLoss",
    "MccLoss",
    "PerceptualLoss",
    "ScnpLoss",
    "SegmentationLoss",
    "SmoothL1Loss",
    "SoftClDiceLoss",
    "Term",
    "TverskyLoss",
]
