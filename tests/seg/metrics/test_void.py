"""Scores of images of which only some pixels are annotated."""

import numpy as np
import pytest
import torch

from seg.data.synthetic import SyntheticCells
from seg.metrics.image_scores import ImageScores
from seg.metrics.suite import Case, score_cases

CELLS = SyntheticCells(count=1, size_px=96, cell_diameter_px=30)[0]
VALID = np.ones((96, 96), np.bool_)
VALID[:, 60:] = False
BEST = {"brier": 0, "ece": 0, "hd95_px": 0, "betti0_error": 0, "betti1_error": 0, "undecided_share": 0}


def blurred(mask: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).uniform(0, 0.45, mask.shape)
    return np.where(mask, 1 - noise, noise).astype(np.float32)


def scores(probability, mask, valid=None, cells=None, found=None) -> dict[str, float]:
    suite = score_cases([Case("a", probability, mask, cells, found, valid)], 0.5, 2.0)
    return {key: values[0] for key, values in suite.metrics.items()} | suite.optimistic


@pytest.mark.parametrize("with_cells", [False, True])
def test_nothing_at_void_pixels_changes_any_score(with_cells):
    probability = np.roll(blurred(CELLS.mask), 1, axis=0)
    cells = (CELLS.labels, np.roll(CELLS.labels, 1, axis=0)) if with_cells else (None, None)
    expected = scores(probability, CELLS.mask, VALID, *cells)
    for value in (0, 1):
        there = [None if each is None else np.where(VALID, each, value) for each in cells]
        changed = scores(
            np.where(VALID, probability, value).astype(np.float32),
            np.where(VALID, CELLS.mask, value > 0),
            VALID,
            *there,
        )
        assert changed == expected


def test_what_is_right_where_it_is_annotated_is_perfect():
    probability = np.where(VALID, CELLS.mask, 0.5).astype(np.float32)
    perfect = scores(probability, CELLS.mask, VALID)
    for name, value in perfect.items():
        assert value == pytest.approx(BEST.get(name, 1), abs=1e-6), name


def test_scores_beside_a_void_half_are_those_of_the_other_half():
    probability = np.roll(blurred(CELLS.mask), 1, axis=0)
    cut = np.ascontiguousarray(probability[:, :60]), np.ascontiguousarray(CELLS.mask[:, :60])
    there, alone = scores(probability, CELLS.mask, VALID), scores(*cut)
    differ = {key for key in alone if there[key] != pytest.approx(alone[key], abs=1e-6)}
    assert differ <= {"sharpness", "boundary_iou_1px", "boundary_iou_2px", "boundary_iou_3px"}  # see the image's edge


def test_the_threshold_is_chosen_on_annotated_pixels():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4] = 1
    probability = torch.where(mask > 0, 0.3, 0.1)
    valid = torch.ones_like(mask).bool()
    valid[..., 6:] = False
    probability[..., 6:] = 0.9  # would ask for a threshold above it
    table = ImageScores(1.0, "iou")
    table.update(probability, mask, valid)
    scored = table.compute()
    assert 0.1 < scored.best_threshold("iou") <= 0.3
    assert scored.at_threshold["iou"].max() == 1
    ((evidence,),) = scored.evidence
    assert evidence.prevalence == pytest.approx(8 / 48)
    assert evidence.highest == pytest.approx(0.3)
