import asyncio
import time
from dataclasses import replace

import numpy as np
from starlette.testclient import TestClient

from service.answer import Answer
from tests.service.world import Brightness, app_of, client_of, error_of, png_of

IMAGE = png_of(np.full((130, 130), 200, np.uint8))  # too large for the lane of small images


def fetch(client, url: str):
    deadline = time.monotonic() + 5
    while (answer := client.get(url)).status_code == 202 and time.monotonic() < deadline:
        assert answer.headers["retry-after"] == "1"
        time.sleep(0.01)
    return answer


def test_a_job_gets_the_answer_of_the_same_request(client):
    started = client.post("/jobs?format=probability", content=IMAGE)
    assert started.status_code == 202
    assert started.headers["location"] == started.json()["url"] == f"/jobs/{started.json()['id']}"
    expected = client.post("/predict?format=probability", content=IMAGE)
    for _ in range(2):
        answer = fetch(client, started.json()["url"])
        assert (answer.status_code, answer.content) == (200, expected.content)
        assert answer.headers["content-type"] == "image/png"


def test_a_job_may_take_longer_than_a_request(predictor):
    client = client_of(predictor, work_timeout_s=0.1)
    predictor.hold.clear()
    with client:
        first, second = (client.post("/jobs", content=IMAGE).json()["url"] for _ in range(2))
        time.sleep(0.3)
        assert [client.get(url).json()["status"] for url in (first, second)] == ["running", "waiting"]
        assert [client.get(url).json()["ahead"] for url in (first, second)] == [0, 1]
        predictor.hold.set()
        assert fetch(client, second).status_code == fetch(client, first).status_code == 200


def test_what_is_wrong_with_the_image_is_told_when_the_job_is_fetched(client):
    answer = fetch(client, client.post("/jobs", content=IMAGE[:50]).json()["url"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "corrupt_image")
    assert client.post("/jobs?page=x", content=IMAGE).status_code == 422
    assert client.post("/jobs").status_code == 400


def test_there_are_only_so_many_unfinished_jobs_and_finished_ones_are_forgotten(predictor):
    client = client_of(predictor, jobs=4, job_keep_s=0.2)
    predictor.hold.clear()
    with client:
        urls = [client.post("/jobs", content=IMAGE).json()["url"] for _ in range(2)]
        refused = client.post("/jobs", content=IMAGE)
        assert (*error_of(refused), refused.headers["retry-after"]) == (429, "too_many_jobs", "5")
        predictor.hold.set()
        assert [fetch(client, url).status_code for url in urls] == [200, 200]
        time.sleep(0.3)
        forgotten = client.get(urls[0])
        assert error_of(forgotten) == (404, "no_job")
        assert "kept for 0.2 s and lost in a restart; send the image again" in forgotten.text
        assert client.post("/jobs", content=IMAGE).status_code == 202


def test_finished_jobs_leave_their_places_to_others(client):
    for _ in range(40):
        assert fetch(client, client.post("/jobs", content=IMAGE).json()["url"]).status_code == 200


def test_half_of_the_jobs_are_left_to_others(predictor):
    app = app_of(predictor, jobs=4, queue=20)
    anna, ben, third = (TestClient(app, client=(host, 1)) for host in ("1.1.1.1", "2.2.2.2", "3.3.3.3"))
    predictor.hold.clear()
    with anna:
        assert [anna.post("/jobs", content=IMAGE).status_code for _ in range(4)] == [202, 202, 429, 429]
        assert [ben.post("/jobs", content=IMAGE).status_code for _ in range(3)] == [202, 202, 503]
        assert error_of(third.post("/jobs", content=IMAGE)) == (503, "busy")
        predictor.hold.set()


def test_half_of_the_memory_is_left_to_others(predictor):
    app = app_of(predictor, max_answer_bytes=4 * KEPT_BYTES)
    anna, ben = TestClient(app, client=("1.1.1.1", 1)), TestClient(app, client=("2.2.2.2", 1))
    with anna:
        urls = [anna.post(f"/jobs?format={FORMAT}", content=IMAGE).json()["url"] for _ in range(2)]
        wait_until_finished(app)
        assert error_of(anna.post("/jobs", content=IMAGE)) == (429, "too_many_jobs")
        assert ben.post("/jobs", content=IMAGE).status_code == 202
        assert fetch(anna, urls[0]).status_code == 200
        assert anna.post("/jobs", content=IMAGE).status_code == 202


def wait_until_finished(app) -> None:
    deadline = time.monotonic() + 5
    while not all(job.finished for job in app.state.jobs._jobs.values()) and time.monotonic() < deadline:
        time.sleep(0.01)


def test_answers_are_kept_compressed_and_arrive_as_they_were_made(predictor):
    app = app_of(predictor)
    client = TestClient(app)
    image = png_of(np.kron(np.random.default_rng(0).integers(0, 2, (40, 40)), np.ones((8, 8))).astype(np.uint8) * 255)
    expected = client.post("/predict?format=contours", content=image).content
    url = client.post("/jobs?format=contours", content=image).json()["url"]
    wait_until_finished(app)
    (job,) = app.state.jobs._jobs.values()
    assert job.size < 4096 + len(expected) / 4
    for accepted, encoding in (("gzip", "gzip"), ("identity", None)):
        answer = client.get(url, headers={"accept-encoding": accepted})
        assert (answer.content, answer.headers.get("content-encoding")) == (expected, encoding)
        assert answer.headers["vary"] == "Accept-Encoding"


def test_what_cannot_be_compressed_is_kept_as_it_is():
    noise = Answer("septum:one", np.random.default_rng(0).bytes(10_000), "image/png", {}, 1)
    assert noise.compress() is noise.decompress() is noise
    text = replace(noise, body=b"text" * 1000).compress()
    assert text.compress() is text
    assert text.decompress().body == b"text" * 1000


FORMAT = "probability_tiff"
KEPT_BYTES = len(client_of(Brightness()).post(f"/predict?format={FORMAT}", content=IMAGE).content) + 4096


def test_fetched_answers_make_room_and_unfetched_ones_are_kept(predictor):
    app = app_of(predictor, max_answer_bytes=2 * KEPT_BYTES)
    client, other = TestClient(app), TestClient(app, client=("2.2.2.2", 1))

    def send(client: TestClient = client) -> str:
        return client.post(f"/jobs?format={FORMAT}", content=IMAGE).json()["url"]

    first, second = send(), send(other)
    assert fetch(client, first).status_code == 200
    third = send()
    assert [fetch(client, url).status_code for url in (third, second, first)] == [200, 200, 404]


def test_an_answer_without_room_is_refused_and_no_job_taken_until_one_is_deleted(predictor):
    client = client_of(predictor, max_answer_bytes=KEPT_BYTES + 4096)
    predictor.hold.clear()
    with client:
        first, second = (client.post(f"/jobs?format={FORMAT}", content=IMAGE).json()["url"] for _ in range(2))
        predictor.hold.set()
        refused = fetch(client, second)
        assert error_of(refused) == (503, "busy")
        assert "found no room" in refused.text
        assert fetch(client, first).status_code == 200


def test_no_job_is_taken_while_unfetched_answers_fill_the_room(predictor):
    client = client_of(predictor, max_answer_bytes=KEPT_BYTES)
    url = client.post(f"/jobs?format={FORMAT}", content=IMAGE).json()["url"]
    deadline = time.monotonic() + 5
    while client.post("/jobs?page=x", content=IMAGE).status_code != 503 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert error_of(client.post("/jobs", content=IMAGE)) == (503, "busy")
    assert client.delete(url).status_code == 204
    assert client.post("/jobs", content=IMAGE).status_code == 202


def test_a_deleted_job_is_not_started_and_gives_its_place_back(predictor):
    client = client_of(predictor, jobs=4)
    predictor.hold.clear()
    with client:
        first, second = (client.post("/jobs", content=IMAGE).json()["url"] for _ in range(2))
        assert [client.delete(second).status_code, client.delete(second).status_code] == [204, 404]
        third = client.post("/jobs", content=IMAGE)
        assert third.status_code == 202
        predictor.hold.set()
        assert fetch(client, third.json()["url"]).status_code == fetch(client, first).status_code == 200
    assert predictor.calls == 2


def test_slow_uploads_take_their_places_before_they_have_arrived(predictor):
    app, statuses = app_of(predictor, jobs=4), []

    async def upload():
        messages = [{"type": "http.request", "body": IMAGE, "more_body": False}]

        async def receive():
            await asyncio.sleep(0.2)
            return messages.pop()

        async def send(message):
            statuses.append(message.get("status"))

        scope = {"type": "http", "method": "POST", "path": "/jobs", "query_string": b"", "headers": []}
        await app(scope, receive, send)

    async def world():
        await asyncio.gather(*[upload() for _ in range(10)])

    asyncio.run(world())
    assert sorted(status for status in statuses if status) == [202] * 2 + [429] * 8


def test_a_refused_upload_gives_its_place_back(predictor):
    client = client_of(predictor, jobs=1, max_body_bytes=1000)
    assert [client.post("/jobs", content=bytes(2000)).status_code for _ in range(3)] == [413] * 3
    assert client.post("/jobs", content=IMAGE).status_code == 202


def test_an_unknown_job_is_not_found_and_asks_for_the_token():
    assert client_of(Brightness()).get("/jobs/1").status_code == 404
    assert client_of(Brightness(), token="secret").get("/jobs/1").status_code == 401


def test_uploads_that_would_fill_the_memory_are_refused_and_the_memory_is_given_back(predictor):
    client = client_of(predictor, max_buffered_bytes=len(IMAGE) + 10)
    predictor.hold.clear()
    with client:
        url = client.post("/jobs", content=IMAGE).json()["url"]
        refused = client.post("/predict", content=IMAGE)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
        predictor.hold.set()
        assert fetch(client, url).status_code == 200
        assert client.post("/predict", content=IMAGE).status_code == 200
        assert client.post("/predict", content=b"x" * (len(IMAGE) + 11)).status_code == 503
        assert client.post("/predict", content=IMAGE).status_code == 200
