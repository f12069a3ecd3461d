"""What could be a shortcut: do properties without structure tell how much boundary an image has, or its group?"""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seg.analysis.variance import LEVEL, holm
from seg.audit.cases import Case, Image
from seg.audit.chance import Scores, correlate, explain
from seg.audit.cues import CUES, LEAST_CORRELATION, Property
from seg.audit.regions import corners


@dataclass(frozen=True)
class Nuisance(Property):
    """A property that could be a shortcut, whatever the network makes of it.

    Attributes:
        between: share of its variance (of ranks) that lies between groups; None: the test images are no groups.
        group_p: the same as p, of that share.
    """

    between: float | None = None
    group_p: float | None = None

    @property
    def tells_group(self) -> bool:
        """Whether it tells the group of an image."""
        if self.between is None or self.group_p is None:
            return False
        return self.group_p <= LEVEL and self.between >= LEAST_CORRELATION**2


def probe_nuisances(cases: Sequence[Case], groups: Mapping[str, str]) -> list[Nuisance]:
    """Test each property against the share of boundary and, where images share groups, against these.

    Args:
        cases: of the audit.
        groups: name of an image -> its group; images that are missing are their own.
    """
    table = [_properties(case.image) for case in cases]
    columns = {name: np.array([row[name] for row in table]) for name in table[0]}
    shares = np.array([case.truth.mean() for case in cases])
    of_boundary = _corrected([correlate(values, shares) for values in columns.values()])
    own = [groups.get(case.name, case.name) for case in cases]
    if not 1 < len(Counter(own)) < len(cases):
        return [Nuisance(name, *found) for name, found in zip(columns, of_boundary, strict=True)]
    of_group = _corrected([explain(values, own) for values in columns.values()])
    return [Nuisance(name, *ours, *of) for name, ours, of in zip(columns, of_boundary, of_group, strict=True)]


def _corrected(tests: list[tuple[float, float]]) -> list[tuple[float, float]]:
    corrected = holm(np.array([p for _, p in tests]))
    return [(effect, float(p)) for (effect, _), p in zip(tests, corrected, strict=True)]


def _properties(image: Image) -> dict[str, float]:
    """Return name -> number of an image (C, H, W)."""
    whole = {name: measure(image) for name, (measure, _) in CUES.items()}
    found = whole | {"size when compressed": _compressed_bytes(image)}
    for name, corner in corners(*image.shape[1:]).items():
        patch: Scores = image[:, corner].astype(np.float64)
        found[f"brightness of {name}"] = float(patch.mean()) - whole["brightness"]
        found[f"contrast of {name}"] = float(patch.std()) / max(whole["contrast"], 1e-6)
    return found


def _compressed_bytes(image: Image) -> float:
    """Return the bytes per pixel of an image of 8 bits, compressed without loss."""
    grey = ((image + 1) * 127.5).round().astype(np.uint8)
    return len(zlib.compress(grey.tobytes(), 6)) / grey.size
