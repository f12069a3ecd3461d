"""Parsers of the commands about trained runs, `seg audit` and `suggest`; quick to import."""

import argparse
from pathlib import Path


def add_audit(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg audit`."""
    parser = subparsers.add_parser(
        "audit",
        help="find out whether a trained network looks at what it should",
        description="Cover corners, borders and marks in the test images, exchange surroundings, alter brightness, "
        "contrast, noise and more, and see whether the answers change where they should not. Writes a page; the exit "
        "code is 1 if a shortcut was found.",
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="folder of a run; of a comparison: its best run")
    parser.add_argument("--out", type=Path, help="folder of the page (default: audit in the run's folder)")
    parser.add_argument("--images", type=int, default=24, help="largest number of test images (default: 24)")
    parser.set_defaults(run=_audit)


def _audit(args: argparse.Namespace) -> None:
    from seg.audit.examination import ShortcutFoundError, audit_run  # noqa: PLC0415  # Lightning takes seconds to import
    from seg.report.audit_page import write_audit_page  # noqa: PLC0415

    run, record, audit = audit_run(args.folder, args.images)
    print(f"page: {write_audit_page(audit, run, record, args.out or run / 'audit')}")
    print("\n".join(audit.verdict))
    if audit.causes:
        raise ShortcutFoundError(f"{run} takes a shortcut: {', '.join(audit.causes)}")


def add_suggest(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg suggest`."""
    parser = subparsers.add_parser(
        "suggest",
        help="rank unlabelled images by how much annotating them would teach",
        description="Rank unlabelled images by how much the finished runs of comparisons disagree on them, taking none "
        "that is like one before it. Writes a list, an overlay of each image and a page.",
    )
    parser.add_argument("runs", type=Path, metavar="RUNS", nargs="+", help="folders of `seg compare` or `seg fit`")
    parser.add_argument("images", type=Path, metavar="FOLDER", help="of unlabelled images")
    parser.add_argument("--count", type=int, default=20, help="images to suggest (default: 20)")
    parser.add_argument("--out", type=Path, default=Path("suggestions"), help="folder (default: suggestions)")
    parser.set_defaults(run=_suggest)


def _suggest(args: argparse.Namespace) -> None:
    from seg.report.suggest_page import write_suggestions  # noqa: PLC0415
    from seg.suggest.ensemble import suggest  # noqa: PLC0415  # Lightning takes seconds to import

    suggestions = suggest(args.runs, args.images, args.count)
    page = write_suggestions(suggestions, args.out)
    for rank, each in enumerate(suggestions, 1):
        print(f"{rank:3} {each.sample.name:32} {each.disagreement:.4f} bits per pixel")
    print(f"page: {page}")
