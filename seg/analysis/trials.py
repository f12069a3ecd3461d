"""What `tuning.json` says of the trials of hyper-parameters."""

import json
from pathlib import Path
from typing import Any

TRIALS = "tuning.json"


def load_trials(folder: Path) -> dict[str, Any]:
    """Return arm -> its choice and its trials, as `tune` wrote them; nothing where nothing was tuned."""
    file = folder / TRIALS
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return told
