"""Fingerprint of the code that trains the runs of a comparison."""

import hashlib
import re
from collections.abc import Iterable
from importlib import util
from pathlib import Path

from seg.training.versions import versions

#: What determines the result of a training. Reports and the service may change without retraining.
_TRAINING_CODE = ("losses", "seg.data", "seg.metrics", "seg.model", "seg.network", "seg.instances")
_CLASS_PATH = re.compile(r"class_path\W+([\w.]+)\.\w+")


def code_fingerprint(configurations: Iterable[str]) -> str:
    """Return the sha256 of the code that a training runs: Septum's, and external modules named in configurations.

    Args:
        configurations: texts searched for class paths, so that a change of a user's loss leads to a new run.
    """
    digest = hashlib.sha256(repr(sorted(versions().items())).encode())
    named = {module for text in configurations for module in _CLASS_PATH.findall(text)}
    for module in (*_TRAINING_CODE, *sorted(named)):
        for file in _source_files(module):
            digest.update(module.encode() + file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _source_files(module: str) -> list[Path]:
    try:
        found = util.find_spec(module)
    except (ImportError, ValueError):
        return []  # the training reports it
    if found is None or found.origin is None or not found.origin.endswith(".py"):
        return []
    origin = Path(found.origin)
    return sorted(origin.parent.rglob("*.py")) if module in _TRAINING_CODE and origin.stem == "__init__" else [origin]
