"""A small world: tiny images, a tiny network, trainings of seconds."""

import os
import tempfile
from pathlib import Path

import pytest
import yaml

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "true")
os.environ["SEPTUM_CACHE"] = tempfile.mkdtemp(prefix="septum-cache-")  # that of the user is left alone

CONFIGS = Path(__file__).parents[1] / "configs"


def tiny_data() -> dict:
    return {
        "source": {
            "class_path": "seg.data.synthetic.SyntheticCells",
            "init_args": {"count": 5, "size_px": 64, "cell_diameter_px": 20.0},
        },
        "split": {"class_path": "seg.data.split.BlockSplit", "init_args": {"val": 1, "test": 2}},
        "transforms": [{"class_path": "albumentations.D4", "init_args": {"p": 1.0}}],
        "channels": 1,
        "crop_px": 32,
        "batch_size": 2,
        "steps_per_epoch": 3,
    }


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images; the test is skipped where there is none."""
    folder = Path(os.environ.get("SEPTUM_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real images in {folder} (SEPTUM_DATA names the folder)")
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A folder with base.yaml, data.yaml, losses and compare.yaml that train in seconds."""
    folder = tmp_path_factory.mktemp("configs")
    base = yaml.safe_load((CONFIGS / "base.yaml").read_text())
    base["model"]["network"]["options"]["decoder_channels"] = [16, 8, 8, 8, 8]
    base["trainer"] |= {"max_epochs": 2, "log_every_n_steps": 1}
    base["trainer"]["logger"]["init_args"]["save_dir"] = str(folder / "runs")
    losses = {name: CONFIGS / "loss" / f"{name}.yaml" for name in ("l2", "jaccard")}
    comparison = {
        "configs": ["base.yaml"],
        "data": "data.yaml",
        "losses": [str(path) for path in losses.values()],
        "seeds": [0],
        "options": {"trainer.max_epochs": 1},
    }
    for name, content in (("base", base), ("data", tiny_data()), ("compare", comparison)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


@pytest.fixture
def fit_args(tiny, tmp_path) -> list[str]:
    """Arguments of `seg fit` for a run in tmp_path/run/version_0, the loss still to be given."""
    return [
        "fit",
        f"--config={tiny / 'base.yaml'}",
        f"--data={tiny / 'data.yaml'}",
        f"--trainer.logger.save_dir={tmp_path}",
        "--trainer.logger.name=run",
        "--trainer.enable_progress_bar=false",
    ]
