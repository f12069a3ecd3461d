"""What must hold when a service is killed, reloaded or ended at work; each check returns its figures or raises."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.soak.checks import images, mixed_images, require
from tests.soak.server import Server

READY_S = 10.0


def kills(log: Path, count: int) -> str:
    """SIGKILL of the worker: ready again soon, and the next answer is right."""
    (body,) = images(1, 64)
    times = []
    with Server(log, BENTOML_CONTAINERIZED="true") as server:
        with server.client() as client:
            expected = client.post("/predict", content=body).content
        for _ in range(count):
            worker = server.worker()
            worker.kill()
            worker.wait(5)
            times.append(server.wait_until_ready(60))
            with server.client() as client:
                require(client.post("/predict", content=body).content == expected, "another answer after a kill")
    require(max(times) < READY_S, f"ready after {', '.join(f'{seconds:.1f}' for seconds in times)} s")
    return f"{count} kills, ready after {min(times):.1f} to {max(times):.1f} s"


def hangups(log: Path, count: int) -> str:
    """SIGHUP under load: the model is loaded again and again, and every answer is right."""
    bodies, ended = mixed_images(), threading.Event()
    with Server(log) as server, server.client() as client, ThreadPoolExecutor(4) as pool:
        worker = server.worker().pid
        expected = [client.post("/predict", content=body).content for body in bodies]

        def keep_asking(number: int) -> int:
            asked = 0
            while not ended.is_set():
                which = (number + asked) % len(bodies)
                answer = client.post("/predict", content=bodies[which])
                require(answer.content == expected[which], f"{answer.status_code} during a reload")
                asked += 1
            return asked

        futures = [pool.submit(keep_asking, number) for number in range(4)]
        for number in range(1, count + 1):
            server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + 120
            while log.read_text().count(" reloaded: ") < number and time.monotonic() < deadline:
                time.sleep(0.1)
        ended.set()
        answers = sum(future.result() for future in futures)
        require(server.worker().pid == worker, "the worker died")
    reloads = log.read_text().count(" reloaded: ")
    require(reloads == count, f"{reloads} reloads after {count} signals")
    return f"{count} reloads, {answers} right answers meanwhile"


def termination(log: Path, requests: int) -> str:
    """SIGTERM with requests and jobs in flight: all of them are answered, and the exit code is 0."""
    (body,) = images(1, 512)
    with Server(log) as server, ThreadPoolExecutor(requests + 1) as pool:
        with server.client() as client:
            expected = client.post("/predict", content=body).content
        ask = httpx.Client(base_url=server.url, timeout=120, headers={"connection": "close"})
        jobs = [ask.post("/jobs", content=body).json()["url"] for _ in range(3)]
        futures = [pool.submit(ask.post, "/predict", content=body) for _ in range(requests)]
        time.sleep(0.3)
        stopping = pool.submit(server.stop)
        answers = [future.result() for future in futures]
        answers += [_fetch(ask, url) for url in jobs]
        code = stopping.result()
        ask.close()
    require(all(answer.content == expected for answer in answers), f"{[answer.status_code for answer in answers]}")
    require(code == 0, f"exit code {code}")
    return f"{requests} requests and {len(jobs)} jobs in flight answered, exit code 0"


def _fetch(client: httpx.Client, url: str) -> httpx.Response:
    while (answer := client.get(url)).status_code == 202:
        time.sleep(0.1)
    return answer
