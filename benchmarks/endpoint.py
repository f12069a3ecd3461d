"""`python -m benchmarks.endpoint`: the service's requests per second, as a share of what its model does without HTTP.

One thread for the model, the clients on the other cores. The image goes as raw bytes, the mask comes back as PNG.
"""

import os
import tempfile
import threading
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before anything loads PyTorch; the service inherits it

import bentoml
import httpx
import numpy as np

from seg.data.reading import read_image
from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image
from seg.inference.predictor import Predictor
from tests.soak.server import Server

SECONDS, SIZE_PX = 15.0, 256


def bare(predictor: Predictor, image: np.ndarray) -> float:
    """Return predictions per second."""
    predictor.probability(image)
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        predictor.probability(image)
        count += 1
    return count / (time.perf_counter() - started)


def served(url: str, body: bytes, clients: int) -> tuple[float, np.ndarray]:
    """Return answers per second, and the seconds of each."""
    seconds: list[float] = []
    end = time.perf_counter() + SECONDS

    def keep_asking() -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            while time.perf_counter() < end:
                started = time.perf_counter()
                answer = client.post("/predict", content=body)
                if answer.status_code == 200:
                    seconds.append(time.perf_counter() - started)

    threads = [threading.Thread(target=keep_asking) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(seconds) / (time.perf_counter() - started), np.array(seconds)


def main() -> None:
    """Print one line per number of clients."""
    image = SyntheticCells(count=1, size_px=SIZE_PX, seed=3)[0].image
    body = encode_image(image)
    predictor = Predictor.load(Path(bentoml.models.get("septum:latest").path))
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "log", SEPTUM_QUEUE="64") as server:
        assert read_image(body).shape == image.shape
        for clients in (1, 8, 32):
            engine = bare(predictor, image)  # anew each time: a shared machine is not the same for long
            rate, seconds = served(server.url, body, clients)
            middle, late = np.percentile(seconds, [50, 99])
            print(
                f"{clients:3} clients: {rate:6.1f} requests/s, {rate / engine:.2f} of the bare {engine:.1f}/s, "
                f"p50 {1e3 * middle:.0f} ms, p99/p50 {late / middle:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
