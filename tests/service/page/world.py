"""A service in a thread, a browser, and images with rooms between bright walls."""

import contextlib
import io
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.service.world import Brightness, Shelf, app_of, png_of

#: A machine may be busy.
_TIMEOUT_MS = 120_000

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

#: Three rooms beside each other between walls of 4 pixels; everything but the walls is 0.
ROOMS = np.zeros((80, 120), np.uint8)
ROOMS[:4] = ROOMS[-4:] = ROOMS[:, :4] = ROOMS[:, -4:] = ROOMS[:, 40:44] = ROOMS[:, 78:82] = 255
LEFT, MIDDLE, RIGHT = (22, 40), (60, 40), (100, 40)


def image(name: str, pixels=ROOMS) -> dict:
    """A file to drop or pick."""
    return {"name": name, "mimeType": "image/png", "buffer": png_of(pixels)}


@contextlib.contextmanager
def serving(predictor=None, store: Shelf | None = None, **settings) -> Iterator[str]:
    """The address of a service that runs in a thread."""
    app = app_of(predictor or Brightness(), store, **settings)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def opened(browser: Browser, url: str, **options) -> Page:
    """The page in a context of its own; what it says on the console is kept as page.said."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-US"} | options)
    page = context.new_page()
    page.set_default_timeout(_TIMEOUT_MS)
    expect.set_options(timeout=_TIMEOUT_MS)
    page.said = []
    page.on("console", lambda message: _is_fault(message) and page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(url)
    expect(page.locator("#model-name")).not_to_have_text("…")
    return page


def _is_fault(message: ConsoleMessage) -> bool:
    """Whether a message is about the page itself; browsers also report every refusal of the service."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def pick(page: Page, *files: dict | Path) -> None:
    """Choose files and wait until the first of them has been measured or refused."""
    page.locator("#picker").set_input_files(list(files))
    page.locator("#list li.ready, #list li.failed").first.wait_for()


def point(page: Page, place: tuple[float, float], size: tuple[int, int] = ROOMS.shape) -> tuple[float, float]:
    """Where a pixel of the image is on the screen while all of the image is seen."""
    box = page.locator("#canvas").bounding_box()
    scale = min(box["width"] / size[1], box["height"] / size[0])
    left, top = (box["width"] - size[1] * scale) / 2, (box["height"] - size[0] * scale) / 2
    return box["x"] + left + (place[0] + 0.5) * scale, box["y"] + top + (place[1] + 0.5) * scale


def color_at(page: Page, place: tuple[float, float], size: tuple[int, int] = ROOMS.shape) -> list[int]:
    """Red, green and blue of the picture at a pixel of the image."""
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    box, (x, y) = page.locator("#canvas").bounding_box(), point(page, place, size)
    read = """([x, y]) => {
        const canvas = document.querySelector("#canvas");
        const density = canvas.width / canvas.clientWidth;
        return [...canvas.getContext("2d").getImageData(x * density, y * density, 1, 1).data].slice(0, 3);
    }"""
    return page.evaluate(read, [x - box["x"], y - box["y"]])


def is_boundary(page: Page, place: tuple[float, float], size: tuple[int, int] = ROOMS.shape) -> bool:
    """Whether a pixel is drawn in the orange of the boundary."""
    red, green, blue = color_at(page, place, size)
    return red > 200 and 40 < green < 140 and blue < 80


def drag(page: Page, *places: tuple[float, float]) -> None:
    """A stroke over pixels of the image."""
    page.mouse.move(*point(page, places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*point(page, place), steps=8)
    page.mouse.up()


def downloaded(page: Page, selector: str) -> tuple[str, bytes]:
    """Name and content of the file that a click saves."""
    with page.expect_download() as waiting:
        page.locator(selector).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def unzipped(data: bytes) -> dict[str, bytes]:
    """Name -> content of an archive."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    return {name: archive.read(name) for name in archive.namelist()}
