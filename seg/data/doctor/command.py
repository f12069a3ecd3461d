"""`seg data doctor`: examine the data of a configuration before any training."""

from collections.abc import Sequence
from pathlib import Path

import yaml
from jsonargparse import ArgumentError, ArgumentParser

from seg.data.doctor.examination import Examination, doubt, examine
from seg.data.doctor.finding import Finding
from seg.data.doctor.memory import Result, content_of, keep, key_of_content, key_of_files, recall
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample
from seg.data.split import SplitIndices


class DoubtfulDataError(RuntimeError):
    """The data has errors: a training would refuse it, or be worthless."""


def examine_once(data: BoundaryDataModule, config: str) -> Result:
    """Return what is found, or what was found when the same files were examined before.

    Args:
        data: as configured, not set up.
        config: all of its options.
    """
    key = key_of_files(data, config)
    known = recall(key) if key else None
    return known or remember(examine(data), key)


def doubts_once(samples: Sequence[Sample], split: SplitIndices, content: str) -> list[Finding]:
    """Return the warnings about samples that a training accepts, or those found when they were examined before.

    Args:
        samples: of all splits.
        split: of the samples.
        content: fingerprint of the data.
    """
    known = recall(key_of_content(content))
    if known is None:
        known = Result.of(Examination(list(samples), split, doubt(samples, split)))
        keep(key_of_content(content), known)
    return known.findings


def remember(examination: Examination, key: str | None) -> Result:
    """Keep what was found for the next examination of these files, and for comparisons on them.

    Args:
        examination: of the data.
        key: of its files; None where there are none.
    """
    result, content = Result.of(examination), content_of(examination)
    for each in [key, content and key_of_content(content)]:
        if each:
            keep(each, result)
    return result


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
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        raise DoubtfulDataError(f"{errors} error(s) and {len(findings) - errors} warning(s) in the data of {config}")
    print(f"no errors, {len(findings)} warning(s)")


def load_data(config: Path, more: list[str]) -> tuple[BoundaryDataModule, str]:
    """Return the data module of a configuration, and all its options as YAML.

    Args:
        config: of the data, or of a comparison that names it.
        more: options of `seg fit`, e.g. ["--data.source.init_args.root", "elsewhere"].

    Raises:
        ValueError: the configuration is invalid.
        FileNotFoundError: there is no such file.
    """
    parser = ArgumentParser(prog="seg data doctor", exit_on_error=False)
    parser.add_class_arguments(BoundaryDataModule, "data", fail_untyped=False, sub_configs=True)
    try:
        parsed = parser.parse_args([f"--data={_data_file(config)}", *more])
        data: BoundaryDataModule = parser.instantiate_classes(parsed).data
        options = parser.dump(parsed, skip_validation=True)
    except ArgumentError as error:
        raise ValueError(" ".join(str(error).split())) from error
    return data, options


def _data_file(config: Path) -> Path:
    """Return the configuration of the data: itself, or what a comparison names."""
    content = yaml.safe_load(config.read_text())
    named = content.get("data") if isinstance(content, dict) else None
    return config.parent / named if isinstance(named, str) else config
