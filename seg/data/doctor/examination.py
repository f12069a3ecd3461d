"""One pass over a data set: everything that is wrong or doubtful with it, at once."""

from collections.abc import Callable, Iterator, Sequence

from seg.data.doctor.alignment import check_alignment
from seg.data.doctor.finding import Finding, fail
from seg.data.doctor.image_checks import check_brightness, check_contrast, check_sizes
from seg.data.doctor.leakage_checks import check_duplicates, check_near_duplicates, check_neighbors
from seg.data.doctor.truth_checks import check_labels_are_instances, check_shares, check_thickness
from seg.data.files import FileSource
from seg.data.leakage import refuse_leakage
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample, check_names
from seg.data.split import SplitIndices
from seg.data.targets import check_labels

_CHECKS: tuple[Callable[[Sequence[Sample]], Iterator[Finding]], ...] = (
    check_shares,
    check_labels_are_instances,
    check_thickness,
    check_alignment,
    check_contrast,
    check_brightness,
    check_sizes,
    check_duplicates,
)


def examine(data: BoundaryDataModule) -> tuple[list[Sample], list[Finding]]:
    """Return the samples that can be read, and all findings: errors, which a training refuses, before warnings.

    Args:
        data: as configured, not set up.
    """
    samples, findings = _read(data)
    if not samples:
        return samples, findings
    names = [sample.name for sample in samples]
    findings += _refusals("names", lambda: check_names(names))
    findings += _refusals("targets", lambda: check_labels(samples, data.targets))
    complete = not findings  # a split of some of the images is another one
    findings += [finding for check in _CHECKS for finding in check(samples)]
    findings += _examine_split(data, samples, names) if complete else []
    return samples, sorted(findings, key=lambda finding: finding.level != "error")


def _read(data: BoundaryDataModule) -> tuple[list[Sample], list[Finding]]:
    if isinstance(data.source, FileSource):
        samples, problems = data.source.read()
        return samples, [fail("files", problem) for problem in sorted(problems)]
    try:
        return list(data.source), []
    except (ValueError, OSError) as error:
        return [], [fail("source", str(error))]


def _examine_split(data: BoundaryDataModule, samples: list[Sample], names: list[str]) -> list[Finding]:
    try:
        split: SplitIndices = data.split.assign(names)
    except ValueError as error:
        return [fail("split", str(error))]
    leaks = _refusals("leakage", lambda: refuse_leakage(samples, split))
    return [*leaks, *check_near_duplicates(samples, split), *check_neighbors(samples, split)]


def _refusals(check: str, refuse: Callable[[], None]) -> list[Finding]:
    try:
        refuse()
    except ValueError as error:
        return [fail(check, str(error))]
    return []
