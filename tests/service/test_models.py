"""Several models in one service."""

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from seg.data.reading import read_image
from tests.service.test_jobs import fetch
from tests.service.world import Brightness, Shelf, client_of, error_of, png_of

IMAGE = png_of(np.full((20, 30), 200, np.uint8))


class Dark(Brightness):
    """Dark pixels are boundary."""

    info = replace(Brightness.info, tta=True, scores={"validation": {"iou": 0.5}, "test": {"iou": 0.25}})

    def probabilities(self, image, tta=False, before_tile=None):
        self.asked_to_average = tta
        return 1 - super().probabilities(image, False, before_tile)


class Slow(Shelf):
    """Loads when it is told to."""

    def __init__(self, **predictors) -> None:
        super().__init__(**predictors)
        self.go = threading.Event()

    def load(self, tag):
        assert self.go.wait(10)
        return super().load(tag)


def is_boundary(answer) -> bool:
    assert answer.status_code == 200, answer.text
    return bool((read_image(answer.content) == 0).all())


def test_each_model_is_listed_with_what_tells_it_from_others():
    client = client_of(Brightness(), Shelf(two=Dark(), one=Brightness()))
    two, one = client.get("/models").json()
    assert two == {
        "tag": "septum:two",
        "latest": True,
        "served": False,
        "loaded": False,
        "created": "2026-01-02T00:00:00+00:00",
        "name": "l2",
        "loss": "losses.L2Loss",
        "engine": "torch",
        "channels": 1,
        "context": 0,
        "metric": "iou",
        "validation": 0.5,
        "test": 0.25,
    }
    assert one | {"tag": "septum:one", "served": True, "loaded": True, "latest": False, "validation": None} == one


@pytest.mark.parametrize("tag", ["septum:two", "two", "latest", "septum:latest", "septum"])
def test_a_request_is_answered_by_the_model_that_it_names(tag):
    shelf = Shelf(two=Dark(), one=Brightness())
    client = client_of(Brightness(), shelf)
    answer = client.post("/predict", content=IMAGE)
    assert (is_boundary(answer), answer.headers["x-septum-model"]) == (True, "septum:one")
    answer = client.post("/predict", content=IMAGE, params={"model": tag})
    assert (is_boundary(answer), answer.headers["x-septum-model"]) == (False, "septum:two")
    assert client.post(f"/predict?model={tag}&format=json", content=IMAGE).json()["model"]["tag"] == "septum:two"
    assert shelf.loads == ["septum:two"]
    assert [model["loaded"] for model in client.get("/models").json()] == [True, True]


def test_a_job_is_answered_by_the_model_that_it_names():
    client = client_of(Brightness(), Shelf(two=Dark()))
    answer = fetch(client, client.post("/jobs?model=two", content=IMAGE).json()["url"])
    assert (is_boundary(answer), answer.headers["x-septum-model"]) == (False, "septum:two")


def test_tta_is_as_the_named_model_does_it():
    dark = Dark()
    client = client_of(Brightness(), Shelf(two=dark))
    client.post("/predict?model=two", content=IMAGE)
    assert dark.asked_to_average is True
    client.post("/predict?model=two&tta=false", content=IMAGE)
    assert dark.asked_to_average is False


def test_the_card_of_a_model_needs_no_loading():
    shelf = Shelf(two=Dark())
    client = client_of(Brightness(), shelf)
    assert client.get("/model").json()["tag"] == "septum:one"
    card = client.get("/model?model=two").json()
    assert (card["tag"], card["tta"], shelf.loads) == ("septum:two", True, [])
    assert error_of(client.get("/model?tag=two")) == (400, "bad_query")
    assert error_of(client.get("/model?model=two&model=one")) == (400, "bad_query")


@pytest.mark.parametrize("path", ["/predict", "/jobs"])
def test_an_unknown_model_is_refused_with_those_that_there_are(path):
    client = client_of(Brightness(), Shelf(two=Dark()))
    answer = client.post(path, content=IMAGE, params={"model": "septum:three"})
    assert error_of(answer) == (404, "unknown_model")
    sentence = "there is no model septum:three: GET /models lists septum:one, septum:two"
    assert answer.json()["error"]["message"] == sentence
    assert error_of(client.get("/model?model=three")) == (404, "unknown_model")


@pytest.mark.parametrize(
    "tag",
    ["", "../one", "septum:../../etc/passwd", "a/b", "a\\b", "..", ".", "two\n", "two two", "ö", "a:b:c", "x" * 201],
)
def test_what_could_be_a_path_is_no_tag(tag):
    client = client_of(Brightness(), Shelf(two=Dark()))
    assert error_of(client.post("/predict", content=IMAGE, params={"model": tag})) == (422, "bad_model")
    assert error_of(client.get("/model", params={"model": tag})) == (422, "bad_model")


def test_the_model_that_was_used_longest_ago_is_unloaded():
    shelf = Shelf(**{name: Dark() for name in "abc"})
    client = client_of(Brightness(), shelf, other_models=2)
    for name in "abacab":
        assert not is_boundary(client.post("/predict", content=IMAGE, params={"model": name}))
    assert shelf.loads == [f"septum:{name}" for name in "abcb"]
    loaded = [model["tag"] for model in client.get("/models").json() if model["loaded"]]
    assert loaded == ["septum:one", "septum:a", "septum:b"]


def test_an_unloaded_model_is_forgotten():
    shelf = Shelf(a=Dark(), b=Dark())
    client = client_of(Brightness(), shelf, other_models=1)
    client.post("/predict?model=a", content=IMAGE)
    known = weakref.ref(shelf.predictors["a"])
    shelf.predictors["a"] = Dark()
    client.post("/predict?model=b", content=IMAGE)
    gc.collect()
    assert known() is None


def test_a_model_in_use_is_not_unloaded_and_others_are_told_to_wait():
    busy = Dark()
    shelf = Shelf(a=busy, b=Dark())
    client = client_of(Brightness(), shelf, other_models=1)
    busy.hold.clear()
    job = client.post("/jobs?model=a", content=IMAGE).json()["url"]
    answer = client.post("/predict?model=b", content=IMAGE)
    assert error_of(answer) == (503, "busy")
    assert answer.headers["retry-after"] == "2"
    busy.hold.set()
    assert fetch(client, job).status_code == 200
    assert client.post("/predict?model=b", content=IMAGE).status_code == 200


def test_a_model_is_given_back_where_the_image_is_refused():
    client = client_of(Brightness(), Shelf(a=Dark(), b=Dark()), other_models=1)
    for body, code in ((b"", "no_image"), (b"nonsense", "unsupported_format")):
        assert error_of(client.post("/predict?model=a", content=body))[1] == code
    assert client.post("/predict?model=b", content=IMAGE).status_code == 200


def test_with_room_for_none_the_served_model_alone_answers():
    client = client_of(Brightness(), Shelf(two=Dark(), one=Brightness()), other_models=0)
    assert [model["tag"] for model in client.get("/models").json()] == ["septum:one"]
    assert error_of(client.post("/predict?model=two", content=IMAGE)) == (404, "unknown_model")
    assert client.post("/predict?model=one", content=IMAGE).status_code == 200


def test_requests_are_answered_while_a_model_is_loaded_once_for_all_who_wait():
    slow = Slow(two=Dark())
    with client_of(Brightness(), slow) as client, ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(client.post, "/predict?model=two", content=IMAGE) for _ in range(3)]
        time.sleep(0.1)
        assert client.post("/predict", content=IMAGE).status_code == 200
        assert [model["loaded"] for model in client.get("/models").json()] == [True, False]
        slow.go.set()
        assert [is_boundary(each.result(10)) for each in waiting] == [False] * 3
    assert slow.loads == ["septum:two"]


def test_who_waits_too_long_for_a_model_is_told_to_come_again():
    slow = Slow(two=Dark())
    with client_of(Brightness(), slow, work_timeout_s=0.1) as client:
        answer = client.post("/predict?model=two", content=IMAGE)
        assert error_of(answer) == (503, "loading")
        slow.go.set()
        deadline = time.monotonic() + 5
        while client.post("/predict?model=two", content=IMAGE).status_code == 503:
            assert time.monotonic() < deadline
    assert slow.loads == ["septum:two"]


def test_a_model_that_cannot_be_loaded_is_refused_without_the_reason_and_tried_again(caplog):
    class Broken(Shelf):
        def load(self, tag):
            super().load(tag)
            raise ValueError("/secret/model.onnx is not the file that was promoted")

    shelf = Broken(two=Dark())
    client = client_of(Brightness(), shelf)
    for _ in range(2):
        answer = client.post("/predict?model=two", content=IMAGE)
        assert error_of(answer) == (500, "damaged_model")
        assert "secret" not in answer.text
    assert len(shelf.loads) == 2
    assert client.post("/predict", content=IMAGE).status_code == 200
    assert "/secret/model.onnx" in caplog.text


def shares(client, count: int = 40) -> float:
    """The share of requests that the model `two` answers."""
    answers = [client.post("/predict", content=IMAGE) for _ in range(count)]
    return sum(answer.headers["x-septum-model"] == "septum:two" for answer in answers) / count


def test_a_canary_answers_its_share_of_the_requests_that_name_no_model_once_it_is_loaded():
    slow = Slow(two=Dark())
    with client_of(Brightness(), slow, canary="two", canary_share=0.5) as client:
        assert shares(client) == 0
        slow.go.set()
        deadline = time.monotonic() + 5
        while not client.get("/models").json()[-1]["loaded"] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert 0.1 < shares(client) < 0.9
        assert client.post("/predict?model=one", content=IMAGE).headers["x-septum-model"] == "septum:one"
        metrics = client.get("/metrics").text
    counts = {model: float(line(metrics, f'septum_model_seconds_count{{model="septum:{model}"}}')) for model in SERVED}
    assert counts["one"] > 40
    assert 4 < counts["two"] < 36
    assert slow.loads == ["septum:two"]


SERVED = ("one", "two")


def line(metrics: str, name: str) -> str:
    return next(text.removeprefix(name) for text in metrics.splitlines() if text.startswith(name))


def test_a_canary_that_is_not_there_or_damaged_leaves_the_served_model_answering(caplog):
    client = client_of(Brightness(), Shelf(), canary="two", canary_share=1.0)
    assert shares(client, 3) == 0
    assert "the canary does not answer: there is no model two" in caplog.text
    assert shares(client_of(Brightness(), Shelf(one=Brightness()), canary="latest", canary_share=1.0), 3) == 0


def test_faults_are_counted_for_the_model_that_has_them():
    client = client_of(Brightness(), Shelf(two=Dark()))
    client.post("/predict?model=two", content=png_of(np.zeros((13, 13), np.uint8)))
    client.post("/predict?model=two", content=b"nonsense")
    assert float(line(client.get("/metrics").text, 'septum_model_faults_total{model="septum:two"}')) == 1


def test_a_model_that_was_deleted_from_the_store_is_listed_while_it_is_served():
    (row,) = client_of(Brightness(), Shelf()).get("/models").json()
    assert (row["tag"], row["served"], row["created"]) == ("septum:one", True, None)


def test_the_models_need_the_token():
    client = client_of(Brightness(), Shelf(), token="t")
    assert error_of(client.get("/models")) == (401, "unauthorized")
