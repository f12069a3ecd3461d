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


def ends_of_search(tuned: dict[str, Any]) -> list[str]:
    """Say which arms chose the smallest or largest of the numbers that they tried: a better one may lie beyond.

    Args:
        tuned: arm -> its choice and its trials.
    """
    return [
        f"{arm} chose the {end} {option} that it tried, {chosen:g} ({low:g} to {high:g}): a better one may lie "
        "beyond, so that its score says less about the loss."
        for arm, of_arm in tuned.items()
        for option, chosen in of_arm["chosen"].items()
        for low, high in [tried_range(of_arm, option)]
        for end, value in (("smallest", low), ("largest", high))
        if low < high and chosen == value
    ]


def tried_range(of_arm: dict[str, Any], option: str) -> tuple[float, float]:
    """Return the smallest and the largest of at least three numbers that were tried; (0, 0) where there are none.

    Args:
        of_arm: its choice and its trials; empty where nothing was tuned.
        option: of `seg fit`.
    """
    values = [trial["options"].get(option) for trial in of_arm.get("trials", [])]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(values) or len(set(numbers)) < 3:
        return 0.0, 0.0
    return min(numbers), max(numbers)
