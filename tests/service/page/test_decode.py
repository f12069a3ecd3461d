"""The decoder of cells that runs in the browser finds what the decoder in Python finds."""

import base64
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import service
from seg.data.synthetic import SyntheticCells
from seg.instances.watershed import WatershedDecoder
from tests.service.page.world import opened

_FILLING = WatershedDecoder()
_INSIDE = WatershedDecoder(foreground="inside", seed_depth_px=0.5, seed_score=0.4, min_size_px=10)

#: Decodes by several decoders one after the other, as sliders ask for; the labels come as bytes in base64.
DECODE = """async ([version, width, channels, decoders]) => {
    const { Watershed } = await import(`${location.origin}/page/${version}/decode/watershed.js`);
    const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    const watershed = new Watershed(width, channels.map((text) => new Uint16Array(bytesOf(text).buffer)));
    return decoders.map((decoder) => textOf(new Uint8Array(watershed.decode(decoder).buffer)));
}"""


def field(shape: tuple[int, int], sigma: float) -> np.ndarray:
    """Smooth noise from 0 to 1."""
    noise = gaussian_filter(np.random.default_rng(0).random(shape), sigma)
    return (noise - noise.min()) / np.ptp(noise)


def tissue() -> np.ndarray:
    """The boundary of synthetic tissue as a network predicts it: blurred and noisy."""
    mask = SyntheticCells(count=1, size_px=160)[0].mask > 0
    noise = np.random.default_rng(0).standard_normal(mask.shape)
    return (gaussian_filter(mask.astype(float), 1) + 0.05 * noise).clip(0, 1)


def blobs(shape: tuple[int, int] = (150, 211)) -> np.ndarray:
    """Boundary, inside and center of round cells of which many touch."""
    random, inside = np.random.default_rng(0), np.zeros(shape)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    for _ in range(shape[0] * shape[1] // 500):
        row, column, radius = random.random(3) * [*shape, 8] + [0, 0, 4]
        inside = np.maximum(inside, 1 / (1 + np.exp(np.minimum(np.hypot(rows - row, columns - column) - radius, 50))))
    return np.stack([3.2 * inside * (1 - inside), inside, inside**3])


#: Picture -> probabilities, and the decoders that are tried on it in turn.
CASES = {
    "smooth": lambda: (
        field((97, 133), 3)[None],
        [
            replace(_FILLING, merge_below=0.3),
            replace(_FILLING, merge_below=0.45, seed_score=0.6, sigma_px=1.0, keep_boundary=0.6, min_size_px=5),
            replace(_FILLING, merge_below=0.35, seed_score=0.6, sigma_px=1.0, keep_boundary=0.6, min_size_px=5),
            replace(_FILLING, seed_score=0.9, sigma_px=0.0, keep_boundary=0.3, holes=True),
            replace(_FILLING, seed_score=-0.5, merge_below=0.4),
            replace(_FILLING, seed_score=0.98, merge_below=0.1, sigma_px=2.0, boundary_weight=0.5),
        ],
    ),
    "noise": lambda: (
        np.random.default_rng(0).random((1, 120, 80)),
        [
            _FILLING,
            replace(_FILLING, merge_below=0.6),
            replace(_FILLING, merge_below=0.4, seed_score=0.9, sigma_px=0.0, keep_boundary=0.5, holes=True),
            replace(_FILLING, merge_below=0.45, seed_score=0.6, sigma_px=1.0, min_seed_px=5),
        ],
    ),
    "plateaus, where order decides": lambda: (
        np.round(6 * field((90, 70), 4))[None] / 6,
        [replace(_FILLING, merge_below=below, sigma_px=sigma) for below in (0.0, 0.3) for sigma in (0.0, 1.0)],
    ),
    "tissue": lambda: (
        tissue()[None],
        [
            replace(_FILLING, sigma_px=1.0),
            replace(_FILLING, sigma_px=1.0, seed_score=0.9, merge_below=0.3),
            replace(_FILLING, sigma_px=1.0, seed_score=0.9, merge_below=0.3, keep_boundary=0.3, holes=True),
            replace(_FILLING, sigma_px=1.0, seed_score=0.98, merge_below=0.2, min_size_px=20),
        ],
    ),
    "cells that touch": lambda: (
        blobs(),
        [
            _INSIDE,
            replace(_INSIDE, merge_below=0.3, holes=True),
            replace(_INSIDE, seed_depth_px=0.0),
            replace(_INSIDE, seed_depth_px=1.0, seed_score=-0.2, keep_boundary=0.5),
            replace(_INSIDE, seeds="center", seed_score=0.5),
            replace(_INSIDE, boundary_weight=0.5, sigma_px=2.0, foreground_probability=0.3, seed_depth_px=0.25),
        ],
    ),
    "higher than a tile": lambda: (
        blobs((1400, 40)),
        [replace(_INSIDE, merge_below=0.3), replace(_FILLING, seed_score=0.0)],
    ),
    "wider than a tile": lambda: (
        blobs((40, 1700)),
        [replace(_INSIDE, merge_below=0.3), replace(_FILLING, seed_score=0.0)],
    ),
    "no cell": lambda: (np.zeros((2, 40, 33)), [_INSIDE, replace(_INSIDE, merge_below=0.3, holes=True)]),
    "boundary alone": lambda: (np.ones((1, 33, 40)), [_FILLING, replace(_FILLING, keep_boundary=0.5, holes=True)]),
    "one cell": lambda: (np.stack([np.zeros((30, 21)), np.ones((30, 21))]), [_INSIDE]),
    "one row": lambda: (field((1, 60), 3)[None], [_FILLING, replace(_FILLING, merge_below=0.5, sigma_px=9.0)]),
    "one column": lambda: (np.stack([field((60, 1), 3), 1 - field((60, 1), 3)]), [_INSIDE, _FILLING]),
}


def differing(page, case: str) -> list[int]:
    """How many pixels of each decoding have another label in the browser."""
    probability, decoders = CASES[case]()
    codes = np.round(probability * 65535).astype(np.uint16)
    version = page.locator("script").get_attribute("src").split("/")[1]
    channels = [base64.b64encode(channel.tobytes()).decode() for channel in codes]
    found = page.evaluate(DECODE, [version, codes.shape[2], channels, [asdict(each) for each in decoders]])
    return [
        int((np.frombuffer(base64.b64decode(labels), np.int32).reshape(codes.shape[1:]) != expected).sum())
        for labels, expected in zip(found, expected_labels(codes, decoders), strict=True)
    ]


def expected_labels(codes, decoders) -> list[np.ndarray]:
    probability = codes.astype(np.float32) / np.float32(65535)
    return [decoder.decode(probability) for decoder in decoders]


@pytest.fixture(scope="module")
def decoding(browser, url):
    page = opened(browser, url)
    yield page
    page.context.close()


@pytest.mark.parametrize("case", CASES)
def test_the_labels_are_those_of_python_with_their_numbers(decoding, case):
    assert set(differing(decoding, case)) == {0}


def test_the_pictures_have_cells_that_numbers_change():
    """Equal labels of pictures without cells would show nothing."""
    for case in ("noise", "tissue", "cells that touch"):
        probability, decoders = CASES[case]()
        labels = expected_labels(np.round(probability * 65535).astype(np.uint16), decoders)
        assert len({each.tobytes() for each in labels}) == len(labels), case


@pytest.mark.parametrize(
    ("module", "right", "wrong", "case"),
    [
        ("smooth", "const TRUNCATE = 4;", "const TRUNCATE = 3;", "tissue"),
        ("queue", "this.#atSeed ? AT_ONCE : this.#reached", "this.#reached", "cells that touch"),
        ("queue", "value >= this.#reached", "value >= 0", "noise"),
        ("tiles", "const HALO_PX = 256;", "const HALO_PX = 0;", "higher than a tile"),
        ("tiles", "tile.right + HALO_PX", "tile.right", "wider than a tile"),
        ("merging", "length += contact.length;", "length = contact.length;", "tissue"),
        ("distance", "Math.sqrt(at(x, columns[last]))", "beside[x]", "cells that touch"),
        ("peaks", "tops[lower] - highest < depth", "tops[lower] - highest <= 0", "cells that touch"),
        ("regions", "size >= Math.max(least, 1)", "size > Math.max(least, 1)", "tissue"),
        ("watershed", "const key = JSON.stringify(numbers);", 'const key = "";', "smooth"),
    ],
)
def test_a_planted_fault_is_seen(browser, url, module, right, wrong, case):
    original = (Path(service.__file__).parent / "page" / "decode" / f"{module}.js").read_text()
    assert right in original
    page = opened(browser, url)

    def answer(route):
        route.fulfill(body=original.replace(right, wrong), content_type="text/javascript")

    page.route(f"**/decode/{module}.js", answer)
    assert any(differing(page, case))
    page.context.close()
