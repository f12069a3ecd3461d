"""`python -m benchmarks.fairness`: how long small images take while the service works on the largest ones.

The service has one thread and the model septum:latest, for grey images. A client sends small images one after another,
first alone, then while 1 and 4 jobs of the largest size run. Told are quantiles of its time as multiples of the median
alone, which hold on a busy machine, too. Target: the 99th percentile is at most three times its own time and the time
of one tile.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before anything loads PyTorch; the service inherits it

import httpx
import imagecodecs
import numpy as np

from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image
from tests.soak.server import Server

SMALL_PX, JOBS = 256, (0, 1, 4)


def main() -> None:
    """Print one line per number of large images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200, help="small ones, each time (default: %(default)s)")
    parser.add_argument("--side", type=int, default=8000, help="of the large images, px (default: %(default)s)")
    args = parser.parse_args()
    picture = SyntheticCells(count=1, size_px=SMALL_PX, seed=3)[0].image
    small = encode_image(picture)
    tiles = -(-args.side // SMALL_PX)
    large = imagecodecs.png_encode(np.tile(picture, (tiles, tiles))[: args.side, : args.side], level=1)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "log") as server, server.client() as client:
        ask(client, small, 10)
        own = 0.0
        for count in JOBS:
            jobs = [started(client, large) for _ in range(count)]
            middle, late = np.percentile(ask(client, small, args.requests), [50, 99])
            own = own or middle
            unfinished = sum(client.get(job).status_code == 202 for job in jobs)
            for job in jobs:
                client.delete(job)
            print(
                f"{count} of {args.side} x {args.side} ({unfinished} unfinished at the end): "
                f"p50 {middle / own:.2f}, p99 {late / own:.2f} times the own time of {1e3 * own:.0f} ms",
                flush=True,
            )


def ask(client: httpx.Client, body: bytes, times: int) -> list[float]:
    """Return the seconds of each answer."""
    seconds = []
    for _ in range(times):
        before = time.perf_counter()
        client.post("/predict", content=body).raise_for_status()
        seconds.append(time.perf_counter() - before)
    return seconds


def started(client: httpx.Client, body: bytes) -> str:
    """Return the path of a job that has been started."""
    answer = client.post("/jobs", content=body).raise_for_status()
    return str(answer.json()["url"])


if __name__ == "__main__":
    main()
