"""What is kept of examinations, in the user's cache folder; quick to import."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import seg.data.doctor
from seg.data.doctor.finding import Finding
from seg.data.doctor.result import Result

#: Names another folder for what is kept.
VARIABLE = "SEPTUM_CACHE"


def recall(key: str) -> Result | None:
    """Return what was kept under a key; None if there is nothing that can be read.

    Args:
        key: of the data.
    """
    try:
        kept = load(key)
        return Result(**kept | {"findings": [Finding(**finding) for finding in kept["findings"]]})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep(key: str, result: Result) -> None:
    """Keep a result; a folder that cannot be written to keeps nothing.

    Args:
        key: of the data.
        result: of its examination.
    """
    save(key, asdict(result))


def load(key: str) -> dict[str, Any]:
    """Return the object that was saved under a key.

    Raises:
        OSError: there is none.
        ValueError: it is damaged.
    """
    kept: dict[str, Any] = json.loads(_file(key).read_text(encoding="utf-8"))
    return kept


def save(key: str, content: dict[str, Any]) -> None:
    """Save an object; a folder that cannot be written to keeps nothing.

    Args:
        key: of the object.
        content: that JSON can hold.
    """
    from seg.data.writing import write_file  # noqa: PLC0415  # its libraries are not needed to recall

    try:
        write_file(_file(key), json.dumps(content, indent=1).encode())
    except OSError:
        return


def key_of(parts: Iterable[Any]) -> str:
    """Return the sha256 of the parts and of the checks themselves."""
    checks = sorted(files(seg.data.doctor).iterdir(), key=lambda file: file.name)
    code = [file.read_text(encoding="utf-8") for file in checks if file.name.endswith(".py")]
    return hashlib.sha256("\0".join([*code, *map(str, parts)]).encode()).hexdigest()


def _file(key: str) -> Path:
    folder = os.environ.get(VARIABLE)
    if not folder:
        import pooch  # noqa: PLC0415  # takes half a second

        folder = pooch.os_cache("septum")
    return Path(folder) / "doctor" / f"{key}.json"
