"""Checks of what a comparison's YAML may hold, each with one sentence for what it may not."""

import re
from typing import Any

LARGEST_SEED = 2**32 - 1  # of NumPy

_NAMES = {dict: "a mapping", list: "a list", str: "a text", int: "a whole number"}


def read_fields(content: Any, keys: dict[str, type], required: set[str], what: str) -> dict[str, Any]:
    """Return the fields of a mapping; those that are null are left out.

    Args:
        content: from YAML.
        keys: key -> type of its value.
        required: keys that must be there.
        what: the mapping is, for the message.

    Raises:
        TypeError: it is not a mapping, or a value is of another type.
        ValueError: a key is missing or unknown.
    """
    if not isinstance(content, dict):
        raise TypeError(f"{what} must be a mapping of {', '.join(keys) or 'options'}, got {content!r}")
    fields = {key: value for key, value in content.items() if value is not None}
    if missing := sorted(required - fields.keys()):
        raise ValueError(f"{what} needs {', '.join(missing)}")
    if unknown := [str(key) for key in content if key not in keys]:
        raise ValueError(f"{what} has no {', '.join(unknown)}; its keys are {', '.join(keys)}")
    for key, value in fields.items():
        if not isinstance(value, keys[key]) or isinstance(value, bool):
            raise TypeError(f"{key} must be {_NAMES[keys[key]]}, got {value!r}")
    return fields


def strings(values: list[Any], key: str) -> list[str]:
    """Return a list of texts.

    Args:
        values: from YAML.
        key: for the message.

    Raises:
        TypeError: an item is not a text.
    """
    if others := [value for value in values if not isinstance(value, str)]:
        raise TypeError(f"{key} must be a list of texts, got {others[0]!r} in it")
    return values


def check_name(name: Any) -> str:
    """Return the name of an arm; ValueError if it cannot be the name of a folder on every system."""
    if not isinstance(name, str) or not re.fullmatch(r"\w([\w.+ -]*[\w+-])?", name):
        raise ValueError(f"an arm's name is a folder's: letters, digits, _ + - and . or spaces within, got {name!r}")
    return name


def check_whole(key: str, value: Any, lowest: int, highest: int | None = None) -> int:
    """Return a whole number.

    Args:
        key: for the message.
        value: from YAML.
        lowest: smallest value allowed.
        highest: largest value allowed; no limit if None.

    Raises:
        TypeError: it is not a whole number.
        ValueError: it is out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{key} must be whole numbers, got {value!r}")
    if value < lowest or (highest is not None and value > highest):
        raise ValueError(f"{key} must be >= {lowest}{'' if highest is None else f' and <= {highest}'}, got {value}")
    return value
