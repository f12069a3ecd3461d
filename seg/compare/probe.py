"""The process that resolves the runs of a comparison before any of them is trained."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from seg.compare.fingerprint import fingerprint
from seg.compare.imports import Imports
from seg.compare.worker import redirect

Arguments = tuple[str, ...]


def probe(runs: list[Arguments], log: Path, send: Callable[[tuple[list[str], int]], None]) -> None:
    """Send the fingerprint of each run, and the number of GPUs.

    Args:
        runs: arguments of `seg fit` of each run.
        log: file for the output.
        send: called with both.

    Raises:
        SystemExit: the data or an option is invalid.
    """
    redirect(log)
    import torch  # noqa: PLC0415  # imported here because the parent process needs none of it

    try:
        fingerprints = list(fingerprints_of(runs))
    except Exception as error:  # top level of the process: the log is all that the parent gets
        print(f"{error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ValueError | FileNotFoundError) else 1)
    send((fingerprints, torch.cuda.device_count()))


def fingerprints_of(runs: list[Arguments]) -> Iterator[str]:
    """Resolve runs with one parser, read equal data once, and yield the fingerprint of each."""
    from seg.training.cli import DataCLI  # noqa: PLC0415

    first = DataCLI(list(runs[0]))
    resolved = [first.config, *(first.parser.parse_args(list(run)) for run in runs[1:])]
    described: dict[str, dict[str, Any]] = {}
    imports = Imports()
    for run, parsed in zip(runs, resolved, strict=True):
        config = yaml.safe_load(first.parser.dump(parsed, skip_validation=True))["fit"]
        data = repr(config["data"])
        if data not in described:
            described[data] = (DataCLI(list(run)) if described else first).datamodule.describe()
        yield fingerprint(config, described[data], imports)
