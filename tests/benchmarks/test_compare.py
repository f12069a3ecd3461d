import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_comparison_ends_with_the_weights_and_scores_of_the_bare_loop():
    short = ["--epochs=1", "--steps=2", "--crop=64", "--seeds=1", "--rounds=1"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.compare", *short],  # it fails where they differ
        cwd=Path(__file__).parents[2],
        env=os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, first, last = done.stdout.splitlines()
    assert first.startswith("round 1")
    assert last.startswith("median")
    assert all(float(ratio) > 0 for ratio in last.split()[1:])
