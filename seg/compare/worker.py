"""The process of one run."""

import errno
import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from seg.compare.run_state import LOG, is_finished
from seg.compare.run_task import RunTask
from seg.training.epoch_report import EpochReport

#: How far the training is, or why it failed.
Message = EpochReport | str
Send = Callable[[Message], None]


def train(run: RunTask, send: Send, device: str | None = None) -> None:
    """Train one run in this process, or resume it from its last complete epoch; its output goes to log.txt.

    Args:
        run: whose folder exists.
        send: called after every epoch, and with the error of a run that failed.
        device: number of the GPU to use; all of them if None.

    Raises:
        SystemExit: the run failed (1) or an option is invalid (2).
    """
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # as in `seg`: a Dask worker starts this process without it
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    try:
        redirect(run.folder / LOG)
        with FileLock(run.folder / "lock"):  # a process that survived a killed comparison may still train this run
            if not is_finished(run):
                _fit(run, send)
    except Exception as error:  # top level of the process: details are in the log
        send(_describe(error, run.folder))
        with suppress(OSError):
            traceback.print_exc()
        sys.exit(1)


def _fit(run: RunTask, send: Send) -> None:
    import torch  # noqa: PLC0415  # imported here because the parent process needs none of it

    from seg.model.checkpoint_io import set_damaged_aside  # noqa: PLC0415
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
    FitCLI([*run.args, *resume], callbacks=[EpochReporter(send)])


def _describe(error: BaseException, folder: Path) -> str:
    """Return the error as one sentence; libraries hide that the disk is full behind errors of their own."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
            return f"no space left on the disk of {folder}"
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {error}"


def redirect(file: Path) -> None:
    """Append whatever this process prints to a file."""
    sys.argv = sys.argv[:1]  # LightningCLI warns if both it and the process have arguments
    with file.open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())


def main() -> None:
    """Train the run described on standard input; print each message as a line of JSON."""
    fields: dict[str, Any] = json.load(sys.stdin)
    run = RunTask(**fields | {"folder": Path(fields["folder"]), "args": tuple(fields["args"])})
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        train(run, lambda message: print(json.dumps(message), file=answers, flush=True))


if __name__ == "__main__":
    main()
