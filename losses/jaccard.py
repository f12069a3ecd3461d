"""The soft Jaccard index (IoU) as a loss."""

from torch import Tensor

from losses.soft_counts import SmoothedLoss, count_softly


class JaccardLoss(SmoothedLoss):
    """One minus the soft Jaccard index (IoU) of each image, averaged over the channels.

    L = 1 - (I + s) / (P + T - I + s); I, P, T sum p*t, p, t over the image's pixels, p = sigmoid(logits). Two regions
    that overlap by half have an index of 1/3.

    Args:
        smooth: s, in pixels, > 0. Keeps a gradient on images without any boundary.

    Raises:
        ValueError: smooth is not positive.

    Source:
        Rahman and Wang, ISVC 2016.
    """

    bounds = (0.0, 1.0)
    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) values of one minus the index."""
        both, predicted, true = count_softly(logits, target)
        return 1 - ((both + self.smooth) / (predicted + true - both + self.smooth)).mean(dim=1)
