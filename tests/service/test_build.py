"""What goes into a Bento, as pyproject.toml says it."""

import tomllib
from pathlib import Path

from service.commands import ARENAS

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
BUILD = PROJECT["tool"]["bentoml"]["build"]
TRAINING = ("albumentations", "jsonargparse", "matplotlib", "pytorch-lightning", "torchmetrics")


def test_a_bento_gets_what_serving_needs_in_the_tested_versions():
    # BentoML itself adds the dependencies of the project
    constraint, *packages = BUILD["python"]["packages"]
    assert packages == PROJECT["project"]["optional-dependencies"]["serve"]
    assert constraint == "--constraint ../../src/constraints.txt"
    assert "constraints.txt" in BUILD["include"]


def test_a_bento_gets_the_page():
    assert "service/page/**/*" in BUILD["include"]


def test_a_bento_gets_no_training_library():
    for requirement in [*BUILD["python"]["packages"], *PROJECT["project"]["dependencies"]]:
        assert not requirement.startswith(TRAINING)


def test_a_container_listens_to_its_network_and_reports_to_nobody():
    environment = {variable["name"]: variable["value"] for variable in BUILD["envs"]}
    private = {"BENTOML_HOST": "0.0.0.0", "BENTOML_DO_NOT_TRACK": "true"}
    assert environment == private | {"MALLOC_ARENA_MAX": ARENAS}
