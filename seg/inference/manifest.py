"""The checksums of an artifact's files: a file that is not listed, or differs, is not loaded."""

import hashlib
import json
from pathlib import Path

from seg.data.writing import write_file

MANIFEST = "manifest.json"

#: A model store may put its own description beside the artifact's files; nothing reads it.
_OF_THE_STORE = {"model.yaml"}


def write_manifest(folder: Path) -> None:
    """Write manifest.json, name -> sha256 of every file in the folder."""
    hashes = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    write_file(folder / MANIFEST, json.dumps(hashes, indent=1).encode())


def verify(folder: Path, needed: tuple[str, ...] = ()) -> None:
    """Check that an artifact is whole and unaltered, and holds nothing else.

    Args:
        folder: of the artifact.
        needed: names that must be listed.

    Raises:
        FileNotFoundError: it has no manifest.
        ValueError: names the file that is missing, altered, not listed or outside of the folder.
    """
    listed = _read(folder)
    found = {path.name for path in folder.iterdir()} - {MANIFEST} - _OF_THE_STORE
    if unlisted := sorted(found - listed.keys()):
        raise ValueError(f"{folder / unlisted[0]} is not listed in {MANIFEST}: promote the model again")
    if missing := sorted({*needed, *listed} - found):
        raise ValueError(f"{folder / missing[0]} is missing: promote the model again")
    for name, expected in listed.items():
        if _sha256(folder / name) != expected:
            raise ValueError(
                f"{folder / name} is not the file that was promoted (sha256 differs): promote the model again"
            )


def _read(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{folder} is not an artifact: it has no {MANIFEST}")
    try:
        listed: dict[str, str] = dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged: promote the model again") from error
    return listed


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
