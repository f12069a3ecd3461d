"""`seg data doctor`: examine the data of a configuration before any training."""

from pathlib import Path

import numpy as np
import yaml
from jsonargparse import ArgumentError, ArgumentParser

from seg.data.doctor.examination import Examination
from seg.data.module import BoundaryDataModule


class DoubtfulDataError(RuntimeError):
    """The data has errors: a training would refuse it, or be worthless."""


def print_findings(examination: Examination, config: Path) -> None:
    """Print everything that was found.

    Args:
        examination: of the data.
        config: of the data, as it was asked for.

    Raises:
        DoubtfulDataError: there is at least one error.
    """
    samples, findings = examination.samples, examination.findings
    share = f", {np.mean([sample.boundary_share for sample in samples]):.1%} boundary" if samples else ""
    print(f"{len(samples)} image(s) read{share}")
    for finding in findings:
        print(f"{finding.level.upper():8}{finding.check}: {finding.text}")
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        raise DoubtfulDataError(f"{errors} error(s) and {len(findings) - errors} warning(s) in the data of {config}")
    print(f"no errors, {len(findings)} warning(s)")


def load_data(config: Path, more: list[str]) -> BoundaryDataModule:
    """Return the data module of a configuration.

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
    except ArgumentError as error:
        raise ValueError(" ".join(str(error).split())) from error
    return data


def _data_file(config: Path) -> Path:
    """Return the configuration of the data: itself, or what a comparison names."""
    content = yaml.safe_load(config.read_text())
    named = content.get("data") if isinstance(content, dict) else None
    return config.parent / named if isinstance(named, str) else config
