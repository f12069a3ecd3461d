import re

import imagecodecs
import numpy as np

from benchmarks import answer_memory
from benchmarks.answer_memory import measure, one

SIDE = 200


def test_what_an_answer_takes_is_told_per_pixel(tmp_path, capsys, monkeypatch):
    path = tmp_path / "image.png"
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
    path.write_bytes(imagecodecs.png_encode(noise))
    monkeypatch.setattr(answer_memory, "reset_peak", lambda: 1_000_000)
    monkeypatch.setattr(answer_memory, "peak", lambda: 1_000_000 + 7 * SIDE**2)
    measure(path, "probability")  # a PNG of 8 bits of noise in 16
    grown, without = map(float, re.findall(r"[\d.]+", capsys.readouterr().out))
    assert grown == 7
    assert 5 <= without <= 6


def test_one_cell_has_a_boundary_around_it():
    image = one(5)
    assert image[1:-1, 1:-1].max() == 0
    assert (image > 0).sum() == 16
