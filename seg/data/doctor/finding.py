"""What the examination of a data set finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One sentence about the data.

    Attributes:
        level: error, which a training refuses, or warning.
        check: what was examined, e.g. "polarity".
        text: what is wrong, its evidence, and what helps.
    """

    level: Literal["error", "warning"]
    check: str
    text: str


def warn(check: str, text: str) -> Finding:
    """Return a warning.

    Args:
        check: its name, a word or two.
        text: what was found, with the evidence and what to do.
    """
    return Finding("warning", check, text)


def fail(check: str, text: str) -> Finding:
    """Return an error.

    Args:
        check: its name, a word or two.
        text: what was found, with the evidence and what to do.
    """
    return Finding("error", check, text)


def some(evidence: Sequence[str]) -> str:
    """Return the first pieces of evidence and how many there are."""
    more = f" ... ({len(evidence)} in all)" if len(evidence) > _SHOWN else ""
    return ", ".join(evidence[:_SHOWN]) + more
