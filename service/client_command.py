"""`seg client`: send a folder's images to a service and keep the answers."""

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from service.formats import DEFAULT, FORMATS


def add_client(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg client`."""
    parser = subparsers.add_parser("client", help="send images to a service, keep its answers")
    parser.add_argument("url", metavar="URL", help="of the service, e.g. http://127.0.0.1:3000")
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="PNG, JPEG, TIFF, or a folder of them")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the answers")
    parser.add_argument("--format", choices=FORMATS, default=DEFAULT.name, help="of the answers (default: %(default)s)")
    parser.add_argument("--model", metavar="TAG", help="that answers, as /models lists it (default: the served one)")
    parser.add_argument("--threshold", type=float, help="from 0 to 1 (default: the model's)")
    parser.add_argument("--page", type=int, help="of files with several pages, from 0")
    about = "average over the turned and mirrored image, or not (default: as the model's scores were made)"
    parser.add_argument("--tta", action=argparse.BooleanOptionalAction, help=about)
    parser.add_argument("--pixel-size-um", type=float, help="side of a pixel (default: as the file says)")
    parser.add_argument("--concurrency", type=int, default=4, help="images sent at a time (default: %(default)s)")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    targets = _targets(
        [image for path in args.images for image in _images(path)], args.out, FORMATS[args.format].suffix
    )
    if args.concurrency < 1:
        raise ValueError(f"--concurrency must be >= 1, got {args.concurrency}")
    options = {name: getattr(args, name) for name in ("format", "model", "threshold", "page", "pixel_size_um")}
    query: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if args.tta is not None:
        query["tta"] = str(args.tta).lower()
    failed = _send_all(args.url, targets, query, args.concurrency)
    for path, error in failed.items():
        print(f"{path}: {error}", file=sys.stderr)
    print(f"{len(targets) - len(failed)} of {len(targets)} answers in {args.out}")
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(targets)} images got no answer")


def _images(path: Path) -> list[Path]:
    """Return the images in a folder, without its subfolders; a file stands for itself."""
    if not path.is_dir():
        return [path]
    from seg.data.pairing import SUFFIXES  # noqa: PLC0415  # loads decoders

    found = sorted(each for each in path.iterdir() if each.suffix.lower() in SUFFIXES and not each.name.startswith("."))
    if not found:
        raise ValueError(f"no image in {path}: it needs files that end with {', '.join(SUFFIXES)}")
    return found


def _targets(images: list[Path], out: Path, suffix: str) -> dict[Path, Path]:
    targets = {image: out / f"{image.stem}{suffix}" for image in dict.fromkeys(images)}
    counts = Counter(targets.values())
    twice = [image for image, target in targets.items() if counts[target] > 1]
    if twice:
        names = ", ".join(map(str, twice))
        raise ValueError(f"{names} would get the same name in {out}: send them into different folders")
    return targets


def _send_all(url: str, targets: dict[Path, Path], query: dict[str, Any], concurrency: int) -> dict[Path, Exception]:
    # with the extra `client` alone: a command line without it still works
    from rich.progress import track  # noqa: PLC0415

    from seg.data.writing import write_file  # noqa: PLC0415  # loads decoders
    from service.client import Client, ServiceError  # noqa: PLC0415

    def send(image: Path, target: Path) -> None:
        write_file(target, client.predict(image.read_bytes(), **query))

    failed: dict[Path, Exception] = {}
    with Client(url, os.environ.get("SEPTUM_TOKEN", "")) as client, ThreadPoolExecutor(concurrency) as pool:
        futures = {pool.submit(send, image, target): image for image, target in targets.items()}
        for future in track(as_completed(futures), "images", total=len(futures), disable=not sys.stdout.isatty()):
            try:
                future.result()
            except (ServiceError, OSError) as error:
                failed[futures[future]] = error
    return failed
