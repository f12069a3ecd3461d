"""Metrics that libraries have as well, on random and on real masks."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from torchmetrics.detection import PanopticQuality
from torchmetrics.functional.segmentation import dice_score

from seg.data.reading import read_image_file
from seg.metrics.image_scores import ImageScores
from seg.metrics.instance import instance_scores
from seg.metrics.pixel import overlap
from seg.metrics.surface import surface_scores


def random_masks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Blobs, some of which touch the picture's edge."""
    generator = np.random.default_rng(seed)
    coarse = [generator.random((8, 9)) < 0.4 for _ in range(2)]
    return tuple(np.kron(mask, np.ones((4, 4))).astype(bool) for mask in coarse)


def as_batch(mask: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(mask)[None, None].float()


def real_masks(folder) -> tuple[np.ndarray, np.ndarray]:
    return tuple(read_image_file(folder / "isbi2012" / "masks" / f"{n}.png")[:200, :200] == 0 for n in (25, 26))


def assert_surfaces_equal_monai(prediction: np.ndarray, mask: np.ndarray) -> None:
    first, second = as_batch(prediction), as_batch(mask)
    scores = surface_scores(prediction, mask, tolerance_px=2)
    hd95 = compute_hausdorff_distance(first, second, include_background=True, percentile=95).item()
    surface_dice = compute_surface_dice(first, second, class_thresholds=[2.0], include_background=True).item()
    assert (scores.hd95_px, scores.surface_dice) == pytest.approx((hd95, surface_dice), abs=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_surface_scores_equal_monai(seed):
    assert_surfaces_equal_monai(*random_masks(seed))


def test_surface_scores_of_real_masks_equal_monai(real_data):
    assert_surfaces_equal_monai(*real_masks(real_data))


def test_dice_of_real_masks_equals_torchmetrics(real_data):
    prediction, mask = real_masks(real_data)
    expected = dice_score(as_batch(prediction).long(), as_batch(mask).long(), num_classes=1, input_format="one-hot")
    _, dice = overlap(torch.from_numpy(prediction).float(), torch.from_numpy(mask), torch.tensor([0.5]))
    assert dice.item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_panoptic_quality_equals_torchmetrics(seed):
    generator = np.random.default_rng(seed)
    truth = np.kron(np.arange(1, 13).reshape(3, 4), np.ones((6, 6), int)) * (generator.random((18, 24)) < 0.9)
    proposal = np.roll(truth, generator.integers(0, 3), axis=1)
    metric = PanopticQuality(things={1}, stuffs={0}, return_per_class=True)
    pictures = [
        torch.from_numpy(np.stack([labels > 0, labels], axis=-1).astype(int))[None] for labels in (proposal, truth)
    ]
    assert instance_scores(proposal, truth).pq == pytest.approx(metric(*pictures)[0, 0].item(), abs=1e-6)


def pictures_of_rank(rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(rank)
    mask = torch.rand(1 + rank, 1, 24, 24, generator=generator) < 0.2
    return torch.rand(mask.shape, generator=generator), mask.float()


def score_as_one_of_two(rank: int, folder: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    scores = ImageScores(tolerance_px=2)
    scores.update(*pictures_of_rank(rank))
    table = scores.compute()
    torch.save((table.at(0.5), len(table.evidence)), f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_gather_the_images_of_both(tmp_path):
    ranks = [subprocess.Popen([sys.executable, __file__, str(rank), str(tmp_path)]) for rank in range(2)]
    try:
        assert [process.wait(250) for process in ranks] == [0, 0]
    finally:
        for process in ranks:
            process.kill()
    alone = ImageScores(tolerance_px=2)
    for rank in range(2):
        alone.update(*pictures_of_rank(rank))
    expected = alone.compute().at(0.5)
    for rank in range(2):
        found, images = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert images == 3
        for name, values in expected.items():
            assert torch.equal(found[name], values), name


if __name__ == "__main__":
    score_as_one_of_two(int(sys.argv[1]), sys.argv[2])
