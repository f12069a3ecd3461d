"""What the data says of the settings of a training, with reasons."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from seg.data.doctor.cells import cell_diameters
from seg.data.doctor.leakage_checks import are_sections, serial_likeness
from seg.data.doctor.truth_checks import count_cells, mean_thickness_px
from seg.data.labels import boundaries_from_labels
from seg.data.sample import Sample

#: Memory that a step of the network of configs/base.yaml takes for a pixel of a crop, measured on a CPU, in bytes.
_BYTES_PER_PIXEL = 2100

#: Free memory where the system does not tell it.
_ASSUMED_BYTES = 4e9

#: Cells across a crop, so that some are whole with what surrounds them.
_CELLS_ACROSS = 5

#: Sides of crops that every encoder takes without padding are multiples of it, in pixels.
_STRIDE_PX = 32

_LARGEST_CROP_PX, _LARGEST_BATCH, _THICKEST_PX = 512, 16, 4

#: Share of the cells that must keep an inside.
_KEPT = 0.99


@dataclass(frozen=True)
class Suggestion:
    """A line of a configuration.

    Attributes:
        setting: e.g. "data.crop_px: 128".
        reason: why, with the figures of the data.
    """

    setting: str
    reason: str


def suggest(samples: Sequence[Sample], crop_px: int) -> list[Suggestion]:
    """Return settings that suit the data.

    Args:
        samples: of all splits.
        crop_px: side of a crop as configured, in pixels.
    """
    diameters = np.concatenate([cell_diameters(sample) for sample in samples]) if samples else np.zeros(0)
    if not len(diameters):
        return []
    typical = float(np.median(diameters))
    side = _crop_px(samples, typical)
    found = [*_thickness(samples, typical), _crop(samples, typical, side), _batch(side)]
    return [*found, _tolerance(samples, typical), *_sampling(samples, crop_px), _split(samples)]


def _thickness(samples: Sequence[Sample], typical: float) -> Iterator[Suggestion]:
    """Suggest the thickest boundary of labels that leaves nearly all cells an inside, and of these a fifth at most."""
    labelled = [sample.labels for sample in samples if sample.labels is not None and sample.thickness_px is not None]
    if not labelled:
        return
    best, kept, share = 1, 1.0, 0.0
    for thickness in range(1, _THICKEST_PX + 1):
        boundaries = [boundaries_from_labels(labels, thickness) for labels in labelled]
        cells = sum(count_cells(labels) for labels in labelled)
        inside = sum(count_cells(labels, ~boundary) for labels, boundary in zip(labelled, boundaries, strict=True))
        if thickness > 1 and (inside < _KEPT * cells or thickness > typical / 10):
            break
        best, kept = thickness, inside / max(1, cells)
        share = float(np.mean([boundary.mean() for boundary in boundaries]))
    yield Suggestion(
        f"source.init_args.thickness_px: {best}",
        f"cells are {typical:.0f} px across in the median; boundaries this deep cover {share:.1%} of the pixels and "
        f"leave {kept:.1%} of the cells an inside; thicker ones are easier to learn, but close small cells",
    )


def _crop_px(samples: Sequence[Sample], typical: float) -> int:
    """Return a side that holds some cells and is no larger than the images, a multiple of the network's stride."""
    smallest = min(min(sample.mask.shape) for sample in samples)
    wanted = _STRIDE_PX * round(_CELLS_ACROSS * typical / _STRIDE_PX)
    most = max(_STRIDE_PX, smallest // _STRIDE_PX * _STRIDE_PX)
    return int(np.clip(wanted, 2 * _STRIDE_PX, min(most, _LARGEST_CROP_PX))) if most > _STRIDE_PX else _STRIDE_PX


def _crop(samples: Sequence[Sample], typical: float, side: int) -> Suggestion:
    smallest = min(min(sample.mask.shape) for sample in samples)
    return Suggestion(
        f"crop_px: {side}",
        f"about {side / typical:.1f} cells of {typical:.0f} px across, so that some are whole with what surrounds "
        f"them; a multiple of {_STRIDE_PX}, and the smallest side of an image is {smallest} px",
    )


def _batch(side: int) -> Suggestion:
    memory, where = available_memory()
    each = _BYTES_PER_PIXEL * side**2
    fitting = max(1, int(memory / 2 / each))
    batch = min(_LARGEST_BATCH, 2 ** int(np.log2(fitting)))
    return Suggestion(
        f"batch_size: {batch}",
        f"a crop takes about {each / 1e6:.0f} MB in a step of the network of configs/base.yaml, and {where} has "
        f"{memory / 1e9:.1f} GB free: half of it holds {fitting}; more than {_LARGEST_BATCH} rarely help",
    )


def available_memory() -> tuple[float, str]:
    """Return the free memory in bytes of what trains on this machine, and what that is."""
    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0]), "the GPU"
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        return float(lines["MemAvailable"].split()[0]) * 1024, "this machine"
    except (OSError, ValueError, KeyError):  # of Linux alone
        return _ASSUMED_BYTES, "a machine like most"


def _tolerance(samples: Sequence[Sample], typical: float) -> Suggestion:
    drawn = [sample for sample in samples if 0 < sample.boundary_share <= 0.5]
    thickness = float(np.median([mean_thickness_px(sample.mask) for sample in drawn])) if drawn else 1.0
    tolerance = max(1, round(min(thickness / 2, typical / 10)))
    return Suggestion(
        f"model.tolerance_px: {tolerance}",
        f"boundaries are {thickness:.1f} px thick, and a line in the middle of one is half of that from its rim; "
        f"no more than a tenth of a cell ({typical:.0f} px), or a boundary of the neighbor would count",
    )


def _sampling(samples: Sequence[Sample], crop_px: int) -> Iterator[Suggestion]:
    """Suggest crops around boundaries where many would have none."""
    empty = float(np.mean([_empty_share(sample, crop_px) for sample in samples]))
    if empty > 0.2:
        yield Suggestion("boundary_share: 0.5", f"{empty:.0%} of the crops of {crop_px} px have no boundary at all")


def _empty_share(sample: Sample, crop_px: int) -> float:
    """Return the share of the tiles of an image without boundary."""
    down, right = (range(0, max(1, side - crop_px + 1), crop_px) for side in sample.mask.shape)
    tiles = [sample.mask[top : top + crop_px, left : left + crop_px] for top in down for left in right]
    return float(np.mean([not tile.any() for tile in tiles]))


def _split(samples: Sequence[Sample]) -> Suggestion:
    alike = serial_likeness(samples)
    if alike is not None and are_sections(*alike):
        return Suggestion(
            "split.class_path: seg.data.split.BlockSplit, with gap: 1",
            f"neighbors in the order of the names are alike (correlation {alike[0]:.2f}, {alike[1]:.2f} five apart): "
            "they are sections of one volume; for several stacks, seg.data.stack_split.StackSplit",
        )
    expression, groups = _groups([sample.name for sample in samples])
    if expression:
        return Suggestion(
            f'split.class_path: seg.data.split.GroupSplit, with group: "{expression}"',
            f"the names have {groups} beginnings for {len(samples)} images: where these are patients, wells or slides, "
            "their images must not be in two splits",
        )
    return Suggestion(
        "split.class_path: seg.data.split.GroupSplit",
        "neighbors in the order of the names are no more alike than others, and the names show no groups: each image "
        "is its own group. If several are of one patient, well or slide, set group:",
    )


def _groups(names: Sequence[str]) -> tuple[str, int]:
    """Return an expression for the beginnings of names, and how many these are; "" where they are not a few of many."""
    for expression in ("^(.*?)__", "^(.*)-", "^(.*)_"):
        matches = [re.search(expression, name) for name in names]
        groups = {match.group(1) for match in matches if match}
        if all(matches) and 3 <= len(groups) <= len(names) // 2:
            return expression, len(groups)
    return "", 0
