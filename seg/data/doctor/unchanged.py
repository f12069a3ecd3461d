"""Whether anything has changed since the same question was answered, without the libraries that read data."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from seg.data.doctor.memory import key_of, load, recall, save
from seg.data.doctor.result import Result
from seg.data.file_state import state_of
from seg.data.zarr_store import is_zarr


@dataclass(frozen=True)
class Watched:
    """What an answer depends on.

    Attributes:
        question: key of the command's options.
        files: that were read.
        folders: in which a new file would count.
        state: of all of them, before they were read.
    """

    question: str
    files: list[str]
    folders: list[str]
    state: str

    @classmethod
    def of(cls, config: Path, more: list[str], files: list[Path], folders: list[Path]) -> "Watched":
        """Return what an answer depends on, as it is now.

        Args:
            config: that was asked about.
            more: options of the command.
            files: of the data.
            folders: that the configuration names.
        """
        named = {*map(str, files), *map(str, _configurations(config)), *map(str, _files_of(more, Path()))}
        holding = {str(folder) for root in folders for folder in _below(root)} | {str(file.parent) for file in files}
        paths = sorted(named), sorted(holding)
        return cls(_question(config, more), *paths, _state(*paths))

    def keep(self, key: str) -> None:
        """Keep the key of the answer's result."""
        save(self.question, {"files": self.files, "folders": self.folders, "state": self.state, "key": key})


def recall_unchanged(config: Path, more: list[str]) -> Result | None:
    """Return what was found when the same was asked before and no file has changed; None where that is not known.

    Args:
        config: that is asked about.
        more: options of the command.
    """
    try:
        kept = load(_question(config, more))
        return recall(kept["key"]) if _state(kept["files"], kept["folders"]) == kept["state"] else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _question(config: Path, more: list[str]) -> str:
    return key_of(["question", config, *more, Path.cwd()])


def _state(files: list[str], folders: list[str]) -> str:
    """Return a key that changes with a file, and with the names in a folder."""
    times = [f"{folder} {Path(folder).stat().st_mtime_ns}" for folder in folders]
    return key_of([*(state_of(Path(file)) for file in files), *times])


def _configurations(config: Path) -> list[Path]:
    """Return a configuration and the files that it names, and so on."""
    found = [config]
    for file in found:  # grows
        if file.suffix in {".yaml", ".yml"}:
            named = _files_of(yaml.safe_load(file.read_text(encoding="utf-8")), file.parent)
            found += [other for other in named if other not in found]
    return found


def _files_of(node: Any, folder: Path) -> Iterator[Path]:
    """Yield the files that texts name, or the values of options."""
    if isinstance(node, str):
        path = str(folder / node.rpartition("=")[2])
        if os.path.isfile(path):  # noqa: PTH113  # false for a text that cannot be a path
            yield Path(path)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _files_of(child, folder)


def _below(root: Path) -> Iterator[Path]:
    """Yield a folder and all below it, but for those within a Zarr store."""
    for folder, names, _ in os.walk(root):
        yield Path(folder)
        names[:] = [] if is_zarr(Path(folder)) else names
