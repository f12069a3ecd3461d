"""Two models on the same image, left and right of a line."""

import pytest
from playwright.sync_api import expect

from tests.service.page.world import LEFT, RIGHT, color_at, image, is_boundary, opened, pick, serving
from tests.service.world import Brightness, Shelf

WALLS = (41, 40), (79, 40)


class Dark(Brightness):
    """Dark pixels are boundary."""

    def probabilities(self, image, tta=False, before_tile=None):
        return 1 - super().probabilities(image, tta, before_tile)


@pytest.fixture
def comparing(browser):
    with serving(store=Shelf(two=Dark())) as url:
        page = opened(browser, url)
        pick(page, image("rooms.png"), image("again.png"))
        page.locator("#list li.ready").nth(1).wait_for()
        page.locator("#other-model").select_option("septum:two")
        expect(page.locator("#swipe-right")).to_contain_text("cell")
        yield page
        page.context.close()
        assert page.said == []


def found(page) -> list[bool]:
    return [is_boundary(page, place) for place in (WALLS[0], LEFT, WALLS[1], RIGHT)]


def test_the_served_model_is_left_of_the_line_and_the_other_one_right_of_it(comparing):
    assert found(comparing) == [True, False, False, True]
    comparing.locator("#swipe").fill("1")
    assert found(comparing) == [True, False, True, False]
    comparing.locator("#swipe").focus()
    comparing.keyboard.press("Home")
    assert found(comparing) == [False, True, False, True]


def test_what_each_finds_is_told_in_numbers(comparing):
    expect(comparing.locator("#swipe-left")).to_have_text("l2 · 22 % boundary · 3 cells")
    expect(comparing.locator("#swipe-right")).to_contain_text("78 % boundary")


def test_the_line_is_moved_by_the_mouse(comparing):
    box = comparing.locator("#swipe").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    comparing.mouse.move(*middle)
    comparing.mouse.down()
    comparing.mouse.move(box["x"] + 5, middle[1], steps=5)
    comparing.mouse.up()
    assert found(comparing) == [False, True, False, True]


def test_cells_are_compared_the_next_image_too_and_no_model_ends_it(comparing):
    comparing.locator("input[value=cells]").check(force=True)
    assert color_at(comparing, RIGHT) == [0, 0, 0]
    assert color_at(comparing, LEFT) != [0, 0, 0]
    comparing.locator("input[value=boundary]").check(force=True)
    comparing.locator("#list .open").nth(1).click()
    expect(comparing.locator("#swipe-right")).to_be_visible()
    assert found(comparing) == [True, False, False, True]
    comparing.locator("#tab-correct").click()
    expect(comparing.locator("#swipe-frame")).to_be_hidden()
    assert found(comparing) == [True, False, True, False]
    comparing.locator("#tab-measure").click()
    comparing.locator("#other-model").select_option("")
    assert found(comparing) == [True, False, True, False]


def test_a_store_of_one_model_offers_no_comparison(page):
    expect(page.locator("#model-name")).to_have_text("L2")
    expect(page.locator("#compare")).to_be_hidden()


def test_a_model_that_cannot_be_loaded_is_told(browser):
    shelf = Shelf(two=Dark())
    with serving(store=shelf) as url:
        page = opened(browser, url)
        pick(page, image("rooms.png"))
        expect(page.locator("#compare")).to_be_visible()
        shelf.predictors.clear()
        page.locator("#other-model").select_option("septum:two")
        expect(page.locator("#message")).to_contain_text("The service no longer has this model.")
        assert found(page) == [True, False, True, False]
        page.context.close()
