"""The one command: `seg`, also `python -m seg`."""

import argparse
import os
import pickle
import sys
import traceback
import warnings
from importlib.metadata import entry_points
from pathlib import Path

from seg.commands import add_compare, add_evaluate, add_report
from seg.loss_gallery.commands import add_losses

FAILED, WRONG_USAGE = 1, 2

_LIGHTNING = {
    "fit": "train one model with one loss",
    "validate": "score a checkpoint on the validation images",
    "test": "score a checkpoint on the test images",
    "predict": "write masks and probabilities of images",
}

_DESCRIPTION = """\
Train a U-Net on cell-boundary masks once per loss, compare the losses fairly, serve the best model.

  seg compare configs/compare/demo.yaml      train all losses, write runs/demo/report.html
  seg promote runs/demo                      keep the best model
  seg serve                                  answer images with masks over HTTP
"""


def main(args: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage.

    Args:
        args: without the program's name; those of the process if None.
    """
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")
    warnings.filterwarnings(
        "ignore", module="jsonargparse|pytorch_lightning|lightning_fabric"
    )  # not the user's to mend
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # no checkpoint, from wherever, may execute code
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # a user's own losses; `python -m seg` finds them, the script `seg` would not
    args = sys.argv[1:] if args is None else args
    run = _train if args and args[0] in _LIGHTNING else _run_command
    try:
        run(args)
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        return _explain(error, args[0])
    except pickle.UnpicklingError:
        return _explain(ValueError("the checkpoint holds more than weights, or is damaged: it is not loaded"), args[0])
    except KeyboardInterrupt:
        print("seg: stopped", file=sys.stderr)
        return FAILED
    return 0


def _train(args: list[str]) -> None:
    from seg.training.cli import TrainingCLI  # noqa: PLC0415  # Lightning takes seconds to load

    sys.argv = sys.argv[:1]  # LightningCLI warns where it gets arguments and the process has some, too
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
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    for name, summary in _LIGHTNING.items():
        subparsers.add_parser(name, help=f"{summary}: seg {name} --help")
    add_compare(subparsers)
    add_report(subparsers)
    add_evaluate(subparsers)
    add_losses(subparsers)
    for entry_point in sorted(entry_points(group="seg.commands"), key=lambda found: found.name):
        entry_point.load()(subparsers)
    return parser


def _explain(error: Exception, command: str) -> int:
    """Print the error as one sentence; SEG_TRACEBACK=1 shows where it came from."""
    if os.environ.get("SEG_TRACEBACK") == "1":
        traceback.print_exc()
    print(f"seg {command}: error: {error}", file=sys.stderr)
    return WRONG_USAGE if isinstance(error, (ValueError, FileNotFoundError)) else FAILED


if __name__ == "__main__":
    sys.exit(main())
