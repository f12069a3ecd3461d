"""Contrast and channels of what is looked at; predictions do not depend on them."""

from dataclasses import replace

import numpy as np
from playwright.sync_api import expect

from tests.service.page.world import LEFT, MIDDLE, ROOMS, color_at, image, is_boundary, opened, pick, serving
from tests.service.world import Brightness, tiff_of

WALL = (41, 40)
SHADES = ROOMS.copy()
SHADES[10:70, 10:35], SHADES[10:70, 50:70] = 51, 102


class Pair(Brightness):
    """Takes two channels and sees the second."""

    info = replace(Brightness.info, network=replace(Brightness.info.network, in_channels=2), channels=[0, 1])

    def probabilities(self, image, tta=False, before_tile=None):
        return super().probabilities(image[..., 1], tta, before_tile)


def slide(page, which: str, value: float) -> None:
    page.locator(f"#{which}").fill(str(value))


def test_black_and_white_can_be_moved_and_the_boundary_stays(page):
    pick(page, image("rooms.png", SHADES))
    page.locator("input[value=image]").check(force=True)
    assert [color_at(page, place)[0] for place in (LEFT, MIDDLE, WALL)] == [51, 102, 255]
    page.locator("#contrast summary").click()
    slide(page, "bright", 0.4)
    assert [color_at(page, place)[0] for place in (LEFT, MIDDLE, WALL)] == [128, 255, 255]
    slide(page, "dark", 0.2)
    assert [color_at(page, place)[0] for place in (LEFT, MIDDLE, WALL)] == [0, 255, 255]
    slide(page, "bright", 0)
    slide(page, "dark", 1)
    assert [color_at(page, place)[0] for place in (LEFT, MIDDLE, WALL)] == [204, 153, 0]
    page.locator("#contrast-reset").click()
    assert [color_at(page, place)[0] for place in (LEFT, MIDDLE, WALL)] == [51, 102, 255]
    page.keyboard.press("Escape")
    expect(page.locator("#dark")).to_be_hidden()
    page.locator("input[value=boundary]").check(force=True)
    assert is_boundary(page, WALL)


def test_a_dim_16_bit_image_is_brightened(page):
    dim = (1000 + 4 * SHADES.astype(np.uint16)).astype(np.uint16)
    pick(page, {"name": "dim.tif", "mimeType": "image/tiff", "buffer": tiff_of(dim, photometric="minisblack")})
    page.locator("input[value=image]").check(force=True)
    page.locator("#contrast summary").click()
    slide(page, "bright", 0.2)
    assert color_at(page, LEFT) == [255] * 3


def test_red_green_and_blue_are_shown_one_by_one(page):
    color = np.stack([SHADES, 255 - SHADES, ROOMS], axis=2)
    pick(page, image("color.png", color))
    page.locator("input[value=image]").check(force=True)
    assert color_at(page, LEFT) == [51, 204, 0]
    page.locator("#contrast summary").click()
    page.get_by_label("Red").uncheck()
    assert color_at(page, LEFT) == [0, 204, 0]
    page.get_by_label("Green").uncheck()
    page.get_by_label("Red").check()
    assert color_at(page, LEFT) == [51, 0, 0]


def test_the_channels_of_a_fluorescence_image_have_colors_and_are_shown_one_by_one(browser):
    with serving(Pair()) as url:
        page = opened(browser, url)
        pair = tiff_of(np.stack([SHADES, ROOMS]), photometric="minisblack", metadata={"axes": "CYX"}, imagej=True)
        pick(page, {"name": "pair.tif", "mimeType": "image/tiff", "buffer": pair})
        assert is_boundary(page, WALL)
        page.locator("input[value=image]").check(force=True)
        assert color_at(page, LEFT) == [51, 0, 51]
        assert color_at(page, WALL) == [255, 255, 255]
        page.locator("#contrast summary").click()
        page.get_by_label("Channel 1").uncheck()
        assert color_at(page, LEFT) == [0, 0, 0]
        assert color_at(page, WALL) == [0, 255, 0]
        page.get_by_label("Channel 1").check()
        page.get_by_label("Channel 2").uncheck()
        slide(page, "bright", 0.4)
        assert color_at(page, LEFT) == [128, 0, 128]
        page.context.close()
        assert page.said == []
