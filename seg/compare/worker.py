"""What the process of one run does."""

import fcntl
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seg.compare.plan import RunTask
from seg.compare.run_state import is_finished
from seg.training.epoch_report import EpochReport

Send = Callable[[EpochReport], None]


def train(run: RunTask, send: Send, device: str | None = None) -> None:
    """Train one run in this process, from its last whole epoch on; what it prints goes to log.txt in its folder.

    Args:
        run: whose folder exists.
        send: told of every epoch.
        device: number of the GPU that the run may use; whatever there is if None.

    Raises:
        SystemExit: the run failed (1) or its options are unfit (2).
    """
    _redirect(run.folder / "log.txt")
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    with (run.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a process that outlived a killed comparison may still train this run
        if not is_finished(run):
            _fit(run, send)


def _fit(run: RunTask, send: Send) -> None:
    import torch  # noqa: PLC0415  # preloaded; the imports are here for the parent, which needs none of it

    from seg.training.checkpoint_io import set_damaged_aside  # noqa: PLC0415
    from seg.training.cli import FitCLI  # noqa: PLC0415
    from seg.training.progress import EpochReporter  # noqa: PLC0415
    from seg.training.resume import LAST  # noqa: PLC0415

    if not torch.cuda.is_available():  # there, threads and data workers keep the GPU busy
        torch.set_num_threads(1)
    last = run.folder / LAST
    set_damaged_aside(last)
    resume = [f"--ckpt_path={last}"] if last.exists() else []
    if not resume:
        (run.folder / "config.yaml").unlink(missing_ok=True)
    try:
        FitCLI([*run.args, *resume], callbacks=[EpochReporter(send)])
    except Exception as error:  # the boundary of the process: all is in the log, the exit code tells the parent
        traceback.print_exc()
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)


def probe_data(args: tuple[str, ...], log: Path, send: Callable[[tuple[str, int]], None]) -> None:
    """Send the fingerprint of the data that a run would see, and the number of GPUs.

    Args:
        args: of a run.
        log: file for what is printed.
        send: called with both.

    Raises:
        SystemExit: the data or an option is unfit.
    """
    _redirect(log)
    import torch  # noqa: PLC0415

    from seg.training.cli import DataCLI  # noqa: PLC0415

    try:
        data = DataCLI(list(args)).datamodule
    except Exception as error:  # the boundary of the process, as above
        print(f"{error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ValueError | FileNotFoundError) else 1)
    send((data.describe()["fingerprint"], torch.cuda.device_count()))


def _redirect(file: Path) -> None:
    sys.argv = sys.argv[:1]  # LightningCLI warns where it gets arguments and the process has some, too
    with file.open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())


def main() -> None:
    """Train the run that standard input describes; a line of JSON on standard output for every epoch."""
    fields: dict[str, Any] = json.load(sys.stdin)
    run = RunTask(**fields | {"folder": Path(fields["folder"]), "args": tuple(fields["args"])})
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        train(run, lambda report: print(json.dumps(report), file=answers, flush=True))


if __name__ == "__main__":
    main()
