import numpy as np
import pytest
import torch

from seg.data.synthetic import SyntheticCells
from seg.loss_gallery.predictions import as_target, masks_by_prevalence, typical_predictions

MASK = next(iter(SyntheticCells(count=1, size_px=96, cell_diameter_px=24.0))).mask


def test_masks_cover_the_requested_shares_and_are_nested():
    rare, common = masks_by_prevalence(MASK, [0.02, 0.3])
    assert (rare.mean(), common.mean()) == (pytest.approx(0.02, abs=1e-4), pytest.approx(0.3, abs=1e-4))
    assert common.shape == (256, 256)
    assert not (rare & ~common).any()


def test_a_mask_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match=r"at least 64 x 64 pixels, it has \(32, 96\)"):
        masks_by_prevalence(MASK[:32], [0.1])
    with pytest.raises(ValueError, match="no boundary in the middle"):
        masks_by_prevalence(np.zeros((80, 80), dtype=bool), [0.1])


def test_predictions_match_their_names():
    (mask,) = masks_by_prevalence(MASK, [0.1])
    found = {name: logits.sigmoid()[0, 0].numpy() for name, logits in typical_predictions(mask).items()}
    assert found["black"].max() < 0.01
    assert np.all(found["grey"] == 0.5)
    assert found["white"].min() > 0.99
    assert np.array_equal(found["perfect"] > 0.5, mask)
    assert np.array_equal(found["shifted"] > 0.5, np.roll(mask, 1, axis=1))
    broken = found["broken"] > 0.5
    assert not (broken & ~mask).any()
    assert 0.7 * mask.sum() < broken.sum() < 0.9 * mask.sum()
    assert 0.1 < found["blurred"][mask].mean() < 0.9
    assert torch.equal(as_target(mask)[0, 0], torch.from_numpy(mask).float())
