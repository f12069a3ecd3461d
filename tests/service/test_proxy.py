"""The example of a proxy with TLS, where nginx and openssl are installed."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.service.test_client import Served
from tests.service.world import png_of

EXAMPLE = Path(__file__).parents[2] / "service" / "nginx.conf"
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
IMAGE = png_of(np.full((20, 30), 200, np.uint8))

pytestmark = pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="needs nginx and openssl")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A client that reaches a service through the proxy alone, which lets a client send two images a minute."""
    folder = tmp_path_factory.mktemp("nginx")
    certificate, key, port = folder / "septum.crt", folder / "septum.key", free_port()
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    with Served(requests_per_minute=2, trusted_proxies="127.0.0.1") as service:
        changes = {
            "/etc/ssl/septum.crt": str(certificate),
            "/etc/ssl/septum.key": str(key),
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "127.0.0.1:3000": service.url.removeprefix("http://"),
            "events {}": f"events {{}}\npid {folder}/pid;\nerror_log {folder}/error.log;\ndaemon off;",
        }
        text = EXAMPLE.read_text()
        for written, here in changes.items():
            assert text.count(written) == 1, written
            text = text.replace(written, here)
        (folder / "nginx.conf").write_text(text)
        server = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")])
        trust = ssl.create_default_context(cafile=str(certificate))
        try:
            with httpx.Client(base_url=f"https://localhost:{port}", verify=trust, timeout=20) as client:
                wait_for(client)
                yield client
        finally:
            server.terminate()
            server.wait(10)


def wait_for(client: httpx.Client) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the proxy does not answer")


def test_an_image_goes_through_tls_and_the_address_cannot_be_made_up(proxied):
    sent = [
        proxied.post("/predict", content=IMAGE, headers={"x-forwarded-for": f"9.9.9.{number}"}) for number in range(3)
    ]
    assert [answer.status_code for answer in sent] == [200, 200, 429]
    assert sent[0].headers["strict-transport-security"]


def test_a_body_that_the_service_would_refuse_stops_at_the_proxy(proxied):
    assert proxied.post("/predict", content=bytes(33 * 2**20)).status_code == 413
