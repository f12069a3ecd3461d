"""What the network learns to predict: one binary channel per target."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from seg.data.labels import boundaries_beside_void, boundaries_from_labels, centers_from_labels
from seg.data.sample import Sample

#: The inside is the whole cell, the center what is deeper in it than half of its greatest depth.
Target = Literal["boundary", "inside", "center"]
Masks = NDArray[np.float32]


def check_targets(targets: Sequence[Target]) -> None:
    """Check that the channels are those that decoders expect.

    Raises:
        ValueError: names the rule.
    """
    if not targets or tuple(targets) != get_args(Target)[: len(targets)]:
        raise ValueError(
            "targets must be [boundary], [boundary, inside] or [boundary, inside, center], in this order, got "
            f"{list(targets)}"
        )


def check_labels(samples: Sequence[Sample], targets: Sequence[Target]) -> None:
    """Check that each sample has what its targets are made of.

    Args:
        samples: of all splits.
        targets: channels of the masks.

    Raises:
        ValueError: the inside or the center is asked for, but a sample has no instance labels; names the samples.
    """
    lacking = [sample.name for sample in samples if not sample.labeled]
    needing = [target for target in targets if target != "boundary"]
    if needing and lacking:
        raise ValueError(
            f"the target {needing[0]} needs instance labels, {len(lacking)} image(s) have masks alone, e.g. "
            f"{lacking[0]}: give the source labels, or set targets: [boundary]"
        )


def stack_targets(targets: Sequence[Target], mask: NDArray[np.bool_], labels: NDArray[np.integer] | None) -> Masks:
    """Return the masks of the targets, (K, H, W) of 0 and 1.

    Args:
        targets: one per channel.
        mask: (H, W), True on the boundary.
        labels: (H, W) instance labels; needed for all but the boundary.
    """
    channels = [mask if target == "boundary" or labels is None else _cells(target, labels) for target in targets]
    return np.stack(channels).astype(np.float32)


def _cells(target: Target, labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = labels > 0
    return inside if target == "inside" else centers_from_labels(labels)


def annotation_of(sample: Sample) -> NDArray[np.integer]:
    """Return what augmentation changes together with the image: labels where the mask follows from them, else the mask.

    A boundary that is derived after the augmentation keeps its thickness, whatever was stretched or turned.

    Returns:
        (H, W) of at most 16 bits, the largest integers that geometric transforms take.
    """
    if sample.labels is None or sample.thickness_px is None:
        annotation = _with_inside(sample)
    else:
        few = sample.labels.max() < _VOID_LABEL
        annotation = (sample.labels if few else np.unique(sample.labels, return_inverse=True)[1]).astype(np.uint16)
    if sample.valid is not None:
        annotation[~sample.valid] = void_value(annotation)
    return annotation


def void_value(annotation: NDArray[np.integer]) -> int:
    """Return the value of void pixels in what `annotation_of` returns."""
    return _VOID if annotation.dtype == np.uint8 else _VOID_LABEL


def targets_of(
    targets: Sequence[Target], annotation: NDArray[np.integer], thickness_px: int | None
) -> tuple[Masks, NDArray[np.bool_]]:
    """Return the masks of the targets of an annotation that augmentation may have changed.

    Args:
        targets: one per channel.
        annotation: as `annotation_of` returned it.
        thickness_px: of the sample.

    Returns:
        The masks, (K, H, W), and False at void pixels, (H, W).
    """
    void = annotation == void_value(annotation)
    if thickness_px is None:
        return stack_targets(targets, annotation == _BOUNDARY, label(annotation == _INSIDE)[0]), ~void
    if not void.any():
        return stack_targets(targets, boundaries_from_labels(annotation, thickness_px), annotation), ~void
    boundary, known = boundaries_beside_void(annotation, void, thickness_px)
    return stack_targets(targets, boundary, np.where(known, annotation, 0)), known


_BOUNDARY, _INSIDE, _VOID, _VOID_LABEL = 1, 2, 255, 2**16 - 1


def _with_inside(sample: Sample) -> NDArray[np.uint8]:
    """Return 1 on the boundary, 2 inside of cells beside it, 0 elsewhere."""
    inside = np.zeros_like(sample.mask) if sample.labels is None else sample.labels > 0
    return np.where(sample.mask, _BOUNDARY, np.where(inside, _INSIDE, 0)).astype(np.uint8)
