"""The client against a service on a real socket."""

import json
import socket
import threading

import numpy as np
import pytest
import uvicorn

from seg.__main__ import main
from seg.data.reading import read_image
from service.client import Client, ServiceError
from tests.service.world import Brightness, Shelf, app_of, png_of

IMAGE = png_of(np.full((20, 30), 200, np.uint8))


class Served:
    """A service in a thread of its own."""

    def __init__(self, store: Shelf | None = None, **settings) -> None:
        self.predictor = Brightness()
        self.app = app_of(self.predictor, store, **settings)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_config=None))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def __enter__(self) -> "Served":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


@pytest.fixture(scope="module")
def served():
    with Served() as service:
        yield service


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(png_of(np.full((20, 30), 40 * number, np.uint8)))
    return tmp_path


def test_an_answer_is_that_of_the_service(served):
    with Client(served.url) as client:
        assert (read_image(client.predict(IMAGE)) == 0).all()
        assert json.loads(client.predict(IMAGE, format="json", threshold=0.9))["threshold"] == 0.9
        assert client.model()["loss"] == "losses.L2Loss"


def test_a_refusal_is_raised_with_its_code_and_not_sent_again(served):
    before = served.predictor.calls
    with Client(served.url) as client, pytest.raises(ServiceError, match="threshold must be a number") as refusal:
        client.predict(IMAGE, threshold=2)
    assert (refusal.value.status, refusal.value.code) == (422, "bad_threshold")
    assert served.predictor.calls == before


def test_a_busy_service_is_asked_again_after_the_time_that_it_names(monkeypatch):
    waits = []
    with Served() as service, Client(service.url, attempts=4) as client:
        loaded, service.app.state.model = service.app.state.model, None

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                service.app.state.model = loaded

        monkeypatch.setattr("service.client.time.sleep", wait)
        assert (read_image(client.predict(IMAGE)) == 0).all()
        assert waits == [1, 1]
        service.app.state.model = None
        with pytest.raises(ServiceError) as refusal:
            client.predict(IMAGE)
    assert (refusal.value.status, refusal.value.code, len(waits)) == (503, "loading", 2 + 3)


def test_who_sends_too_many_waits_as_long_as_the_service_says(monkeypatch):
    waits = []
    monkeypatch.setattr("service.client.time.sleep", waits.append)
    with Served(requests_per_minute=1) as service, Client(service.url, attempts=2) as client:
        client.predict(IMAGE)
        with pytest.raises(ServiceError, match="a client may send 1 images a minute") as refusal:
            client.predict(IMAGE)
    assert refusal.value.status == 429
    assert len(waits) == 1
    assert 25 <= waits[0] <= 30


def test_a_service_out_of_reach_is_named(monkeypatch):
    waits = []
    monkeypatch.setattr("service.client.time.sleep", waits.append)
    with (
        Client("http://127.0.0.1:9", attempts=3) as client,
        pytest.raises(ServiceError, match=r"127\.0\.0\.1:9.* does not answer"),
    ):
        client.predict(IMAGE)
    assert waits == [1, 1]


def test_another_server_is_no_septum():
    async def other(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"no"})

    with Served() as service, Client(service.url) as client:
        service.app.middleware_stack = other
        with pytest.raises(ServiceError, match="does not come from Septum") as refusal:
            client.predict(IMAGE)
    assert (refusal.value.status, refusal.value.code) == (404, "unknown")


def test_the_command_keeps_an_answer_for_each_image(served, folder, capsys):
    images = [str(path) for path in sorted(folder.glob("*.png"))]
    assert main(["client", served.url, *images, "--out", str(folder / "out"), "--concurrency", "3"]) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [f"{number}_mask.png" for number in range(6)]
    assert (read_image((folder / "out" / "5_mask.png").read_bytes()) == 0).all()
    assert (read_image((folder / "out" / "1_mask.png").read_bytes()) == 255).all()
    assert "6 of 6 answers" in capsys.readouterr().out


def test_a_folder_stands_for_its_images(served, folder, capsys):
    (folder / "notes.txt").write_text("no image")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "9.png").write_bytes(IMAGE)
    assert main(["client", served.url, str(folder), "--out", str(folder / "out")]) == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [f"{number}_mask.png" for number in range(6)]
    assert main(["client", served.url, str(folder / "out" / ".."), "--out", str(folder / "out")]) == 0
    (folder / "empty").mkdir()
    assert main(["client", served.url, str(folder / "empty"), "--out", str(folder / "out")]) == 2
    assert "no image in" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "suffix"), [("contours", ".geojson"), ("labels", "_labels.tif"), ("json", ".json")])
def test_the_command_takes_the_options_of_the_service(served, folder, name, suffix):
    options = ["--format", name, "--threshold", "0.3", "--pixel-size-um", "0.5", "--tta", "--page", "0"]
    assert main(["client", served.url, str(folder / "1.png"), "--out", str(folder / "out"), *options]) == 0
    written = (folder / "out" / f"1{suffix}").read_bytes()
    if name == "json":
        assert json.loads(written)["image"]["pixel_size_um"] == [0.5, 0.5]


def test_another_model_is_asked_for_by_its_tag(folder, capsys):
    with Served(Shelf(two=Brightness())) as service, Client(service.url) as client:
        assert [model["tag"] for model in client.models()] == ["septum:one", "septum:two"]
        args = ["client", service.url, str(folder / "1.png"), "--format", "json", "--out", str(folder / "out")]
        assert main([*args, "--model", "two"]) == 0
        assert main([*args, "--model", "three"]) == 1
    assert json.loads((folder / "out" / "1.json").read_bytes())["model"]["tag"] == "septum:two"
    assert "there is no model three" in capsys.readouterr().err


def test_averaging_is_asked_for_refused_or_left_to_the_model(served, folder):
    answers = []
    for number, option in enumerate([["--tta"], ["--no-tta"], []]):
        out = folder / f"out_{number}"
        assert main(["client", served.url, str(folder / "1.png"), "--out", str(out), *option]) == 0
        answers.append((out / "1_mask.png").read_bytes())
    assert answers[0] != answers[1] == answers[2]


def test_one_bad_image_does_not_stop_the_others(served, folder, capsys):
    (folder / "bad.png").write_bytes(b"nothing")
    images = [str(folder / "bad.png"), str(folder / "gone.png"), str(folder / "1.png")]
    assert main(["client", served.url, *images, "--out", str(folder / "out")]) == 1
    written = capsys.readouterr()
    assert "bad.png: the file is not a PNG, JPEG or TIFF image (unsupported_format, 415)" in written.err
    assert "gone.png" in written.err
    assert "1 of 3 answers" in written.out
    assert [path.name for path in (folder / "out").iterdir()] == ["1_mask.png"]


def test_two_images_for_one_name_are_refused_before_anything_is_sent(served, folder, capsys):
    (folder / "1.tif").write_bytes(IMAGE)
    assert main(["client", served.url, str(folder / "1.png"), str(folder / "1.tif"), "--out", str(folder / "out")]) == 2
    assert "1.png" in capsys.readouterr().err
    assert not (folder / "out").exists()
    assert main(["client", served.url, "x.png", "--out", str(folder / "out"), "--concurrency", "0"]) == 2


def test_the_token_comes_from_the_environment(folder, monkeypatch):
    with Served(token="secret") as service:
        args = ["client", service.url, str(folder / "1.png"), "--out", str(folder / "out")]
        assert main(args) == 1
        monkeypatch.setenv("SEPTUM_TOKEN", "secret")
        assert main(args) == 0
