import numpy as np
import pytest

from seg.data.doctor.truth_checks import mean_thickness_px


@pytest.mark.parametrize("thickness_px", [2, 4, 8])
def test_the_thickness_of_a_band_is_measured(thickness_px):
    mask = np.zeros((40, 40), bool)
    mask[10 : 10 + thickness_px] = True
    assert mean_thickness_px(mask) == pytest.approx(thickness_px)
