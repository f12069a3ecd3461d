import logging
import os
import signal
import socket
import sys

import pytest

from seg.__main__ import main
from seg.analysis.replacement import Replacement
from seg.analysis.units import Units
from seg.record import SplitScores
from service.commands import ARENAS, _become, _resolve, serving_environment
from service.model_loader import ModelLoader
from service.promote import Promotion
from tests.seg import records


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--host", "no such name"], "--host must be an address or a name of this machine, got 'no such name'"),
        (["--host", ""], "--host must be an address or a name of this machine, got ''"),
        (["--port", "70000"], "--port must be from 0 to 65535, got 70000"),
        (["--host", "192.0.2.1"], "192.0.2.1 port 3000 is in use or not of this machine"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_explained_in_a_sentence(options, rule, capsys):
    assert main(["serve", *options]) != 0
    written = capsys.readouterr()
    assert rule in written.err
    assert written.out == ""


@pytest.mark.parametrize(("host", "address"), [("localhost", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")])
def test_a_name_is_listened_on_at_its_address(host, address):
    assert _resolve(host, 0) == address


def test_a_port_in_use_is_explained_before_anything_is_loaded(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 1
    assert f"127.0.0.1 port {port} is in use" in capsys.readouterr().err


def test_where_a_process_cannot_be_replaced_serve_waits_for_the_server(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as ended:
        _become([sys.executable, "-c", "import os, sys; sys.exit(int(os.environ['CODE']))"], os.environ | {"CODE": "3"})
    assert ended.value.code == 3


def test_where_there_is_no_hangup_signal_the_log_says_how_to_serve_another_model(monkeypatch, caplog):
    monkeypatch.delattr(signal, "SIGHUP")
    caplog.set_level(logging.INFO, "septum")
    ModelLoader("septum:latest", "auto", 1, print).reload_on_hangup()
    assert "no SIGHUP: restart the service to serve another model" in caplog.text


def test_what_a_promotion_says_of_the_model_before_has_its_scope(monkeypatch, capsys, tmp_path):
    scores = SplitScores(["s1", "s2"], {"boundary_f1": [0.5, 0.7]})
    units = Units(("well2",) * 3)
    replacement = Replacement.of("boundary_f1", [0.8, 0.9, 0.85], [0.4, 0.5, 0.44], units)
    promotion = Promotion("septum:x", tmp_path, records.record("l2", 0, scores), {}, replacement, of_other_data=True)
    monkeypatch.setattr("service.promote.promote", lambda *_: promotion)
    assert main(["promote", str(tmp_path)]) == 0
    written = capsys.readouterr().out
    assert "the new model is better than the one before" in written
    assert "that one was trained on other data, perhaps on some of them" in written
    assert "holds for the group well2 only" in written


def test_a_server_keeps_few_pools_of_memory_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    environment = serving_environment("septum:one")
    assert (environment["MALLOC_ARENA_MAX"], environment["SEPTUM_MODEL"]) == (ARENAS, "septum:one")
    monkeypatch.setenv("MALLOC_ARENA_MAX", "7")
    assert serving_environment("septum:one")["MALLOC_ARENA_MAX"] == "7"
