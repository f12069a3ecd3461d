"""The process that resolves the runs of a comparison before any of them is trained."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from seg.compare.doubts import Doubts
from seg.compare.fingerprint import fingerprint
from seg.compare.imports import Imports
from seg.compare.worker import redirect

if TYPE_CHECKING:
    from seg.data.module import BoundaryDataModule

Arguments = tuple[str, ...]

#: Fingerprints, number of GPUs, doubts.
Found = tuple[list[str], int, Doubts]


def probe(runs: list[Arguments], known: Doubts, log: Path, send: Callable[[Found], None]) -> None:
    """Send the fingerprint of each run, the number of GPUs, and what is doubtful with the data.

    Args:
        runs: arguments of `seg fit` of each run.
        known: doubts that need not be looked for.
        log: file for the output.
        send: called with all three.

    Raises:
        SystemExit: the data or an option is invalid.
    """
    redirect(log)
    import torch  # noqa: PLC0415  # imported here because the parent process needs none of it

    doubts: Doubts = {}
    try:
        fingerprints = list(fingerprints_of(runs, lambda data: doubts.update(_doubts_of(data, known))))
    except Exception as error:  # top level of the process: the log is all that the parent gets
        print(f"{error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ValueError | FileNotFoundError) else 1)
    send((fingerprints, torch.cuda.device_count(), doubts))


def fingerprints_of(
    runs: list[Arguments], see: Callable[["BoundaryDataModule"], None] = lambda data: None
) -> Iterator[str]:
    """Resolve runs with one parser, read equal data once, and yield the fingerprint of each.

    Args:
        runs: arguments of `seg fit` of each run.
        see: called with all data that is read.
    """
    from seg.training.cli import DataCLI  # noqa: PLC0415

    first = DataCLI(list(runs[0]))
    resolved = [first.config, *(first.parser.parse_args(list(run)) for run in runs[1:])]
    described: dict[str, dict[str, Any]] = {}
    imports = Imports()
    for run, parsed in zip(runs, resolved, strict=True):
        config = yaml.safe_load(first.parser.dump(parsed, skip_validation=True))["fit"]
        data = repr(config["data"])
        if data not in described:
            module = (DataCLI(list(run)) if described else first).datamodule
            described[data] = module.describe()
            see(module)
        yield fingerprint(config, described[data], imports)


def _doubts_of(data: "BoundaryDataModule", known: Doubts) -> Doubts:
    from seg.data.doctor.command import doubts_once  # noqa: PLC0415

    fingerprint = data.describe()["fingerprint"]
    if fingerprint not in known:
        findings = doubts_once(data.samples, data.indices, fingerprint)
        known = {fingerprint: [f"{finding.check}: {finding.text}" for finding in findings]}
    return {fingerprint: known[fingerprint]}
