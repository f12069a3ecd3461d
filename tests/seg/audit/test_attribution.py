"""Where a network looks: at the boundary, or at a corner far from it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from seg.audit.attribution import IMAGES, WINDOW_PX, attribute, integrated_gradients, with_statistics
from seg.audit.cases import MARGIN_PX, Case
from seg.audit.examination import audit_cases
from seg.network.unet import NetworkConfig, build_network
from seg.report.audit_page import write_audit_page
from tests.seg.audit.planted import honest_network, tank
from tests.seg.records import record


class Dark(nn.Module):
    """Find a line where the image is dark."""

    def forward(self, image):
        return -image


class Corner(nn.Module):
    """Answer the same everywhere, by the upper left corner."""

    def forward(self, image):
        return -image * 0.01 - image[..., :8, :8].mean(dim=(2, 3), keepdim=True)


def far_cases(count=3):
    """Images with two lines far from the corner, which is dark."""
    rng, cases = np.random.default_rng(0), []
    for number in range(count):
        truth = np.zeros((64, 64), bool)
        truth[40:, 50] = truth[50, 40:] = True
        image = np.where(truth, -0.8, 0.6) + rng.normal(0, 0.01, truth.shape)
        image[:8, :8] = -0.8
        cases.append(Case(f"{number}", image.astype(np.float32)[None], truth))
    return cases


def test_a_network_that_looks_at_the_boundary_alone_looks_near():
    found = attribute(far_cases(), Dark(), Corner())
    assert found.shares == pytest.approx([1.0] * 3)
    assert found.untrained_share < 0.1
    assert not found.flagged
    assert found.sentence.startswith(f"100% of what the answer at boundary pixels rests on is within {MARGIN_PX} px")


def test_a_network_that_looks_at_the_corner_is_found_out_and_the_example_shows_where():
    found = attribute(far_cases(), Corner(), Dark())
    assert found.share < 0.1
    assert found.flagged
    assert found.example.weight[:8, :8].sum() > 0.9
    assert not found.example.near[:8, :8].any()


def test_the_verdict_tells_where_the_network_looks():
    cases = tank(honest=True)
    audit = audit_cases(cases, honest_network, 0.5)
    assert audit.causes == []
    clean = replace(audit, attribution=attribute(cases, Dark(), Corner()))
    assert clean.causes == []
    assert "of what the answer at boundary pixels rests on" in " ".join(clean.verdict)
    caught = replace(audit, attribution=attribute(far_cases(), Corner(), Dark()))
    assert caught.causes == ["what is far from the boundary"]
    assert caught.verdict[1].endswith("of an untrained network 100%.")


def test_the_page_shows_where_the_network_looks_or_what_it_takes_to_see_it(tmp_path):
    audit = audit_cases(tank(4, honest=True), honest_network, 0.5)
    assert "Not examined: it takes captum" in write_audit_page(audit, tmp_path, record("l2"), tmp_path).read_text()
    seen = replace(audit, attribution=attribute(far_cases(), Corner(), Dark()))
    page = write_audit_page(seen, tmp_path, record("l2"), tmp_path).read_text()
    assert page.count("data:image/png") == len(audit.occlusions) + 1
    assert "The image with the smallest share (" in page


def test_images_without_boundary_are_left_out():
    empty = [replace(case, truth=np.zeros_like(case.truth)) for case in far_cases()]
    assert attribute(empty, Dark(), Dark()) is None
    assert len(attribute([*empty, *far_cases(IMAGES + 2)], Dark(), Dark()).shares) == IMAGES


def test_of_a_large_image_a_window_around_its_boundary_is_examined():
    truth = np.zeros((WINDOW_PX + 100, 80), bool)
    truth[WINDOW_PX + 90] = True
    case = Case("large", np.random.default_rng(0).normal(0, 0.1, (2, *truth.shape)).astype(np.float32), truth)
    look = attribute([case], Mean(), Mean()).example
    assert look.image.shape == (2, WINDOW_PX, 80)
    assert look.near[WINDOW_PX - 10].any()


class Mean(nn.Module):
    """The mean of the channels."""

    def forward(self, image):
        return image.mean(dim=1, keepdim=True)


def test_integrated_gradients_share_out_what_each_pixel_adds():
    weights = torch.arange(16.0).reshape(1, 1, 4, 4)

    class Weighted(nn.Module):
        def forward(self, image):
            return (image * weights).sum(dim=(2, 3), keepdim=True).expand_as(image)

    image = np.where(np.eye(4), 1, 0).astype(np.float32)[None]
    found = integrated_gradients(Weighted(), image, (np.array([0]), np.array([0])))
    assert np.diag(found) == pytest.approx(np.array([0, 5, 10, 15]) / 30)
    assert found.sum() == pytest.approx(1)


def test_an_untrained_network_gets_the_statistics_of_the_images():
    network = nn.Sequential(nn.BatchNorm2d(1))
    images = [np.full((1, 4, 4), value, np.float32) for value in (1, 3)]
    calibrated = with_statistics(network, images)
    assert not calibrated.training
    assert calibrated[0].running_mean.item() == pytest.approx(2)


def test_a_u_net_can_be_attributed():
    config = NetworkConfig(encoder_weights=None, options={"decoder_channels": [8, 8, 8, 8, 8]})
    found = attribute(far_cases(1), build_network(config), build_network(config, seed=1))
    assert 0 < found.share < 1
    assert found.example.weight.sum() == pytest.approx(1, abs=1e-4)
