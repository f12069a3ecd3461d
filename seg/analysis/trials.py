"""What `tuning.json` says of the trials of hyper-parameters."""

from pathlib import Path
from typing import Any

from seg.record import read_json

TRIALS = "tuning.json"


def load_trials(folder: Path) -> dict[str, Any]:
    """Return arm -> its choice and its trials, as `tune` wrote them; nothing where nothing was tuned."""
    file = folder / TRIALS
    told: dict[str, Any] = read_json(file) if file.is_file() else {}
    return told
