"""The process of one run."""

import fcntl
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seg.compare.run_state import is_finished
from seg.compare.run_task import RunTask
from seg.training.epoch_report import EpochReport

Send = Callable[[EpochReport], None]


def train(run: RunTask, send: Send, device: str | None = None) -> None:
    """Train one run in this process, or resume it from its last complete epoch; its output goes to log.txt.

    Args:
        run: whose folder exists.
        send: called after every epoch.
        device: number of the GPU to use; all of them if None.

    Raises:
        SystemExit: the run failed (1) or an option is invalid (2).
    """
    _redirect(run.folder / "log.txt")
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    with (run.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a process that survived a killed comparison may still train this run
        if not is_finished(run):
            _fit(run, send)


def _fit(run: RunTask, send: Send) -> None:
    import torch  # noqa: PLC0415  # imported here because the parent process needs none of it

    from seg.training.cli import FitCLI  # noqa: PLC0415
    from seg.training.progress import EpochReporter  # noqa: PLC0415
    from seg.training.resume import LAST  # noqa: PLC0415

    torch.set_num_threads(1)
    last = run.folder / LAST
    resume = [f"--ckpt_path={last}"] if last.exists() else []
    if not resume:
        (run.folder / "config.yaml").unlink(missing_ok=True)
    try:
        FitCLI([*run.args, *resume], callbacks=[EpochReporter(send)])
    except Exception as error:  # top level of the process: details are in the log, the parent gets the exit code
        traceback.print_exc()
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)


def probe_data(args: tuple[str, ...], log: Path, send: Callable[[tuple[str, int]], None]) -> None:
    """Send the fingerprint of a run's data and the number of GPUs.

    Args:
        args: of a run.
        log: file for the output.
        send: called with both.

    Raises:
        SystemExit: the data or an option is invalid.
    """
    _redirect(log)
    import torch  # noqa: PLC0415

    from seg.training.cli import DataCLI  # noqa: PLC0415

    try:
        data = DataCLI(list(args)).datamodule
    except Exception as error:  # top level of the process, as above
        print(f"{error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ValueError | FileNotFoundError) else 1)
    send((data.describe()["fingerprint"], torch.cuda.device_count()))


def _redirect(file: Path) -> None:
    sys.argv = sys.argv[:1]  # LightningCLI warns if both it and the process have arguments
    with file.open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())


def main() -> None:
    """Train the run described on standard input; print a line of JSON after every epoch."""
    fields: dict[str, Any] = json.load(sys.stdin)
    run = RunTask(**fields | {"folder": Path(fields["folder"]), "args": tuple(fields["args"])})
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        train(run, lambda report: print(json.dumps(report), file=answers, flush=True))


if __name__ == "__main__":
    main()
