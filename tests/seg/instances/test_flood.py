"""Flooding between seeds gives the labels of flooding everything."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label
from skimage.segmentation import watershed

from seg.instances import labels
from seg.instances.flood import flood


@pytest.fixture
def picture():
    rng = np.random.default_rng(3)
    relief = gaussian_filter(rng.standard_normal((150, 90)), 3)
    relief = ((relief - relief.min()) / np.ptp(relief) * 255).astype(np.uint8)
    return relief, label(relief < 100)[0].astype(np.int32)


def test_the_labels_are_those_of_flooding_everything(picture):
    relief, seeds = picture
    everywhere = np.ones(relief.shape, bool)
    assert np.array_equal(flood(relief, seeds.copy(), everywhere), watershed(relief, seeds))


def test_a_wall_outside_of_the_region_is_not_crossed():
    seeds = np.zeros((5, 9), np.int32)
    seeds[2, 1] = 1
    region = np.ones(seeds.shape, bool)
    region[:, 4] = False
    grown = flood(np.zeros(seeds.shape, np.uint8), seeds, region)
    assert (grown[:, :4] == 1).all()
    assert not grown[:, 4:].any()


def test_tiles_give_the_labels_of_the_whole_picture(picture, monkeypatch):
    relief, seeds = picture
    everywhere = np.ones(relief.shape, bool)
    whole = flood(relief, seeds.copy(), everywhere)
    monkeypatch.setattr(labels, "TILE_PX", 48)
    monkeypatch.setattr(labels, "HALOS_PX", (2, 40))
    assert np.array_equal(flood(relief, seeds.copy(), everywhere), whole)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("halo", [2, 8, 16])
def test_tiles_give_the_labels_of_the_whole_picture_where_only_order_decides(halo, seed, monkeypatch):
    noise = gaussian_filter(np.random.default_rng(seed).random((200, 80)), 3)
    relief = np.digitize(noise, np.quantile(noise, [0.3, 0.6, 0.9])).astype(np.uint8)
    seeds = label(relief == 0)[0].astype(np.int32)
    everywhere = np.ones(relief.shape, bool)
    whole = flood(relief, seeds.copy(), everywhere)
    monkeypatch.setattr(labels, "TILE_PX", 60)
    monkeypatch.setattr(labels, "HALOS_PX", (halo, 60))
    assert np.array_equal(flood(relief, seeds.copy(), everywhere), whole)


def test_nothing_to_flood_leaves_the_seeds_alone():
    seeds = np.ones((3, 3), np.int32)
    assert np.array_equal(flood(np.zeros((3, 3), np.uint8), seeds.copy(), np.ones((3, 3), bool)), seeds)
