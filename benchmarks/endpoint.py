"""`python -m benchmarks.endpoint`: requests per second of the service and its peers, as shares of the bare engine.

The image goes as raw bytes (to LitServe in a form, it takes no other), the mask comes back as PNG. Every service has
one thread for its model, the clients have the other cores. The bare engine is the model of the service (septum:latest)
without HTTP, decoding and encoding, measured anew beside each figure: a shared machine is not the same for long.
`eager` is PyTorch as it is, `ours` our engine. Targets: at least 0.90 of the bare engine at 1, 8 and 32 clients,
p99/p50 at most 1.3 at 8.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before anything loads PyTorch; the services inherit it

import bentoml
import numpy as np

from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image
from seg.inference.predictor import Predictor
from tests.soak.server import Server

SIZE_PX, CLIENTS = 256, (1, 8, 32)
_FORM = "multipart/form-data; boundary=septum"
_FORM_HEAD = b'--septum\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
_FORM_END = b"\r\n--septum--\r\n"
PEERS = ("litserve ours", "fastapi ours", "litserve eager", "fastapi eager")


def main() -> None:
    """Print one line per service and number of clients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="per figure (default: %(default)s)")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="default: all")
    args = parser.parse_args()
    image = SyntheticCells(count=1, size_px=SIZE_PX, seed=3)[0].image
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
                engine = bare(predictor, image, args.seconds)
                sent = (form, _FORM) if name.startswith("litserve") else (body, "image/png")
                rate, seconds = served(server.port, *sent, clients, args.seconds)
                middle, late = np.percentile(seconds, [50, 99])
                print(
                    f"{name:14} {clients:3} clients: {rate:6.1f} requests/s, {rate / engine:.2f} of the bare "
                    f"{engine:.1f}/s, p50 {1e3 * middle:.0f} ms, p99/p50 {late / middle:.2f}",
                    flush=True,
                )


def bare(predictor: Predictor, image: np.ndarray, duration_s: float) -> float:
    """Return predictions per second."""
    predictor.probability(image)
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < duration_s:
        predictor.probability(image)
        count += 1
    return count / (time.perf_counter() - started)


def served(port: int, body: bytes, kind: str, clients: int, duration_s: float) -> tuple[float, np.ndarray]:
    """Return answers per second, and the seconds of each, once every client has had one."""
    seconds: list[float] = []
    warm = threading.Barrier(clients + 1)
    end = float("inf")

    def keep_asking() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        _ask(connection, body, kind)
        warm.wait()
        while time.perf_counter() < end:
            seconds.append(_ask(connection, body, kind))
        connection.close()

    threads = [threading.Thread(target=keep_asking) for _ in range(clients)]
    for thread in threads:
        thread.start()
    warm.wait()
    started = time.perf_counter()
    end = started + duration_s
    for thread in threads:
        thread.join()
    return len(seconds) / (time.perf_counter() - started), np.array(seconds)


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
