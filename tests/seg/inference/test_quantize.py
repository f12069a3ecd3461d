import numpy as np
import pytest

from seg.inference.golden import Golden
from seg.inference.quantize import check_quantized


def frame(width_px: int = 1) -> np.ndarray:
    """The probability (1, 1, 64, 64) of a vertical line."""
    probability = np.zeros((1, 1, 64, 64), np.float32)
    probability[..., 30 : 30 + width_px] = 0.9
    return probability


def golden() -> Golden:
    return Golden(image=np.zeros((1, 1, 64, 64), np.float32), truth=frame()[0, 0] > 0.5)


def test_the_same_masks_are_accepted_whatever_the_probabilities():
    measured = check_quantized(lambda _: frame() / 1.5, lambda _: frame(), [golden()], 0.5, 2.0)
    assert measured == {"dice": 1.0, "boundary_f1_loss": 0.0}


def test_masks_that_overlap_too_little_are_refused():
    # 64 pixels in common of 64 and 128: 2 * 64 / 192
    with pytest.raises(ValueError, match=r"a Dice of 0\.6667 \(at least 0\.99"):
        check_quantized(lambda _: frame(2), lambda _: frame(), [golden()], 0.5, 2.0)


def test_a_boundary_that_is_found_less_well_is_refused(monkeypatch):
    monkeypatch.setattr("seg.inference.quantize.MIN_DICE", 0.0)
    with pytest.raises(ValueError, match=r"boundary F1 is 0\.0000 instead of 1\.0000"):
        check_quantized(lambda _: frame() * 0, lambda _: frame(), [golden()], 0.5, 2.0)
