"""Keys of data, by its files or by its content."""

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from seg.data.content_hash import hash_samples
from seg.data.doctor.examination import Examination
from seg.data.doctor.memory import key_of
from seg.data.doctor.neighbors import SPLITS
from seg.data.file_reader import FileReader
from seg.data.file_state import state_of
from seg.data.files import FileSource
from seg.data.module import BoundaryDataModule
from seg.data.vendor_files import installed_plugins


class ListedFiles(NamedTuple):
    """The files of data.

    Attributes:
        data: images, their truths, and what the configuration names, e.g. a table.
        code: modules of source and split.
        problems: a sentence for each file that cannot be used.
    """

    data: list[Path]
    code: list[Path]
    problems: list[str]


def list_files(data: BoundaryDataModule, config: str) -> ListedFiles | None:
    """Return the files of data, without reading these; None without files.

    Args:
        data: not set up.
        config: all of its options.
    """
    if not isinstance(data.source, FileSource):
        return None
    entries, problems = data.source.list_entries(FileReader())
    paths = {path for entry in entries for path in (entry.image, *entry.truths)}
    named = {Path(text) for text in _texts(yaml.safe_load(config)) if os.path.isfile(text)}  # noqa: PTH113  # or no path
    code = [Path(inspect.getfile(type(part))) for part in (data.source, data.split)]
    return ListedFiles(sorted(paths | named), code, sorted(problems))


def folders_in(config: str) -> list[Path]:
    """Return the folders that a configuration names.

    Args:
        config: all options of the data.
    """
    return [Path(text) for text in _texts(yaml.safe_load(config)) if os.path.isdir(text)]  # noqa: PTH112  # or no path


def key_of_files(config: str, files: ListedFiles) -> str:
    """Return a key that changes with the configuration, any file, or the plug-ins that read them, reading none.

    Args:
        config: all options of the data.
        files: of the data.
    """
    code = [module.read_text() for module in files.code]
    return key_of([config, *installed_plugins(), *code, *files.problems, *map(state_of, files.data)])


def key_of_content(content: str) -> str:
    """Return the key of the warnings on data by its fingerprint, as in `BoundaryDataModule.describe`."""
    return key_of(["content", content])


def content_of(examination: Examination) -> str | None:
    """Return the fingerprint of examined data; None where a training would refuse it."""
    split = examination.split
    if split is None or any(finding.level == "error" for finding in examination.findings):
        return None
    return hash_samples({part: [examination.samples[index] for index in getattr(split, part)] for part in SPLITS})


def _texts(node: Any) -> Iterator[str]:
    """Yield the texts of a configuration."""
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(child)
