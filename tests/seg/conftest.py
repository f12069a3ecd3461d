"""Records of runs that never were."""

from collections.abc import Callable

import pytest

from seg.record import RunRecord, SplitScores


@pytest.fixture(scope="session")
def finished() -> Callable[..., RunRecord]:
    """Return a function that makes the record of a finished run from its name, seed and test images."""

    def make(name: str, seed: int, images: list[str]) -> RunRecord:
        scores = SplitScores(images, dict.fromkeys(("boundary_f1", "iou"), [0.5] * len(images)))
        return RunRecord(
            name=name,
            loss="losses.L2Loss",
            seed=seed,
            status="finished",
            rank_by="boundary_f1",
            threshold=0.5,
            validation=scores,
            test=scores,
            data={"fingerprint": "f" * 64, "train": [], "val": [], "test": images},
            versions={},
            started="2026-01-01T00:00:00+00:00",
            seconds=1.0,
            steps=10,
            checkpoint=None,
            config={"model": {}},
        )

    return make
