"""A claim about losses and its status on the data at hand."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["confirmed", "refuted", "undecided", "not tested here", "not tried"]


@dataclass(frozen=True)
class Claim:
    """One claim of the lecture.

    Attributes:
        statement: the claim.
        status: on these data.
        evidence: sentences with the figures.
        section: of the report that shows it.
    """

    statement: str
    status: Status
    evidence: str
    section: str


def not_tried(statement: str, why: str) -> Claim:
    """Return a claim for which the comparison has no arms.

    Args:
        statement: the claim.
        why: a sentence without its full stop.
    """
    return Claim(statement, "not tried", why[0].upper() + why[1:] + ".", "training")
