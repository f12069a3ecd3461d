"""Records of runs that never were."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seg.record import RunRecord, SplitScores
from tests.seg.records import DATA, record


@pytest.fixture(scope="session")
def finished() -> Callable[..., RunRecord]:
    """Return a function that makes the record of a finished run from its name, seed and test images."""

    def make(name: str, seed: int, images: list[str]) -> RunRecord:
        scores = SplitScores(images, dict.fromkeys(("boundary_f1", "iou"), [0.5] * len(images)))
        return record(name, seed, scores, data=replace(DATA, test=images))

    return make
