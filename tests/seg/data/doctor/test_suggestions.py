import dataclasses
from pathlib import Path

import numpy as np
import pytest

from seg.data.doctor import suggestions
from seg.data.doctor.cells import cell_diameters, check_scale
from seg.data.doctor.suggestions import available_memory, suggest
from seg.data.labels import boundaries_from_labels
from seg.data.sample import Sample


def tiles(side_px: int, name: str = "a", seed: int = 0) -> Sample:
    """Square cells that touch, 64 of them, on noise."""
    labels = np.kron(np.arange(1, 65).reshape(8, 8), np.ones((side_px, side_px), int)).astype(np.int32)
    image = np.random.default_rng(seed).integers(0, 255, labels.shape, dtype=np.uint8)
    return Sample(name, image, boundaries_from_labels(labels, 1), labels, 1)


def settings(samples, crop_px=64) -> dict[str, tuple[str, str]]:
    found = suggest(samples, crop_px)
    return {each.setting.split(":")[0]: (each.setting.partition(": ")[2], each.reason) for each in found}


def test_the_crop_holds_some_cells_and_fits_the_smallest_image():
    value, reason = settings([tiles(25), tiles(30, "b")])["crop_px"]
    assert value == "160"  # five cells of 31 px across, which is the diameter of a circle as large
    assert "the smallest side of an image is 200 px" in reason
    assert settings([tiles(10)])["crop_px"][0] == "64"
    assert settings([tiles(4)])["crop_px"][0] == "32"
    assert settings([tiles(200)])["crop_px"][0] == "512"


@pytest.mark.parametrize(("side_px", "thickness_px"), [(5, 1), (20, 2), (35, 3), (60, 4)])
def test_the_thickness_is_a_tenth_of_a_cell_and_leaves_an_inside(side_px, thickness_px):
    value, reason = settings([tiles(side_px)])["source.init_args.thickness_px"]
    assert value == str(thickness_px)
    assert "leave 100.0% of the cells an inside" in reason


def test_masks_have_no_thickness_to_choose_and_the_tolerance_is_half_of_the_one_drawn():
    drawn = dataclasses.replace(tiles(60), labels=None, thickness_px=None)
    thick = np.zeros_like(drawn.mask)
    for line in range(60, 480, 60):
        thick[line - 4 : line + 4], thick[:, line - 4 : line + 4] = True, True
    found = settings([dataclasses.replace(drawn, mask=thick)])
    assert "source.init_args.thickness_px" not in found
    value, reason = found["model.tolerance_px"]
    assert value == "4"
    assert "boundaries are 8." in reason


@pytest.mark.parametrize(("memory", "batch"), [(1e12, "16"), (1e8, "4"), (1e6, "1")])
def test_the_batch_fits_half_of_the_memory(monkeypatch, memory, batch):
    monkeypatch.setattr(suggestions, "available_memory", lambda: (memory, "this machine"))
    value, reason = settings([tiles(10)])["batch_size"]  # crops of 64 px take 8.6 MB each
    assert value == batch
    assert "about 9 MB in a step" in reason


def test_the_memory_of_this_machine_is_known_or_assumed(monkeypatch):
    assert available_memory()[0] > 1e7
    monkeypatch.setattr(suggestions, "Path", lambda _: Path("nowhere"))
    assert available_memory() == (4e9, "a machine like most")


def test_crops_are_drawn_around_boundaries_where_most_have_none():
    sparse = dataclasses.replace(tiles(50), mask=np.pad(tiles(5).mask, ((0, 360), (0, 360))))
    assert settings([sparse])["boundary_share"] == ("0.5", "97% of the crops of 64 px have no boundary at all")
    assert "boundary_share" not in settings([tiles(20)])


def names(*given: str) -> str:
    return settings([tiles(10, name, seed) for seed, name in enumerate(given)])["split.class_path"][0]


def test_the_split_follows_the_names_or_the_likeness_of_neighbors():
    assert names("a", "b", "c") == "seg.data.split.GroupSplit"
    patients = [f"p{patient}__{image}" for patient in range(3) for image in range(2)]
    assert names(*patients) == 'seg.data.split.GroupSplit, with group: "^(.*?)__"'
    assert names(*(name.replace("__", "_") for name in patients)) == 'seg.data.split.GroupSplit, with group: "^(.*)_"'
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 1, (12, 80, 80)), axis=0) + rng.normal(0, 3, (1, 80, 80))
    sections = [dataclasses.replace(tiles(10, f"{at:02}"), image=image) for at, image in enumerate(walk)]
    value, reason = settings(sections)["split.class_path"]
    assert value == "seg.data.split.BlockSplit, with gap: 1"
    assert "sections of one volume" in reason


def test_without_cells_there_is_nothing_to_suggest():
    assert suggest([], 64) == []


def test_diameters_are_those_of_circles_and_gaps_of_a_drawing_are_no_cells():
    assert cell_diameters(tiles(10)) == pytest.approx(np.full(64, 2 * 10 / np.sqrt(np.pi)))
    mask = np.ones((20, 20), bool)
    mask[:10, :10] = mask[15, 15] = False
    assert cell_diameters(Sample("a", mask, mask)) == pytest.approx([2 * 10 / np.sqrt(np.pi)])
    valid = np.ones_like(mask)
    valid[:, :5] = False
    assert cell_diameters(Sample("a", mask, mask, valid=valid)) == pytest.approx([2 * np.sqrt(50 / np.pi)])


def test_images_of_another_magnification_are_named_but_not_those_of_a_mixture():
    (finding,) = check_scale([*(tiles(10, f"s{n}") for n in range(6)), tiles(30, "large")])
    assert "cells are usually 11 px across" in finding.text
    assert "large (34 px)" in finding.text
    assert not list(check_scale([tiles(side, str(side)) for side in (8, 12, 16, 24, 36, 48)]))
    assert not list(check_scale([dataclasses.replace(tiles(9), mask=np.zeros((72, 72), bool))]))
