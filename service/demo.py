"""`python -m service.demo DIR`: serve the latest model, send it one unseen image, keep the mask."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from seg.data.reading import read_image
from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image, write_file

_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 30.0
_UNSEEN_SEED = 987_654


def main(folder: Path) -> None:
    """Write demo_image.png and demo_mask.png into the folder.

    Raises:
        RuntimeError: the service does not start, or answers with something else than a mask of the image's size.
    """
    image = SyntheticCells(count=1, seed=_UNSEEN_SEED)[0].image
    write_file(folder / "demo_image.png", encode_image(image))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "seg", "serve", "--port", str(port)])
    try:
        _wait_until_ready(server, f"http://127.0.0.1:{port}/readyz")
        data = (folder / "demo_image.png").read_bytes()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/predict", data, timeout=60) as answer:
            mask = answer.read()
    finally:
        server.terminate()
        server.wait(_STOP_TIMEOUT_S)
    if read_image(mask).shape != image.shape:
        raise RuntimeError(f"the mask has another size than the image: {read_image(mask).shape}")
    write_file(folder / "demo_mask.png", mask)
    print(f"image:  {folder / 'demo_image.png'}\nmask:   {folder / 'demo_mask.png'}")


def _wait_until_ready(server: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the service ended with exit code {server.returncode}, see its log above")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError(f"the service was not ready after {_START_TIMEOUT_S:g} s, see its log above")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
