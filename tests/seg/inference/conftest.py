from pathlib import Path

import pytest

from seg.__main__ import main
from seg.inference.artifact import write_artifact

LOSS = Path(__file__).parents[3] / "configs" / "loss"


@pytest.fixture(scope="session")
def run(tiny, tmp_path_factory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs")
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}"]
    args += [f"--model.loss={LOSS / 'perceptual.yaml'}", f"--trainer.logger.save_dir={folder}"]
    args += ["--data.targets=[boundary, inside]"]
    assert main([*args, "--trainer.logger.name=run", "--trainer.enable_progress_bar=false"]) == 0
    return folder / "run" / "version_0"


@pytest.fixture(scope="session")
def made(run, tmp_path_factory) -> Path:
    """The artifact of the run, to be read only."""
    folder = tmp_path_factory.mktemp("made") / "artifact"
    write_artifact(run, folder)
    return folder
