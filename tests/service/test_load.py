"""What the service does with more, larger and slower images than it can answer at once."""

import asyncio
import threading
import time

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.service.world import app_of, client_of, error_of, png_of, tiff_of

MIDDLE = png_of(np.full((130, 130), 200, np.uint8))  # too large for the lane of small images
GREY = np.random.default_rng(0).integers(0, 256, (37, 23), dtype=np.uint8)


def test_more_than_the_queue_holds_is_refused_at_once_and_the_rest_answered(predictor):
    client = client_of(predictor, workers=1, queue=2)
    predictor.hold.clear()
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.post("/predict", content=png_of(GREY)))) for _ in range(3)
    ]
    with client:
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 5
        while predictor.calls < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        started = time.monotonic()
        refused = client.post("/predict", content=png_of(GREY))
        assert time.monotonic() - started < 1
        assert error_of(refused) == (503, "busy")
        assert refused.headers["retry-after"] == "1"
        predictor.hold.set()
        for thread in threads:
            thread.join()
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert client.post("/predict", content=png_of(GREY)).status_code == 200


def test_work_that_takes_too_long_is_given_up_and_its_place_freed_when_it_ends(predictor):
    client = client_of(predictor, workers=1, queue=1, work_timeout_s=0.2)
    predictor.hold.clear()
    with client:
        assert error_of(client.post("/predict", content=png_of(GREY))) == (504, "timeout")
        assert error_of(client.post("/predict", content=png_of(GREY))) == (504, "timeout")
        predictor.hold.set()
        time.sleep(0.2)
        assert client.post("/predict", content=png_of(GREY)).status_code == 200


def test_a_slow_upload_is_given_up(predictor):
    app = app_of(predictor, upload_timeout_s=0.1)
    sent: list[dict] = []

    async def receive():
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"upload_timeout" in sent[1]["body"]
    assert predictor.calls == 0


async def leave_after_sending(app, body: bytes, waiting: float) -> list[dict]:
    """Send a request and go before its answer; return what would have been sent."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict] = []

    async def receive():
        if messages:
            return messages.pop()
        await asyncio.sleep(waiting)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": []}, receive, send)
    return sent


def test_an_image_whose_sender_has_gone_is_not_worked_on(predictor):
    app = app_of(predictor, workers=1, queue=1, max_buffered_bytes=2 * len(MIDDLE))
    predictor.hold.clear()

    async def world():
        begun = asyncio.create_task(leave_after_sending(app, MIDDLE, waiting=0.3))
        await asyncio.sleep(0.1)
        for _ in range(3):  # each gives back its place and its memory, or the next one would be refused
            sent = await leave_after_sending(app, MIDDLE, waiting=0.05)
            assert sent[0]["status"] == 499
            await asyncio.sleep(0.01)
        predictor.hold.set()
        await begun
        await asyncio.sleep(0.1)

    asyncio.run(world())
    assert predictor.calls == 1


def test_running_work_stops_at_the_next_tile_when_its_sender_has_gone_or_waited_too_long(predictor):
    app = app_of(predictor, workers=1, queue=1, work_timeout_s=0.2)
    predictor.hold.clear()

    async def world():
        assert (await leave_after_sending(app, MIDDLE, waiting=0.05))[0]["status"] == 499
        assert (await leave_after_sending(app, MIDDLE, waiting=5))[0]["status"] == 504
        predictor.hold.set()
        await asyncio.sleep(0.2)

    asyncio.run(world())
    assert predictor.calls == 1  # the second one has not been started
    assert "septum_pixels_total 0.0" in TestClient(app).get("/metrics").text


def test_an_image_too_large_to_wait_for_is_sent_to_the_jobs(predictor):
    client = client_of(predictor, max_predict_pixels=GREY.size, max_pixels=8 * GREY.size)
    large = png_of(np.zeros((37, 24), np.uint8))
    for query, body in {"": large, "?tta=true": png_of(GREY)}.items():
        refused = client.post(f"/predict{query}", content=body)
        assert error_of(refused) == (413, "use_jobs")
        assert refused.json()["error"]["message"].endswith("which may have 851: send it to /jobs")
        assert client.post(f"/jobs{query}", content=body).status_code == 202
    assert client.post("/predict", content=png_of(GREY)).status_code == 200
    huge = client.post("/predict", content=png_of(np.zeros((200, 200), np.uint8)))
    assert error_of(huge) == (413, "too_many_pixels")


def test_an_image_of_many_pixels_and_hardly_a_byte_is_refused_unless_a_setting_allows_it(predictor):
    blank = tiff_of(np.zeros((4000, 4000), np.uint8), compression="zstd", metadata=None, rowsperstrip=4000)
    refused = client_of(predictor).post("/predict", content=blank)
    assert error_of(refused) == (413, "too_many_pixels")
    assert f"16000000 pixels in {len(blank)} bytes are more than 10000 per byte" in refused.text
    assert client_of(predictor, max_pixels_per_byte=100_000).post("/predict", content=blank).status_code == 200


@pytest.mark.parametrize("bits", [1, 8])
def test_a_blank_png_of_any_depth_is_answered(client, bits):
    blank = np.zeros((4000, 4000), bool if bits == 1 else np.uint8)
    assert client.post("/predict", content=png_of(blank, compress_level=9)).status_code == 200


@pytest.mark.parametrize("kind", ["png", "tiff", "jpeg"])
def test_small_images_do_not_wait_for_large_ones(predictor, kind):
    client = client_of(predictor, workers=1, queue=7, large_pixels=GREY.size)
    pictures = {"png": png_of, "tiff": tiff_of, "jpeg": lambda array: png_of(array, "JPEG")}
    large = pictures[kind](np.zeros((200, 200), np.uint8))
    with client:
        predictor.hold.clear()
        waiting = [client.post("/jobs", content=large).json()["url"] for _ in range(4)]
        deadline = time.monotonic() + 5
        while predictor.calls < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        calls, probabilities = predictor.calls, predictor.probabilities
        predictor.probabilities = lambda image, *_, **__: (image / np.float32(255))[None]
        assert client.post("/predict", content=png_of(GREY)).status_code == 200
        predictor.probabilities = probabilities
        refused = [client.post("/predict", content=large) for _ in range(2)]
        assert [error_of(each) for each in refused] == [(503, "busy")] * 2
        assert calls == 1
        assert [client.get(url).status_code for url in waiting] == [202] * 4
        predictor.hold.set()
