"""What regions far from a boundary add to the answer there."""

import numpy as np
import pytest
from torch import nn

from seg.audit.examination import audit_cases, look_far
from seg.audit.far_regions import attribute_regions
from seg.audit.regions import find_regions
from tests.seg.audit.planted import honest_network, tank
from tests.seg.audit.trained import as_function

CORNER = "the upper left corner"


class Near(nn.Module):
    """Find a line where the image is dark."""

    def forward(self, images):
        return -4 * images


class ByCross(nn.Module):
    """Find lines only where the upper left corner is darker than others."""

    def forward(self, images):
        corner = images[..., 1:8, 4].mean(dim=2) - images[..., 9:11, :8].mean(dim=(2, 3))
        return -4 * images - 6 * corner[..., None, None]


def far(network, cases):
    return look_far(cases, network, as_function(network))


def test_a_corner_that_adds_to_the_answer_is_found():
    found = far(ByCross(), tank(12))
    assert [each.region for each in found if each.flagged] == [CORNER]
    assert len(found) >= 4
    assert "the border" not in {each.region for each in found}  # its mirror images are itself
    assert found[0].sentence.endswith("on its mirror images")


def test_of_a_network_that_looks_at_the_line_alone_nothing_is_found():
    found = far(Near(), tank(12))
    assert found
    assert not any(each.flagged for each in found)


def test_what_is_far_is_told_as_a_cause_once():
    cases = tank(12)
    audit = audit_cases(cases, as_function(ByCross()), 0.5)
    together = type(audit)(**{**vars(audit), "far": far(ByCross(), cases)})
    assert together.causes.count(CORNER) == 1
    alone = type(audit)(**{**vars(audit_cases(cases, honest_network, 0.5)), "far": far(ByCross(), cases)})
    assert alone.causes == [CORNER]
    assert "rests on it" in alone.verdict[1]


@pytest.mark.parametrize("size_px", [32, 4096])
def test_too_small_or_too_large_images_are_not_examined(size_px):
    region = np.zeros((size_px, size_px), bool)
    region[: size_px // 4, : size_px // 4] = True
    cases = [type(case)(case.name, np.zeros((1, size_px, size_px), np.float32), region) for case in tank(2)]
    assert attribute_regions(cases, Near(), lambda image: image[0], {CORNER: region, "middle": ~region}) == []


def test_one_image_of_a_size_tells_nothing():
    assert far(Near(), tank(1)) == []
    assert find_regions(tank(1))
