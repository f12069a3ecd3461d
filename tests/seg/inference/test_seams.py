"""Where tiles meet, in the answer of a network that looks farther than a tile's halo."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from seg.data.scaling import IntensityScaling, prepare
from seg.data.synthetic import SyntheticCells
from seg.inference.optimize import optimize
from seg.inference.tiling import Tiling, partition, predict_array
from seg.inference.torch_engine import TorchEngine
from seg.network.unet import LITE0, NetworkConfig, build_network

SIDE_PX, TILE_PX, STRIDE_PX = 768, 576, 32
GREY_LEVEL = 1 / 255


def tissue(count: int, side_px: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images (1, H, W) as the network takes them, and their boundaries (H, W)."""
    cells = SyntheticCells(count=count, size_px=side_px, cell_diameter_px=40.0, seed=seed)
    return [(prepare(sample.image, IntensityScaling(), 1), sample.mask > 0) for sample in cells]


@pytest.fixture(scope="module")
def engine() -> TorchEngine:
    """A network that finds boundaries, after seconds of training: one of random weights answers with noise."""
    options = {"decoder_channels": [64, 32, 16, 16, 8]}
    network = build_network(NetworkConfig(encoder=LITE0, encoder_weights="packaged", options=options)).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=60)
    samples = tissue(8, 128, seed=0)
    for step in range(60):
        chosen = [samples[(4 * step + place) % 8] for place in range(4)]
        image, boundary = (torch.from_numpy(np.stack(parts)) for parts in zip(*chosen, strict=True))
        loss = binary_cross_entropy_with_logits(network(image)[:, 0], boundary.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return TorchEngine(optimize(network.eval(), 1))


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return tissue(1, SIDE_PX, seed=5)[0][0]


def seam(image: np.ndarray, engine: TorchEngine, tiling: Tiling) -> dict[str, float]:
    """How far a tiled answer is from the untiled one: everywhere, beside the cuts, and as steps across them.

    A step is the difference of two neighbours. Cells have steps of their own at the cuts; they are subtracted.
    """
    untiled = engine(image[None])[0, 0]
    (tiled,) = predict_array(image, engine, STRIDE_PX, tiling)
    cuts = [segment.kept.start for segment in partition(SIDE_PX, tiling, STRIDE_PX)[1:]]
    assert cuts
    difference = np.abs(tiled - untiled)
    lines = [(cut, axis) for cut in cuts for axis in (0, 1)]
    beside = [difference.take(range(cut - 2, cut + 2), axis).mean() for cut, axis in lines]
    steps = [
        [np.abs(np.diff(answer.take((cut - 1, cut), axis), axis=axis)).mean() for cut, axis in lines]
        for answer in (tiled, untiled)
    ]
    return {"mean": difference.mean(), "beside": np.mean(beside), "step": np.mean(steps[0]) - np.mean(steps[1])}


@pytest.mark.slow
def test_no_seam_can_be_seen_with_the_halo_that_large_images_get(image, engine):
    found = seam(image, engine, Tiling(TILE_PX, Tiling().halo_px))
    assert found["mean"] <= 1e-3
    assert found["beside"] < GREY_LEVEL
    assert found["step"] < GREY_LEVEL


@pytest.mark.slow
def test_without_a_halo_there_would_be_one(image, engine):
    found = seam(image, engine, Tiling(TILE_PX, 0))
    assert found["mean"] > 1e-3
    assert found["beside"] > 10 * GREY_LEVEL
    assert found["step"] > 2 * GREY_LEVEL
