"""One pass over a data set: everything that is wrong or doubtful with it, at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from seg.data.doctor.alignment import check_alignment, check_orientation
from seg.data.doctor.cells import check_scale
from seg.data.doctor.finding import Finding, fail
from seg.data.doctor.image_checks import check_brightness, check_contrast, check_sizes
from seg.data.doctor.leakage_checks import check_duplicates, check_near_duplicates, check_neighbors, check_same_masks
from seg.data.doctor.middle import check_parts, seen_of
from seg.data.doctor.neighbors import Pair, compare_splits
from seg.data.doctor.truth_checks import check_labels_are_instances, check_shares, check_small_cells, check_thickness
from seg.data.files import FileSource
from seg.data.leakage import refuse_leakage
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample, check_channels, check_names
from seg.data.split import SplitIndices
from seg.data.subset import nested_subset
from seg.data.targets import check_labels

_CHECKS: tuple[Callable[[Sequence[Sample]], Iterator[Finding]], ...] = (
    check_shares,
    check_labels_are_instances,
    check_thickness,
    check_small_cells,
    check_scale,
    check_alignment,
    check_orientation,
    check_contrast,
    check_brightness,
    check_sizes,
    check_duplicates,
    check_same_masks,
    check_parts,
)


@dataclass(frozen=True)
class Examination:
    """What a pass over a data set found.

    Attributes:
        samples: that can be read.
        split: of the samples; None where some cannot be read, or the split refuses them.
        findings: errors, which a training refuses, before warnings.
        pairs: of images in two splits, with how alike they are.
    """

    samples: list[Sample]
    split: SplitIndices | None
    findings: list[Finding]
    pairs: list[Pair] = field(default_factory=list)

    @property
    def seen(self) -> list[Sample]:
        """The samples as they were examined, large ones in their middle."""
        return seen_of(self.samples)


def examine(data: BoundaryDataModule) -> Examination:
    """Read and check everything.

    Args:
        data: as configured, not set up.
    """
    samples, findings = _read(data)
    if not samples:
        return Examination(samples, None, findings)
    names = [sample.name for sample in samples]
    findings += _refusals("names", lambda: check_names(names))
    findings += _refusals("targets", lambda: check_labels(samples, data.targets))
    findings += _refusals("channels", lambda: check_channels(samples, data.channels))
    split = None
    if not findings:  # a split of some of the images is another one
        try:
            split = data.split.assign(names)
            nested_subset(split.train, data.train_images, data.seed)
        except ValueError as error:
            findings.append(fail("split", str(error)))
    if split is not None:
        findings += _refusals("leakage", lambda: refuse_leakage(samples, split))
    seen = seen_of(samples)
    pairs = [] if split is None else compare_splits(seen, split)
    findings += _doubt(seen, split, pairs)
    return Examination(samples, split, sorted(findings, key=lambda finding: finding.level != "error"), pairs)


def _read(data: BoundaryDataModule) -> tuple[list[Sample], list[Finding]]:
    if isinstance(data.source, FileSource):
        samples, problems = data.source.read()
        return samples, [fail("files", problem) for problem in sorted(problems)]
    try:
        return list(data.source), []
    except (ValueError, OSError) as error:
        return [], [fail("source", str(error))]


def doubt(samples: Sequence[Sample], split: SplitIndices) -> list[Finding]:
    """Return the warnings about samples that a training accepts.

    Args:
        samples: of all splits.
        split: of the samples.
    """
    seen = seen_of(samples)
    return _doubt(seen, split, compare_splits(seen, split))


def _doubt(samples: Sequence[Sample], split: SplitIndices | None, pairs: Sequence[Pair]) -> list[Finding]:
    findings = [finding for check in _CHECKS for finding in check(samples)]
    if split is not None:
        findings += [*check_near_duplicates(samples, pairs), *check_neighbors(samples, split)]
    return findings


def _refusals(check: str, refuse: Callable[[], None]) -> list[Finding]:
    try:
        refuse()
    except ValueError as error:
        return [fail(check, str(error))]
    return []
