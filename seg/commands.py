"""Parsers of `seg compare`, `report`, `evaluate` and `data`; quick to import, so that `seg --help` is quick."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seg.record import FILE_NAME
from seg.runs import find_runs, rank_losses

if TYPE_CHECKING:
    from seg.compare.run_state import Outcome
    from seg.data.doctor.result import Result
    from seg.data.module import BoundaryDataModule


class ComparisonFailedError(RuntimeError):
    """At least one run of a comparison failed."""


def add_compare(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg compare`."""
    parser = subparsers.add_parser(
        "compare",
        help="train every loss with every seed and write the report",
        description="Train every loss of the comparison with every seed, then write the report. The same command again "
        "trains only what is missing and resumes what was interrupted. Further options are those of `seg fit`, for "
        "every run, e.g. --data.source.init_args.root DIR.",
    )
    parser.add_argument("config", type=Path, help="the comparison, e.g. configs/compare/card.yaml")
    parser.add_argument("--out", type=Path, help="folder for runs and report (default: runs/<name of the config>)")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="train a few steps of each arm, print the plan and how long it would take",
    )
    parser.add_argument("--scheduler", help="train on this Dask cluster, e.g. tcp://host:8786")
    parser.set_defaults(run=_compare, more=[])


def add_report(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg report`."""
    parser = subparsers.add_parser(
        "report",
        help="write the report of the runs in a folder",
        description="Write the report of the runs in a folder; of several folders: a report that compares them.",
    )
    parser.add_argument("folders", type=Path, metavar="DIR", nargs="+", help="folder of `seg compare` or `seg fit`")
    parser.add_argument(
        "--out", type=Path, help="folder for the report on several folders (default: DIR-DIR beside the first)"
    )
    parser.add_argument(
        "--rope",
        type=float,
        default=0.0,
        help="losses that surely differ by less than this in the metric that ranks are practically equal (default: 0)",
    )
    parser.set_defaults(run=_report)


def add_evaluate(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg evaluate`."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score masks, probabilities or labels of any tool",
        description="Score every image of a folder against the truth of the same name, with every metric. In a folder "
        "written by `seg predict`, NAME_mask.png, NAME_probability.png or NAME_labels.tif is scored against NAME.",
    )
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="folder of PNG or TIFF files")
    parser.add_argument("truth", type=Path, metavar="TRUTH", help="folder of masks or instance labels")
    parser.add_argument(
        "--predicted",
        choices=("mask", "probability", "labels"),
        default="mask",
        help="content of PREDICTIONS (default: mask)",
    )
    parser.add_argument("--true", choices=("mask", "labels"), default="mask", help="content of TRUTH (default: mask)")
    parser.add_argument(
        "--boundary-value", type=int, default=255, help="pixel value of the boundary in masks (default: 255)"
    )
    parser.add_argument("--void", type=int, help="value of pixels of TRUTH that nobody annotated: no score sees them")
    parser.add_argument(
        "--thickness", type=int, default=1, help="thickness of boundaries derived from labels, px (default: 1)"
    )
    parser.add_argument(
        "--threshold", type=float, default=0.5, help="probability from which a pixel is boundary (default: 0.5)"
    )
    parser.add_argument(
        "--tolerance", type=float, default=2.0, help="tolerance of boundary F1 and surface Dice, px (default: 2)"
    )
    parser.add_argument("--out", type=Path, help="write the scores of every image to this JSON file")
    parser.set_defaults(run=_evaluate)


def add_data(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg data doctor` and `seg data fetch`."""
    parser = subparsers.add_parser("data", help="examine the images before training")
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True)
    doctor = actions.add_parser(
        "doctor",
        help="list everything that is wrong or doubtful with the data",
        description="Read all images with their masks or labels and list what a training would refuse (errors, exit "
        "code 1) and what is doubtful (warnings). Further options are those of `seg fit`, e.g. "
        "--data.source.init_args.root DIR.",
    )
    doctor.add_argument("config", type=Path, help="of the data or of a comparison, e.g. configs/data/folder.yaml")
    doctor.add_argument("--out", type=Path, help="also write a page with pictures of the data to this HTML file")
    doctor.set_defaults(run=_doctor, more=[])
    fetch = actions.add_parser("fetch", help="fetch a public data set")
    fetch.add_argument("name", choices=["isbi2012"], help="isbi2012: 30 sections of neural tissue with membranes")
    fetch.add_argument("--to", type=Path, help="folder of the files (default: data/NAME)")
    fetch.add_argument("--mirror", metavar="URL", help="fetch from here instead, from the same paths")
    fetch.set_defaults(run=_fetch)


def _doctor(args: argparse.Namespace) -> None:
    from seg.data.doctor.result import print_findings  # noqa: PLC0415
    from seg.data.doctor.unchanged import recall_unchanged  # noqa: PLC0415

    known = None if args.out else recall_unchanged(args.config, args.more)
    print_findings(known or _examine(args), args.config)


def _examine(args: argparse.Namespace) -> "Result":
    from seg.data.doctor.command import examine_once, load_data  # noqa: PLC0415  # imports for seconds

    return _show(load_data(args.config, args.more)[0], args) if args.out else examine_once(args.config, args.more)


def _show(data: "BoundaryDataModule", args: argparse.Namespace) -> "Result":
    """Examine the data and write the page."""
    from seg.data.doctor.examination import examine  # noqa: PLC0415
    from seg.data.doctor.result import Result  # noqa: PLC0415
    from seg.report.data_page import write_data_page  # noqa: PLC0415

    examination = examine(data)
    write_data_page(examination, data.crop_px, args.config.stem, args.out)
    print(f"page: {args.out}")
    return Result.of(examination)


def _fetch(args: argparse.Namespace) -> None:
    from seg.data.public.catalogue import DATA_SETS  # noqa: PLC0415
    from seg.data.public.fetch import fetch  # noqa: PLC0415  # its libraries take a second to import

    data_set, folder = DATA_SETS[args.name], args.to or Path("data") / args.name
    print(f"{data_set.about}\nlicense: {data_set.license}", flush=True)
    fetch(data_set, folder, args.mirror)
    print(f"{len(data_set.hashes)} files in {folder}; --data {data_set.config} --data.source.init_args.root {folder}")


def _evaluate(args: argparse.Namespace) -> None:
    from seg.evaluate import evaluate  # noqa: PLC0415  # its libraries take seconds to import

    evaluate(args)


def _report(args: argparse.Namespace) -> None:
    from seg.report.across import write_across  # noqa: PLC0415  # plotting libraries take a second to import
    from seg.report.one import write_report  # noqa: PLC0415

    first, *others = args.folders
    if others:
        out = args.out or first.parent / "-".join(folder.resolve().name for folder in args.folders)
        print(f"report: {write_across(args.folders, out)}")
    elif args.out:
        raise ValueError(
            "--out is for a report on several folders: the report on one folder is written into that folder"
        )
    else:
        print(f"report: {write_report(first, args.rope)}")


def _compare(args: argparse.Namespace) -> None:
    from seg.compare.plan import Plan  # noqa: PLC0415
    from seg.compare.run import preview, run_comparison  # noqa: PLC0415

    plan = Plan.load(args.config)
    folder = args.out or Path("runs") / args.config.stem
    if args.dry_run:
        preview(plan, folder, args.more, args.scheduler)
        return
    runs, failed = run_comparison(plan, folder, args.more, args.scheduler)
    if any((run.folder / FILE_NAME).is_file() for run in runs):
        _report(argparse.Namespace(folders=[folder], out=None, rope=0.0))
        for name, score in rank_losses(list(find_runs(folder).values())):
            print(f"  {name:24} {score:.4f} on validation")
    if failed:
        raise ComparisonFailedError(f"{len(failed)} of {len(runs)} runs failed: " + "; ".join(map(_describe, failed)))


def _describe(outcome: "Outcome") -> str:
    run = outcome.run
    return f"{run.label} ({outcome.error}; see {run.folder}/log.txt)"
