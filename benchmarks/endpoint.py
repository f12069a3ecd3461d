"""`python -m benchmarks.endpoint`: requests per second of the service and its peers, as shares of the bare engine.

The image goes as raw bytes (to LitServe in a form, it takes no other), the mask comes back as PNG. Every service has
one thread for its model, the clients have the other cores. The bare engine is the model of the service (septum:latest)
without HTTP, decoding and encoding; `eager` is PyTorch as it is, `ours` our engine. The bare engine and a service are
measured in turn, in short slices, and the median of the ratios is told. Where other programs take the cores, which a
service with its clients feels more than the bare engine, the ratio of the processor time per answer still holds: it is
the share that a service can have of a core. Targets: at least 0.95 of the bare engine at 1, 8 and 32 clients, p99/p50
at most 1.2 at 8.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before anything loads PyTorch; the services inherit it

import bentoml
import numpy as np
import psutil

from benchmarks.peers import INSTALL
from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image
from seg.inference.predictor import Predictor
from tests.soak.server import Server

CLIENTS, ROUNDS = (1, 8, 32), 5
_FORM = "multipart/form-data; boundary=septum"
_FORM_HEAD = b'--septum\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
_FORM_END = b"\r\n--septum--\r\n"
PEERS = ("litserve ours", "fastapi ours", "litserve eager", "fastapi eager")


def main() -> None:
    """Print one line per service and number of clients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="per slice (default: %(default)s)")
    parser.add_argument("--size", type=int, default=256, help="side of the image in pixels (default: %(default)s)")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="default: all")
    args = parser.parse_args()
    missing = [name for name in sorted({peer.split()[0] for peer in args.peers}) if find_spec(name) is None]
    if missing:
        raise SystemExit(f"the benchmark needs {' and '.join(missing)}: {INSTALL} (or give --peers without them)")
    image = SyntheticCells(count=1, size_px=args.size, seed=3)[0].image
    artifact = Path(bentoml.models.get("septum:latest").path)
    predictor, body = Predictor.load(artifact), encode_image(image)
    form = _FORM_HEAD + body + _FORM_END
    peer = [sys.executable, "-m", "benchmarks.peer_server"]
    commands = {name: [*peer, *name.split(), str(artifact)] for name in args.peers}
    for name, command in {"septum": None, **commands}.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            Server(Path(folder) / "log", command, SEPTUM_QUEUE="64") as server,
        ):
            for clients in CLIENTS:
                sent = (form, _FORM) if name.startswith("litserve") else (body, "image/png")
                pairs = [
                    (bare(predictor, image, args.seconds), served(server, *sent, clients, args.seconds))
                    for _ in range(ROUNDS)
                ]
                print(f"{name:14} {clients:3} clients: {summary(pairs)}", flush=True)
            workers = psutil.Process(server.process.pid).children(recursive=True)
        for worker in workers:  # LitServe leaves its own behind
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()


@dataclass(frozen=True)
class Slice:
    """What was done in a few seconds.

    Attributes:
        rate: answers per second.
        processor_s: time of the processor per answer, of all threads and processes that answer.
        seconds: of each answer.
    """

    rate: float
    processor_s: float
    seconds: np.ndarray


def summary(pairs: list[tuple[Slice, Slice]]) -> str:
    """Tell what was measured, from slices of the bare engine and of a service in turn."""
    rate = np.median([service.rate for _, service in pairs])
    share = np.median([service.rate / engine.rate for engine, service in pairs])
    processor = np.median([engine.processor_s / service.processor_s for engine, service in pairs])
    middle, late = np.percentile(np.concatenate([service.seconds for _, service in pairs]), [50, 99])
    return (
        f"{rate:5.1f} requests/s, {share:.2f} of the bare engine (of its processor time {processor:.2f}), "
        f"p50 {1e3 * middle:.0f} ms, p99/p50 {late / middle:.2f}"
    )


def bare(predictor: Predictor, image: np.ndarray, duration_s: float) -> Slice:
    """Predict again and again."""
    predictor.probability(image)
    seconds: list[float] = []
    started, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - started < duration_s:
        before = time.perf_counter()
        predictor.probability(image)
        seconds.append(time.perf_counter() - before)
    taken, used = time.perf_counter() - started, time.process_time() - used
    return Slice(len(seconds) / taken, used / len(seconds), np.array(seconds))


def served(server: Server, body: bytes, kind: str, clients: int, duration_s: float) -> Slice:
    """Let clients ask again and again, once every one of them has had an answer."""
    seconds: list[float] = []
    warm = threading.Barrier(clients + 1)
    end = float("inf")

    def keep_asking() -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        _ask(connection, body, kind)
        warm.wait()
        while time.perf_counter() < end:
            seconds.append(_ask(connection, body, kind))
        connection.close()

    threads = [threading.Thread(target=keep_asking) for _ in range(clients)]
    for thread in threads:
        thread.start()
    warm.wait()
    started, used = time.perf_counter(), _processor_s(server)
    end = started + duration_s
    for thread in threads:
        thread.join()
    taken, used = time.perf_counter() - started, _processor_s(server) - used
    return Slice(len(seconds) / taken, used / len(seconds), np.array(seconds))


def _processor_s(server: Server) -> float:
    root = psutil.Process(server.process.pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def _ask(connection: HTTPConnection, body: bytes, kind: str) -> float:
    """Return the seconds that an answer takes."""
    started = time.perf_counter()
    connection.request("POST", "/predict", body, {"Content-Type": kind})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"status {answer.status}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
