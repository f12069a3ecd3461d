import time

import numpy as np

from tests.service.world import Brightness, client_of, png_of

IMAGE = png_of(np.full((20, 30), 200, np.uint8))


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
        predictor.hold.set()
        assert fetch(client, second).status_code == fetch(client, first).status_code == 200


def test_what_is_wrong_with_the_image_is_told_when_the_job_is_fetched(client):
    answer = fetch(client, client.post("/jobs", content=IMAGE[:50]).json()["url"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "corrupt_image")
    assert client.post("/jobs?page=x", content=IMAGE).status_code == 422
    assert client.post("/jobs").status_code == 400


def test_there_are_only_so_many_jobs_and_they_are_forgotten(predictor):
    client = client_of(predictor, jobs=2, job_keep_s=0.2)
    urls = [client.post("/jobs", content=IMAGE).json()["url"] for _ in range(2)]
    refused = client.post("/jobs", content=IMAGE)
    assert (refused.status_code, refused.json()["error"]["code"], refused.headers["retry-after"]) == (503, "busy", "5")
    assert [fetch(client, url).status_code for url in urls] == [200, 200]
    time.sleep(0.3)
    forgotten = client.get(urls[0])
    assert (forgotten.status_code, forgotten.json()["error"]["code"]) == (404, "no_job")
    assert "kept for 0.2 s and lost in a restart; send the image again" in forgotten.text
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
