"""What must hold for a service under load, attack and accident; each check returns its figures or raises."""

import asyncio
import random
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np

from seg.data.synthetic import SyntheticCells
from service.formats import FORMATS
from tests.service.hostile import FILES
from tests.service.test_hostile import mutated
from tests.service.world import png_of
from tests.soak.server import Server

SLOWEST_S, GROWTH_BYTES = 2.0, 200

#: Height and width of the images that come in turn.
SIZES = ((64, 64), (96, 200), (256, 256), (150, 70), (33, 300), (128, 192))


class FailedError(Exception):
    """A check does not hold."""


def require(condition: bool, message: str) -> None:
    if not condition:
        raise FailedError(message)


def images(count: int, size_px: int) -> list[bytes]:
    cells = SyntheticCells(count=count, size_px=size_px, cell_diameter_px=20.0, seed=1)
    return [png_of(cells[number].image) for number in range(count)]


def mixed_images() -> list[bytes]:
    """Cropped cells, each of another size."""
    tissue = SyntheticCells(count=1, size_px=320, cell_diameter_px=20.0, seed=1)[0].image
    return [png_of(tissue[:height, :width]) for height, width in SIZES]


def mutations(log: Path, count: int) -> str:
    """Mutated images: no 5xx, no crash, none slower than two seconds."""
    random_ = random.Random(1)
    originals = [body for body, (status, _) in FILES.values() if status == 200 and len(body) < 100_000]
    statuses: Counter[int] = Counter()
    slowest = 0.0
    with Server(log) as server, server.client() as client:
        worker = server.worker().pid
        for number in range(count):
            started = time.monotonic()
            query = {"format": random_.choice(list(FORMATS))}
            answer = client.post("/predict", content=mutated(random_.choice(originals), random_), params=query)
            slowest = max(slowest, time.monotonic() - started)
            statuses[answer.status_code] += 1
            require(answer.status_code < 500, f"image {number} got {answer.status_code}: {answer.text[:200]}")
        require(server.worker().pid == worker, "the worker died")
        require(slowest < SLOWEST_S, f"an image took {slowest:.2f} s")
    return f"{count} images, {dict(statuses)}, slowest {slowest:.2f} s"


def crowd(log: Path, clients: int, seconds: float) -> str:
    """Many clients at once: right answers, or 503 with Retry-After; the service stays alive to its probes."""
    bodies = images(5, 64)
    counts: Counter[str] = Counter()
    probes: list[float] = []

    async def keep_asking(client: httpx.AsyncClient, end: float, expected: list[bytes]) -> None:
        while time.monotonic() < end:
            number = random.randrange(len(bodies))
            try:
                answer = await client.post("/predict", content=bodies[number])
            except httpx.TransportError as error:
                counts[f"BROKEN {type(error).__name__}"] += 1
                continue
            if answer.status_code == 200:
                counts["right" if answer.content == expected[number] else "WRONG"] += 1
            elif answer.status_code == 503 and answer.headers.get("retry-after"):
                counts["busy"] += 1
                await asyncio.sleep(1 + random.random())
            else:
                counts[f"BAD {answer.status_code}"] += 1

    async def probe(url: str, end: float) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            while time.monotonic() < end:
                started = time.monotonic()
                require((await client.get("/livez")).status_code == 200, "not alive")
                probes.append(time.monotonic() - started)
                await asyncio.sleep(0.25)

    async def run(url: str, expected: list[bytes]) -> None:
        end = time.monotonic() + seconds
        limits = httpx.Limits(max_connections=clients)
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
            await asyncio.gather(probe(url, end), *(keep_asking(client, end, expected) for _ in range(clients)))

    with Server(log) as server:
        with server.client() as client:
            expected = [client.post("/predict", content=body).content for body in bodies]
        asyncio.run(run(server.url, expected))
    require(set(counts) <= {"right", "busy"} and counts["right"] > 0, f"answers: {dict(counts)}")
    return f"{clients} clients for {seconds:g} s: {dict(counts)}, /livez median {np.median(probes):.3f} s"


def flood(log: Path, gigabytes: int, paths: int) -> str:
    """A body without end and a scan of paths: memory, probes and metrics stay small."""
    probes: list[float] = []
    with Server(log) as server, server.client() as client:
        worker, peak = server.worker(), 0
        client.post("/predict", content=images(1, 64)[0])
        before = worker.memory_info().rss
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as attacker, suppress(OSError):
            attacker.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in range(gigabytes << 10):
                attacker.sendall(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
                if number % 8 == 0:
                    started = time.monotonic()
                    client.get("/livez")
                    probes.append(time.monotonic() - started)
                    peak = max(peak, worker.memory_info().rss - before)
        after_body = worker.memory_info().rss
        for number in range(paths):
            client.get(f"/scan/{number}.php")
        growth, exported = worker.memory_info().rss - after_body, len(client.get("/metrics").content)
    require(peak < 64 << 20, f"{peak >> 20} MiB for one body")
    require(growth < 20 << 20, f"{growth >> 20} MiB for {paths} unknown paths, {peak >> 20} for a body")
    require(exported < 64_000, f"/metrics has {exported} bytes")
    alive = f"/livez median {np.median(probes):.3f} s, /metrics {exported} bytes"
    return f"{peak >> 20} MiB for the body, {growth >> 20} MiB for the paths, {alive}"


def memory(log: Path, count: int, command: list[str] | None = None) -> str:
    """Mixed requests: the memory of the worker stays as it is."""
    with Server(log, command) as server, server.client() as client:
        worker = server.worker()
        _send_mixed(client, max(count // 10, 500))
        before = worker.memory_info().rss
        _send_mixed(client, count)
        growth = worker.memory_info().rss - before
    require(growth / count < GROWTH_BYTES, f"{growth / count:.0f} bytes per request")
    return f"{count} requests, {growth / count:.0f} bytes each, {before >> 20} MiB before"


def control(log: Path, count: int) -> str:
    """A service that leaks on purpose must be caught by the same measurement."""
    try:
        memory(log, count, [sys.executable, "-m", "tests.soak.leaking"])
    except FailedError as caught:
        return f"caught: {caught}"
    raise FailedError("a leak of 4 kB per request was not seen")


def _send_mixed(client: httpx.Client, count: int) -> None:
    random_ = random.Random(2)
    good = mixed_images()
    bad = [body for body, (status, _) in FILES.values() if status != 200 and len(body) < 100_000]
    for number in range(count):
        match random_.randrange(10):
            case 0 | 1 | 2 | 3:
                query = {"format": random_.choice(list(FORMATS)), "threshold": random_.random()}
                answer = client.post("/predict", content=random_.choice(good), params=query)
                require(answer.status_code == 200, f"{answer.status_code}: {answer.text[:200]}")
            case 4 | 5:
                client.post("/predict", content=random_.choice(bad))
            case 6:
                client.post("/predict", files={"image": ("a.png", random_.choice(good)), "more": ("b", b"b")})
            case 7:
                client.get(f"/scan/{number}")
            case 8:
                client.get(random_.choice(("/metrics", "/model", "/openapi.json")))
            case _:
                client.get("/livez")
