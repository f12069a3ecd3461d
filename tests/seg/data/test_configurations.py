import importlib
import inspect
from pathlib import Path

import pytest
import yaml

CONFIGS = sorted((Path(__file__).parents[3] / "configs" / "data").glob("*.yaml"))


class _NoTwice(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_names_classes_with_arguments_that_they_take(path):
    config = yaml.load(path.read_text(), _NoTwice)
    for chosen in (config["source"], config["split"]):
        module, _, name = chosen["class_path"].rpartition(".")
        taken = inspect.signature(getattr(importlib.import_module(module), name)).bind(**chosen["init_args"])
        assert taken.arguments == chosen["init_args"]
