"""Masks that are inverted, empty or nearly so, and labels that are really masks."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from seg.data.doctor.finding import Finding, some, warn
from seg.data.sample import Sample

#: Boundaries cover less than half of any tissue; less than a thousandth is rarely worth annotating.
_MOST, _LEAST = 0.5, 0.001

#: Share of the cells that may be boundary alone.
_MOST_LOST = 0.01

#: Parts of the only label of an image, where other images have several labels.
_PLACES = 4

#: Ratio of thicknesses at which two annotators differ in more than style.
_ODD = 1.8


def check_shares(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of boundaries that cover more than half of the pixels, hardly any, or none."""
    shares = {sample.name: sample.boundary_share for sample in samples}
    mean = float(np.mean(list(shares.values())))
    many = [f"{name} ({share:.0%})" for name, share in shares.items() if share > _MOST]
    few = [f"{name} ({share:.2%})" for name, share in shares.items() if 0 < share < _LEAST]
    none = [name for name, share in shares.items() if share == 0]
    if mean > _MOST:
        yield warn(
            "polarity", f"{mean:.0%} of all pixels are boundary: set boundary_value: to the other of the two values"
        )
    elif many:
        yield warn("polarity", f"more than half of the pixels are boundary, are these masks inverted? {some(many)}")
    if len(none) == len(samples):
        yield warn("empty masks", "no mask has any boundary: is boundary_value: or threshold: the right one?")
    elif none:
        yield warn("empty masks", f"without any boundary, is nothing annotated there? {some(none)}")
    if few:
        yield warn("boundary share", f"less than 0.1 % of the pixels are boundary: {some(few)}")


def check_thickness(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of drawn boundaries that are much thicker or thinner than in the other images."""
    drawn = [sample for sample in samples if sample.labels is None and _LEAST <= sample.boundary_share <= _MOST]
    thickness = {sample.name: mean_thickness_px(sample.mask) for sample in drawn}
    usual = float(np.median(list(thickness.values()))) if thickness else 0.0
    odd = [f"{name} ({px:.1f} px)" for name, px in thickness.items() if not usual / _ODD <= px <= usual * _ODD]
    if odd:
        yield warn("thickness", f"boundaries are usually {usual:.1f} px thick, not so in {some(odd)}")


def mean_thickness_px(mask: NDArray[np.bool_]) -> float:
    """Return four times the mean distance of the boundary's pixels to its rim, which is the thickness of a band.

    Args:
        mask: (H, W), True on the boundary, with pixels of both kinds.
    """
    distances = ndimage.distance_transform_edt(mask)[mask] - 0.5  # from the pixel's center to the edge of the next
    return 4 * float(distances.mean())


def check_labels_are_instances(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of labels with one value in many separate places: a mask that was taken for labels."""
    labelled = {sample.name: sample.labels for sample in samples if sample.labels is not None and sample.labels.any()}
    values = {name: np.unique(labels[labels > 0]) for name, labels in labelled.items()}
    alone = [name for name, found in values.items() if len(found) == 1]
    places = {name: int(ndimage.label(labelled[name])[1]) for name in alone}
    least = 2 if len(alone) == len(labelled) else _PLACES  # one cell in two parts is none of many masks
    suspects = [name for name in alone if places[name] >= least]
    scattered = [f"{name} (value {values[name][0]} in {places[name]} places)" for name in suspects]
    if scattered:
        yield warn(
            "labels",
            f"one label alone, in several places of an image: {some(scattered)}; if this is a mask of the boundary, "
            "give it as masks: with boundary_value:, not as labels:",
        )


def check_small_cells(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn where boundaries derived from labels leave no inside of small cells, which no prediction can find."""
    derived = [sample for sample in samples if sample.labels is not None and sample.thickness_px is not None]
    counts = {sample.name: (count_cells(sample.labels), count_cells(sample.labels, ~sample.mask)) for sample in derived}
    total, left = (sum(count[place] for count in counts.values()) for place in (0, 1))
    if total - left > _MOST_LOST * total:
        worst = sorted(counts, key=lambda name: counts[name][1] - counts[name][0])
        lost = [f"{name} ({counts[name][0] - counts[name][1]} of {counts[name][0]})" for name in worst]
        yield warn(
            "small cells",
            f"{total - left} of {total} cells are boundary alone at thickness_px: {derived[0].thickness_px}, so that "
            f"no prediction finds more than {left / total:.1%} of the cells: {some(lost)}; a smaller thickness_px, or "
            "images of a higher resolution, leave them an inside",
        )


def count_cells(labels: NDArray[np.integer] | None, where: NDArray[np.bool_] | bool = True) -> int:
    """Return the number of cells with a pixel there.

    Args:
        labels: (H, W), 0 is background; None has none.
        where: (H, W), the pixels that count.
    """
    return 0 if labels is None else int(np.count_nonzero(np.unique(labels * where)))
