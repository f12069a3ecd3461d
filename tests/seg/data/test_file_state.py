"""When files, and images in stores, were changed."""

import os

import numpy as np

from seg.data.file_state import changed_ns, state_of
from tests.seg.data.zarr_stores import write_image


def test_a_file_was_changed_when_it_was_written(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a")
    os.utime(tmp_path / "a.png", ns=(5, 7))
    assert changed_ns(tmp_path / "a.png") == 7


def test_a_changed_chunk_changes_its_image_and_a_label_does_not(tmp_path):
    store = tmp_path / "a.zarr"
    write_image(store, [np.zeros((40, 40), np.uint8) + 3], "yx", labels=("cells",))
    write_image(store / "labels" / "cells", [np.ones((40, 40), np.uint8)], "yx")
    before, later = state_of(store), changed_ns(store) + 10**9
    (label,) = list((store / "labels").rglob("0/0/0"))
    os.utime(label, ns=(later, later))
    assert state_of(store) == before
    assert changed_ns(store / "labels" / "cells") == later
    os.utime(store / "0" / "0" / "0", ns=(later, later))
    assert changed_ns(store) == later
    assert state_of(store) != before
