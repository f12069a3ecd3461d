"""The command `seg`, also `python -m seg`."""

import argparse
import os
import pickle
import sys
import time
import traceback
import warnings
from importlib.metadata import entry_points
from pathlib import Path

from seg import __version__
from seg.commands import add_compare, add_data, add_evaluate, add_report
from seg.loss_gallery.commands import add_losses
from seg.run_commands import add_audit, add_suggest

FAILED, WRONG_USAGE = 1, 2

#: More than the devices of a training need to meet the same error.
_PATIENCE_S = 60

_LIGHTNING = {
    "fit": "train one model with one loss",
    "validate": "score a checkpoint on the validation images",
    "test": "score a checkpoint on the test images",
    "predict": "write masks and probabilities of images",
}

_DESCRIPTION = """\
Train a U-Net on cell-boundary masks once per loss, compare the losses fairly, serve the best model.

  seg compare configs/compare/demo.yaml      train all losses, write runs/demo/report.html
  seg promote runs/demo                      store the best model
  seg serve                                  serve it over HTTP: images in, masks out
"""


def main(args: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage.

    Args:
        args: without the program's name; those of the process if None.
    """
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")
    warnings.filterwarnings(
        "ignore", module="jsonargparse|pytorch_lightning|lightning_fabric"
    )  # nothing that a user could change
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # no checkpoint may execute code, wherever it is from
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # a user's own losses, as `python -m seg` finds them
    args = sys.argv[1:] if args is None else args
    run = _train if args and args[0] in _LIGHTNING else _run_command
    try:
        run(args)
    except (ValueError, OSError, RuntimeError, ImportError, MemoryError) as error:
        return _explain(error, args[0])
    except pickle.UnpicklingError:
        return _explain(ValueError("the file holds more than weights, or is damaged: it is not loaded"), args[0])
    except KeyboardInterrupt:
        print("seg: stopped", file=sys.stderr)
        return FAILED
    return 0


def _train(args: list[str]) -> None:
    from seg.training.cli import TrainingCLI  # noqa: PLC0415  # Lightning takes seconds to import

    sys.argv = sys.argv[:1]  # LightningCLI warns if both it and the process have arguments
    TrainingCLI(args)


def _run_command(args: list[str]) -> None:
    parser = _parser()
    parsed, more = parser.parse_known_args(args)
    if more and not hasattr(parsed, "more"):
        parser.error(f"unknown: {' '.join(more)}")
    parsed.more = more
    parsed.run(parsed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seg", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"septum {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    for name, summary in _LIGHTNING.items():
        subparsers.add_parser(name, help=f"{summary}: seg {name} --help")
    add_compare(subparsers)
    add_report(subparsers)
    add_evaluate(subparsers)
    add_data(subparsers)
    add_audit(subparsers)
    add_suggest(subparsers)
    add_losses(subparsers)
    for entry_point in sorted(entry_points(group="seg.commands"), key=lambda found: found.name):
        entry_point.load()(subparsers)
    return parser


def _explain(error: Exception, command: str) -> int:
    """Print the error as one sentence, with its traceback if SEG_TRACEBACK=1, and return the exit code."""
    if os.environ.get("SEG_TRACEBACK") == "1":
        traceback.print_exc()
    further = command in _LIGHTNING and os.environ.get("LOCAL_RANK", "0") != "0"
    process = f" (device {os.environ['LOCAL_RANK']})" if further else ""
    print(f"seg {command}{process}: error: {error or 'there is not enough memory'}", file=sys.stderr)
    if further:
        _wait_for_first_process()
    return WRONG_USAGE if isinstance(error, (ValueError, FileNotFoundError)) else FAILED


def _wait_for_first_process() -> None:
    """Let the first process of a training on several devices fail by itself: Lightning kills it once another ends."""
    parent, deadline = os.getppid(), time.monotonic() + _PATIENCE_S
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
