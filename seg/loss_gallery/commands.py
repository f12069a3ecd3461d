"""`seg losses`: light to import, so that `seg --help` stays quick."""

import argparse
from pathlib import Path


def add_losses(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg losses`, `seg losses check` and `seg losses plot`."""
    parser = subparsers.add_parser(
        "losses",
        help="list, check and plot losses",
        description="Without an action: list the losses with formula, range, cost on this machine and source.",
    )
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(metavar="ACTION", title="actions")
    _add_check(actions)
    _add_plot(actions)


def _add_check(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser(
        "check",
        help="check a loss against the full contract",
        description="Check a loss against the full contract. Its parameters follow as --loss.init_args.NAME VALUE.",
    )
    parser.add_argument(
        "loss", metavar="LOSS", help="a class path (my_package.MyLoss), a class of losses, or a configuration file"
    )
    parser.add_argument("--channels", type=int, default=1, help="channels of the mask (default: 1)")
    parser.set_defaults(run=_check, more=[])


def _add_plot(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = actions.add_parser(
        "plot",
        help="plot how losses rate wrong predictions",
        description="Plot for each loss: the cost of one pixel, the values of wrong predictions as the boundary "
        "becomes rarer, and the direction of the gradient. Write a table of the wrong predictions that losses prefer.",
    )
    parser.add_argument("names", nargs="*", metavar="LOSS", help="as for check (default: all)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of pictures and tables")
    parser.add_argument("--mask", type=Path, help="PNG or TIFF mask of two values (default: synthetic cells)")
    parser.add_argument(
        "--boundary-value", type=int, default=255, help="value of the boundary in the mask (default: 255)"
    )
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
