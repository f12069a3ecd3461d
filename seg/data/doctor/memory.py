"""What is kept of an examination, so that data that has not changed is examined once."""

import hashlib
import inspect
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pooch
import yaml

import seg.data.doctor
from seg.data.content_hash import hash_samples
from seg.data.doctor.examination import Examination
from seg.data.doctor.finding import Finding
from seg.data.doctor.neighbors import SPLITS
from seg.data.file_reader import FileReader
from seg.data.file_state import state_of
from seg.data.files import FileSource
from seg.data.module import BoundaryDataModule
from seg.data.writing import write_file

#: Names another folder for what is kept.
VARIABLE = "SEPTUM_CACHE"


@dataclass(frozen=True)
class Result:
    """What is told of an examination.

    Attributes:
        images: that could be read.
        boundary_share: the mean over the images; None if there are none.
        findings: errors before warnings.
    """

    images: int
    boundary_share: float | None
    findings: list[Finding]

    @classmethod
    def of(cls, examination: Examination) -> "Result":
        """Return what is told of an examination."""
        shares = [sample.boundary_share for sample in examination.samples]
        return cls(len(shares), float(np.mean(shares)) if shares else None, examination.findings)


def recall(key: str) -> Result | None:
    """Return what was kept under a key; None if there is nothing that can be read.

    Args:
        key: of the data.
    """
    try:
        kept = json.loads(_file(key).read_text(encoding="utf-8"))
        return Result(**kept | {"findings": [Finding(**finding) for finding in kept["findings"]]})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep(key: str, result: Result) -> None:
    """Keep a result; a folder that cannot be written to keeps nothing.

    Args:
        key: of the data.
        result: of its examination.
    """
    try:
        write_file(_file(key), json.dumps(asdict(result), indent=1).encode())
    except OSError:
        return


def key_of_files(data: BoundaryDataModule, config: str) -> str | None:
    """Return a key that changes with the configuration and with any file, without reading these; None without files.

    Args:
        data: not set up.
        config: all of its options.
    """
    if not isinstance(data.source, FileSource):
        return None
    entries, problems = data.source.list_entries(FileReader())
    paths = {path for entry in entries for path in (entry.image, *entry.truths)} | set(
        _files_in(yaml.safe_load(config))
    )
    states = [state_of(path) for path in sorted(paths)]
    modules = [Path(inspect.getfile(type(part))).read_text() for part in (data.source, data.split)]
    return _key([config, *modules, *sorted(problems), *states])


def key_of_content(content: str) -> str:
    """Return the key of the warnings on data by its fingerprint, as in `BoundaryDataModule.describe`."""
    return _key(["content", content])


def content_of(examination: Examination) -> str | None:
    """Return the fingerprint of examined data; None where a training would refuse it."""
    split = examination.split
    if split is None or any(finding.level == "error" for finding in examination.findings):
        return None
    return hash_samples({part: [examination.samples[index] for index in getattr(split, part)] for part in SPLITS})


def _files_in(node: Any) -> Iterator[Path]:
    """Yield the files that a configuration names, e.g. a table."""
    if isinstance(node, str) and os.path.isfile(node):  # noqa: PTH113  # false for a text that cannot be a path
        yield Path(node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _files_in(child)


def _key(parts: list[Any]) -> str:
    """Return the sha256 of the parts and of the checks themselves."""
    checks = sorted(files(seg.data.doctor).iterdir(), key=lambda file: file.name)
    code = [file.read_text(encoding="utf-8") for file in checks if file.name.endswith(".py")]
    return hashlib.sha256("\0".join([*code, *map(str, parts)]).encode()).hexdigest()


def _file(key: str) -> Path:
    folder = os.environ.get(VARIABLE) or pooch.os_cache("septum")
    return Path(folder) / "doctor" / f"{key}.json"
