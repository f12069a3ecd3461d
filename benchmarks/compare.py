"""Overhead of `seg compare`, against the same trainings in a plain PyTorch loop.

`python -m benchmarks.compare` trains synthetic tissue, read from files, with each loss and seed: both sides train
as many runs at the same time, each in a process of its own with one thread. Measured are wall and CPU seconds of whole
comparisons from the start of the interpreter to the last record, without the report; the sides take turns at going
first. It fails unless both end with the same weights and the same test scores.
"""

import argparse
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image, encode_mask, write_file
from seg.runs import find_runs

ROOT = Path(__file__).parents[1]
LOSSES = {name: ROOT / "configs" / "loss" / f"{name}.yaml" for name in ("l2", "jaccard")}
_BECOME_SUBREAPER = 36  # prctl(2): adopts processes that lose their parent, so that their CPU seconds count


class Cost(NamedTuple):
    """Duration of a comparison: wall time, and CPU time of all its processes, in seconds."""

    wall: float
    cpu: float


def bare(folder: str) -> None:
    """Train every run in a plain loop."""
    from benchmarks.bare_loop import train_all  # noqa: PLC0415  # not to be imported by the other side

    plan, base, data = (_read(Path(folder).parent / f"{name}.yaml") for name in ("compare", "base", "data"))
    train_all(base, data, LOSSES, plan["seeds"], plan["processes"], Path(folder))


def machinery(folder: str) -> None:
    """Train every run as `seg compare` does."""
    from seg.compare.plan import Plan  # noqa: PLC0415
    from seg.compare.run import run_comparison  # noqa: PLC0415

    _, failed = run_comparison(Plan.load(Path(folder).parent / "compare.yaml"), Path(folder), [], None)
    if failed:
        raise RuntimeError(failed[0].error)


def write_configs(folder: Path, args: argparse.Namespace) -> None:
    """Write images, base.yaml, data.yaml and compare.yaml for both sides."""
    base, data = _read(ROOT / "configs" / "base.yaml"), _read(ROOT / "configs" / "data" / "synthetic.yaml")
    base["trainer"]["max_epochs"] = args.epochs
    data["steps_per_epoch"], data["crop_px"] = args.steps, args.crop
    data["source"] = write_images(folder / "tissue", data["source"]["init_args"])
    losses = [str(file) for file in LOSSES.values()]
    plan = {"configs": ["base.yaml"], "data": "data.yaml", "losses": losses, "seeds": list(range(args.seeds))}
    plan["processes"] = args.processes
    for name, content in (("base", base), ("data", data), ("compare", plan)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def write_images(root: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Draw tissue, write it as PNG, and return the configuration that reads it."""
    for sample in SyntheticCells(**options):
        write_file(root / "images" / f"{sample.name}.png", encode_image(sample.image))
        write_file(root / "masks" / f"{sample.name}.png", encode_mask(sample.mask, 255))
    where = {"root": str(root), "masks": "masks", "boundary_value": 255}
    return {"class_path": "seg.data.folder.ImageFolder", "init_args": where}


def run(side: str, folder: Path) -> Cost:
    """Run one side in a new interpreter, and wait for all of its processes."""
    folder.mkdir()
    started, before = time.perf_counter(), _cpu_seconds()
    code = f"from benchmarks import compare; compare.{side}({str(folder)!r})"
    environment = os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, stderr=subprocess.PIPE, check=False)
    wall = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{side}: {done.stderr.decode(errors='replace')}")
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return Cost(wall, _cpu_seconds() - before)


def check(bare_folder: Path, machinery_folder: Path) -> None:
    """Compare the results of both sides; AssertionError names the run that differs."""
    import torch  # noqa: PLC0415  # not to be imported by the sides

    runs = find_runs(machinery_folder)
    assert len(runs) == len(list(bare_folder.glob("*.pt"))), "one side trained more runs"
    for path, record in runs.items():
        ours = torch.load(path / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        theirs = torch.load(bare_folder / f"{record.name}-{record.seed}.pt", weights_only=True)
        same = all(torch.equal(value, ours[f"network.{name}"]) for name, value in theirs["weights"].items())
        assert same, f"{path}: the weights differ"
        scored = record.test.metrics if record.test else {}
        assert all(scored[name] == theirs["test"][name] for name in ("boundary_f1", "iou", "ap")), f"{path}: scores"


def main(arguments: list[str] | None = None) -> None:
    args = _parser().parse_args(arguments)
    if sys.platform != "linux":
        raise SystemExit("benchmarks.compare measures the CPU time of all processes, which it can only do on Linux")
    ctypes.CDLL(None).prctl(_BECOME_SUBREAPER, 1, 0, 0, 0)
    walls, cpus = [], []
    print(f"{'':8} {'bare loop':>20} {'seg compare':>20} {'wall':>7} {'CPU':>7}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_configs(folder, args)
        for number in range(1, args.rounds + 1):
            sides = ("bare", "machinery") if number % 2 else ("machinery", "bare")
            costs = {side: run(side, folder / f"{side}-{number}") for side in sides}
            plain, ours = costs["bare"], costs["machinery"]
            check(folder / f"bare-{number}", folder / f"machinery-{number}")
            walls.append(ours.wall / plain.wall)
            cpus.append(ours.cpu / plain.cpu)
            seconds = " ".join(f"{cost.wall:7.1f} s {cost.cpu:6.1f} CPU" for cost in (plain, ours))
            print(f"round {number:<2} {seconds} {walls[-1]:7.3f} {cpus[-1]:7.3f}", flush=True)
    print(f"{'median':50} {statistics.median(walls):7.3f} {statistics.median(cpus):7.3f}")


def _parser() -> argparse.ArgumentParser:
    from seg.compare.local import suitable_processes  # noqa: PLC0415  # not to be imported by the sides

    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20, help="per epoch")
    parser.add_argument("--crop", type=int, default=128, help="side of the training crops, in pixels")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=suitable_processes(gpus=0), help="runs at a time")
    return parser


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def _cpu_seconds() -> float:
    import resource  # noqa: PLC0415  # not on Windows

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
