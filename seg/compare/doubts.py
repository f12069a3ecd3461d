"""Warnings about the data of a comparison, looked for once: its folder keeps them by the fingerprint of the data."""

import json
import sys
from pathlib import Path

from seg.data.writing import write_file

FILE = "data_warnings.json"

#: Fingerprint of data -> what is doubtful with it, a sentence each.
Doubts = dict[str, list[str]]


def read_doubts(folder: Path | None) -> Doubts:
    """Return what the folder of a comparison keeps; nothing if it is not readable, since it can be found again."""
    try:
        return dict(json.loads((folder / FILE).read_text(encoding="utf-8"))) if folder else {}
    except (OSError, ValueError, TypeError):
        return {}


def keep_doubts(folder: Path, doubts: Doubts) -> None:
    """Keep doubts in the folder of a comparison.

    Args:
        folder: of the comparison.
        doubts: of all its data.
    """
    write_file(folder / FILE, (json.dumps(doubts, indent=1) + "\n").encode())


def print_doubts(doubts: Doubts) -> None:
    """Print each sentence once, to standard error."""
    sentences = dict.fromkeys(text for of_data in doubts.values() for text in of_data)
    for text in sentences:
        print(f"WARNING data: {text}", file=sys.stderr)
    if sentences:
        print("`seg data doctor CONFIG --out data.html` shows the data and all that is doubtful", file=sys.stderr)
