"""Fingerprint of a run: its resolved configuration, its data, and the packages and modules that train it."""

import hashlib
import os
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from seg.compare.imports import Imports, is_installed
from seg.model.origin import Origin
from seg.training.versions import package_versions

_TRAINING = "seg.training.cli"
_IMPORT_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
#: What does not change the result, or is in the fingerprint in another form: the seed, and the data by their content.
_LEFT_OUT = (
    ("seed_everything",),
    ("name",),
    ("ckpt_path",),
    ("checkpoint", "dirpath"),
    ("data", "source", "init_args"),
    ("data", "split", "init_args"),
    ("data", "predict"),
    ("trainer", "default_root_dir"),
    ("trainer", "enable_progress_bar"),
    ("trainer", "logger"),
)


def fingerprint(config: dict[str, Any], data: dict[str, Any], imports: Imports) -> str:
    """Return as YAML what determines the result of a run, except for its seed.

    Two runs with equal fingerprints and seeds are the same run. The difference of two fingerprints shows why a run is
    trained anew.

    Args:
        config: resolved configuration of `seg fit`, defaults included. The order of an object's arguments does not
            count, that of the terms of a sum does.
        data: content of the data, as in `BoundaryDataModule.describe`.
        imports: finds the modules of the classes that the configuration names.
    """
    paths = sorted(set(_import_paths(config)))
    content = {
        "configuration": _normalize(_with_origin(config)),
        "data": {key: value for key, value in data.items() if not isinstance(value, list | dict)},  # no image names
        "packages": _packages({path.partition(".")[0] for path in paths}),
        "code": imports.hashes([_TRAINING, *map(imports.defining, paths)]),
    }
    return yaml.safe_dump(content, sort_keys=False)


def _with_origin(config: dict[str, Any]) -> dict[str, Any]:
    """Name the file of weights that the training starts from: a tag or a folder may hold others tomorrow."""
    model = config.get("model", {})
    if not model.get("start_from"):
        return config
    return config | {"model": model | {"start_from": str(Origin.find(model["start_from"]).weights)}}


def _import_paths(node: Any) -> Iterator[str]:
    """Yield class paths and whatever else may name a class or function, wherever it stands."""
    if isinstance(node, str) and _IMPORT_PATH.fullmatch(node):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _import_paths(child)


def _normalize(node: Any, place: tuple[str, ...] = ()) -> Any:
    """Return the part of the configuration that counts; a file counts by its content."""
    if isinstance(node, dict):
        keys = sorted(node, key=lambda key: key != "class_path")  # first; the order of the others stays
        return {key: _normalize(node[key], (*place, key)) for key in keys if (*place, key) not in _LEFT_OUT}
    if isinstance(node, list):
        return [_normalize(item, (*place, "")) for item in node]
    if isinstance(node, str) and os.path.isfile(node):  # noqa: PTH113  # false for a text that cannot be a path
        return "sha256 " + hashlib.sha256(Path(node).read_bytes()).hexdigest()
    return node


def _packages(imported: set[str]) -> dict[str, str]:
    """Return package -> version, of those that every training uses and those from which classes are imported.

    Septum's commit does not count: the modules that a run imports count by their content.
    """
    found = package_versions()
    for name in imported - {package.replace("-", "_") for package in found}:
        if is_installed(name):
            for package in metadata.packages_distributions().get(name, ()):
                found[package] = metadata.version(package)
    return dict(sorted(found.items()))
