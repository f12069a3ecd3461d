"""Who sends a request, and how many they may send."""

import hashlib
import os
import re

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.clients import RateLimit
from service.refusal import RefusalError
from service.tokens import Tokens, main, read_tokens
from tests.service.world import Brightness, app_of, client_of, error_of, png_of

IMAGE = png_of(np.full((20, 30), 200, np.uint8))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def line(name: str, token: str) -> str:
    return f"{name} {hashlib.sha256(token.encode()).hexdigest()}\n"


@pytest.fixture
def tokens(tmp_path):
    file = tmp_path / "tokens"
    file.write_text("# of the institute\n\n" + line("anna", "a-token") + line("ben", "b-token"))
    return file


def change(file, text: str) -> None:
    before = file.stat().st_mtime_ns
    file.write_text(text)
    os.utime(file, ns=(before + 1, before + 1))


def test_each_token_lets_its_owner_in_and_the_log_names_the_owner(tokens, caplog):
    caplog.set_level("INFO")
    client = client_of(Brightness(), token="own", tokens_file=str(tokens))
    for token, name in (("a-token", "anna"), ("b-token", "ben"), ("own", "token")):
        caplog.clear()
        assert client.get("/model", headers=bearer(token)).status_code == 200
        assert caplog.records[-1].client == name
        assert token not in caplog.text
    assert error_of(client.get("/model", headers=bearer("c-token"))) == (401, "unauthorized")
    assert error_of(client.get("/model", headers={"authorization": "Basic a-token"})) == (401, "unauthorized")
    assert error_of(client.get("/model")) == (401, "unauthorized")
    assert caplog.records[-1].client is None
    assert client.get("/openapi.json", headers=bearer("own")).json()["security"] == [{"token": []}]


def test_the_hash_of_a_token_lets_nobody_in(tokens):
    client = client_of(Brightness(), tokens_file=str(tokens))
    digest = hashlib.sha256(b"a-token").hexdigest()
    assert client.get("/model", headers=bearer(digest)).status_code == 401


def test_a_changed_file_counts_at_once_and_a_damaged_one_changes_nothing(tokens, caplog):
    client = client_of(Brightness(), tokens_file=str(tokens))
    change(tokens, line("ben", "b-token"))
    assert client.get("/model", headers=bearer("a-token")).status_code == 401
    change(tokens, "anna secret\n")
    assert client.get("/model", headers=bearer("b-token")).status_code == 200
    assert "line 1 must be NAME SHA256" in caplog.text
    assert "secret" not in caplog.text
    tokens.unlink()
    assert client.get("/model", headers=bearer("b-token")).status_code == 200


def test_a_file_without_tokens_lets_nobody_in(tmp_path):
    (tmp_path / "tokens").write_text("")
    assert client_of(Brightness(), tokens_file=str(tmp_path / "tokens")).get("/model").status_code == 401
    with pytest.raises(FileNotFoundError):
        client_of(Brightness(), tokens_file=str(tmp_path / "none"))


@pytest.mark.parametrize("wrong", [line("anna", "x") * 2, line("token", "x"), "anna 1234", line("an na", "x")])
def test_a_wrong_line_is_named_when_the_service_starts(tmp_path, wrong):
    (tmp_path / "tokens").write_text(wrong)
    with pytest.raises(ValueError, match=r"line \d must be NAME SHA256"):
        Tokens("", tmp_path / "tokens")


def test_a_token_is_made_and_shown_with_its_line(tmp_path, capsys):
    assert main(["anna"]) == 0
    token, written = re.findall(r": (.+)", capsys.readouterr().out)
    (tmp_path / "tokens").write_text(written)
    assert Tokens("", tmp_path / "tokens").find(token.encode()) == "anna"
    assert list(read_tokens(tmp_path / "tokens")) == ["anna"]
    assert main([]) == main(["an", "na"]) == main(["-"]) == 2


def test_each_client_has_its_own_allowance(tokens):
    client = client_of(Brightness(), tokens_file=str(tokens), requests_per_minute=2)
    statuses = [client.post("/predict", content=IMAGE, headers=bearer("a-token")).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.post("/jobs", content=IMAGE, headers=bearer("a-token"))
    assert error_of(refused) == (429, "too_many_requests")
    assert 25 <= int(refused.headers["retry-after"]) <= 30
    assert client.post("/predict", content=IMAGE, headers=bearer("b-token")).status_code == 200
    assert client.get("/model", headers=bearer("a-token")).status_code == 200


def test_an_allowance_grows_back_evenly_up_to_a_minutes_worth():
    clock = [0.0]
    rate = RateLimit(6, lambda: clock[0])

    def taken() -> int:
        count = 0
        while count < 100:
            try:
                rate.take("anna")
            except RefusalError:
                return count
            count += 1
        return count

    assert taken() == 6
    clock[0] = 20.0
    assert taken() == 2
    clock[0] = 10_000.0
    assert taken() == 6
    assert RateLimit(0).take("anna") is None


def test_the_clients_that_are_counted_are_few(monkeypatch):
    monkeypatch.setattr("service.clients._COUNTED", 3)
    rate = RateLimit(1)
    for number in range(10):
        rate.take(str(number))
    assert len(rate._left) == 3


def ask(settings: dict[str, object], hosts: list[tuple[str, str]]) -> list[int]:
    """The statuses of images from these addresses, each with what a proxy says of it."""
    app = app_of(Brightness(), requests_per_minute=1, **settings)
    statuses = []
    for host, forwarded in hosts:
        client = TestClient(app, client=(host, 1))
        headers = {"x-forwarded-for": forwarded} if forwarded else {}
        statuses.append(client.post("/predict", content=IMAGE, headers=headers).status_code)
    return statuses


def test_without_tokens_an_address_is_a_client():
    assert ask({}, [("1.1.1.1", ""), ("1.1.1.1", ""), ("2.2.2.2", "")]) == [200, 429, 200]


def test_what_a_stranger_says_of_an_address_is_not_believed():
    assert ask({}, [("1.1.1.1", "3.3.3.3"), ("1.1.1.1", "4.4.4.4")]) == [200, 429]


def test_a_trusted_proxy_tells_the_address_and_the_client_cannot():
    trusted = {"trusted_proxies": "10.0.0.0/8, 127.0.0.1"}
    hosts = [("10.1.2.3", "3.3.3.3"), ("127.0.0.1", "4.4.4.4"), ("10.1.2.3", "9.9.9.9, 3.3.3.3, 10.0.0.9")]
    assert ask(trusted, hosts) == [200, 200, 429]
    assert ask(trusted, [("10.1.2.3", "nonsense"), ("10.1.2.3", "")]) == [200, 429]


def test_addresses_of_one_subnet_of_ipv6_are_one_client():
    assert ask({}, [("2001:db8::1", ""), ("2001:db8::2", ""), ("2001:db8:0:1::1", "")]) == [200, 429, 200]
