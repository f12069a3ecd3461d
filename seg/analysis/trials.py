"""The trials of the hyper-parameter search, from `tuning.json`."""

from pathlib import Path
from typing import Any

from seg.record import read_json

TRIALS = "tuning.json"


def load_trials(folder: Path) -> dict[str, Any]:
    """Return arm -> its choice and its trials, as `tune` wrote them; nothing where nothing was tuned.

    Raises:
        ValueError: the file is damaged.
    """
    file = folder / TRIALS
    return read_json(file, "the same `seg compare` again writes it anew") if file.is_file() else {}
