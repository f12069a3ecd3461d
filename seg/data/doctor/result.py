"""What is told of an examination; quick to import."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seg.data.doctor.finding import Finding

if TYPE_CHECKING:
    from seg.data.doctor.examination import Examination


class DoubtfulDataError(RuntimeError):
    """The data has errors: a training would refuse it, or be worthless."""


@dataclass(frozen=True)
class Result:
    """What is told of an examination.

    Attributes:
        images: that could be read.
        boundary_share: the mean over the images; None if there are none.
        findings: errors before warnings.
    """

    images: int
    boundary_share: float | None
    findings: list[Finding]

    @classmethod
    def of(cls, examination: "Examination") -> "Result":
        """Return what is told of an examination."""
        shares = [sample.boundary_share for sample in examination.samples]
        return cls(len(shares), statistics.fmean(shares) if shares else None, examination.findings)

    @property
    def errors(self) -> int:
        """Number of errors among the findings."""
        return sum(finding.level == "error" for finding in self.findings)


def print_findings(result: Result, config: Path) -> None:
    """Print everything that was found.

    Args:
        result: of the examination.
        config: of the data, as it was asked for.

    Raises:
        DoubtfulDataError: there is at least one error.
    """
    findings = result.findings
    share = "" if result.boundary_share is None else f", {result.boundary_share:.1%} boundary"
    print(f"{result.images} image(s) read{share}")
    for finding in findings:
        print(f"{finding.level.upper():8}{finding.check}: {finding.text}")
    if result.errors:
        warnings = len(findings) - result.errors
        raise DoubtfulDataError(f"{result.errors} error(s) and {warnings} warning(s) in the data of {config}")
    print(f"no errors, {len(findings)} warning(s)")
