"""`seg losses`: light to import, so that `seg --help` stays quick."""

import argparse
from pathlib import Path


def add_losses(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg losses`, `seg losses check` and `seg losses plot`."""
    parser = subparsers.add_parser(
        "losses",
        help="list the losses, check one, draw what they want",
        description="Without a further word: list the losses with formula, range, cost on this machine and source.",
    )
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(metavar="ACTION", title="actions")
    _add_check(actions)
    _add_plot(actions)


def _add_check(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser(
        "check",
        help="try the whole contract on a loss",
        description="Try the whole contract on a loss. Its parameters follow as options, --loss.init_args.NAME VALUE.",
    )
    parser.add_argument(
        "loss", metavar="LOSS", help="a class path (my_package.MyLoss), a class of losses, or a configuration file"
    )
    parser.add_argument("--channels", type=int, default=1, help="of the mask (default: 1)")
    parser.set_defaults(run=_check, more=[])


def _add_plot(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser(
        "plot",
        help="draw what losses say of wrong answers",
        description="Draw for each loss: the value of one pixel, the values of wrong answers as the boundary becomes "
        "rare, and where the gradient pushes. Write a table of the wrong answers that losses prefer.",
    )
    parser.add_argument("names", nargs="*", metavar="LOSS", help="as for check (default: all)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of pictures and tables")
    parser.add_argument("--mask", type=Path, help="PNG or TIFF mask of two values (default: synthetic cells)")
    parser.add_argument("--boundary-value", type=int, default=255, help="of the boundary in the mask (default: 255)")
    parser.set_defaults(run=_plot)


def _list(_args: argparse.Namespace) -> None:
    from seg.loss_gallery.catalogue import print_catalogue  # noqa: PLC0415  # torch takes seconds to load

    print_catalogue()


def _check(args: argparse.Namespace) -> None:
    from seg.loss_gallery.catalogue import print_examination  # noqa: PLC0415

    print_examination(args.loss, args.more, args.channels)


def _plot(args: argparse.Namespace) -> None:
    from seg.loss_gallery.plots import draw_gallery  # noqa: PLC0415

    print(f"pictures and table: {draw_gallery(args)}")
