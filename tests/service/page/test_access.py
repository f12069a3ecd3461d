"""Everyone: narrow screens, dark and light, languages, screen readers."""

import re
from dataclasses import replace

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.service.page.world import ROOMS, image, opened, pick, serving
from tests.service.world import Familiar, Shelf

SERIOUS = {"serious", "critical"}


class Scored(Familiar):
    """Knows how good it is."""

    info = replace(
        Familiar.info,
        rank_by="cells_v_info",
        scores={
            "validation": {"cells_v_info": 0.65},
            "test": {"v_rand": 0.36, "iou": 0.7, "instance_f1": 0.8, "cells_v_info": 0.6, "hd95_px": 3.0},
        },
        intervals={"iou": [0.612, 0.788]},
    )


def findings(page) -> list[str]:
    """What axe-core calls serious; it is run where the policy of the page does not keep it out."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in SERIOUS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screen_readers_and_weak_eyes_find_nothing_serious(browser, url, scheme):
    page = opened(browser, url, color_scheme=scheme, bypass_csp=True)
    assert findings(page) == []
    pick(page, image("rooms.png"))
    page.locator("#grid tbody tr:not(.spacer)").first.click()
    for tab in ("measure", "correct", "download"):
        page.locator(f"#tab-{tab}").click()
        assert findings(page) == [], tab
    page.locator("[data-opens=card-dialog]").click()
    assert findings(page) == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_menu_and_dialog_is_accessible_and_fits(browser, scheme, width):
    with serving(Scored()) as url:
        page = opened(browser, url, color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 844})
        pick(page, image("rooms.png"))
        for menu in ("decoder", "contrast"):
            page.locator(f"#{menu} summary").click()
            expect(page.locator(f"#{menu} .popup")).to_be_visible()
            assert findings(page) == [], menu
            assert page.evaluate("document.documentElement.scrollWidth") <= width, menu
            page.keyboard.press("Escape")
        for dialog in ("card", "help", "token"):
            page.evaluate(f"document.querySelector('#{dialog}-dialog').showModal()")
            assert findings(page) == [], dialog
            box = page.locator(f"#{dialog}-dialog").bounding_box()
            assert box["x"] >= 0, dialog
            assert box["x"] + box["width"] <= width, dialog
            page.evaluate(f"document.querySelector('#{dialog}-dialog').close()")
        page.context.close()


@pytest.mark.parametrize(
    ("width", "locale"), [(390, "en-US"), (390, "ru-RU"), (390, "de-DE"), (820, "de-DE"), (1280, "ru-RU")]
)
def test_nothing_is_wider_than_the_screen(browser, url, width, locale):
    page = opened(browser, url, viewport={"width": width, "height": 844}, locale=locale)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pick(page, image("rooms.png"))
    for tab in ("measure", "correct", "download"):
        page.locator(f"#tab-{tab}").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
    page.context.close()


@pytest.mark.parametrize(
    ("locale", "title", "cells"),
    [
        ("de-DE", "Zellen in Ihren Bildern finden", "3 Zellen"),
        ("ru-RU", "Найдите клетки на ваших снимках", "3 клетки"),
        ("fr-FR", "Find the cells in your images", "3 cells"),
    ],
)
def test_the_language_is_that_of_the_browser_or_english(browser, url, locale, title, cells):
    page = opened(browser, url, locale=locale)
    expect(page.locator("#welcome-title")).to_have_text(title)
    pick(page, image("rooms.png"))
    expect(page.locator("#list .state")).to_have_text(cells)
    page.locator("#language").select_option("en")
    expect(page.locator("#list .state")).to_have_text("3 cells")
    page.reload()
    expect(page.locator("#welcome-title")).to_have_text("Find the cells in your images")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_comparison_and_warning_are_accessible_and_fit_a_phone(browser, scheme):
    with serving(Familiar(), Shelf(two=Familiar())) as url:
        page = opened(browser, url, color_scheme=scheme, bypass_csp=True, viewport={"width": 390, "height": 844})
        pick(page, image("color.png", np.stack([ROOMS] * 3, axis=2)))
        page.locator("#other-model").select_option("septum:two")
        expect(page.locator("#swipe-right")).to_contain_text("cells")
        page.locator("#contrast summary").click()
        expect(page.locator("#unlike")).to_be_visible()
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.context.close()


def test_the_tabs_are_used_by_keys(page):
    pick(page, image("rooms.png"))
    page.locator("#tab-measure").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-correct")).to_be_focused()
    expect(page.locator("#panel-correct")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panel-measure")).to_be_visible()


def test_the_model_card_tells_loss_and_training(page):
    page.locator("[data-opens=card-dialog]").click()
    card = page.locator("#card-dialog")
    expect(card).to_contain_text("L2 (losses.L2Loss)")
    expect(card).to_contain_text("septum:one")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_a_score_without_words_of_its_own_is_told_by_its_key(browser):
    class Odd(Familiar):
        info = replace(Familiar.info, rank_by="cl_dice", scores={"test": {"cl_dice": 0.5, "iou": 0.7}})

    with serving(Odd()) as url:
        page = opened(browser, url)
        expect(page.locator("#card-score-list .score-name").nth(0)).to_have_text("cl_dice")
        page.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_bar_above_the_picture_is_one_line_at_1280_pixels_and_fits_a_phone(browser, url, width):
    page = opened(browser, url, viewport={"width": width, "height": 800})
    pick(page, image("rooms.png"))
    middles = [
        box["y"] + box["height"] / 2
        for box in (page.locator(part).bounding_box() for part in ("#views", "#contrast summary", ".opacity"))
        if box
    ]
    assert len(middles) == (3 if width == 1280 else 2)  # a phone has no room for the opacity
    assert width < 1280 or max(middles) - min(middles) < 6
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_the_model_card_tells_how_good_within_which_limits_and_how_its_images_look(browser):
    with serving(Scored()) as url:
        page = opened(browser, url)
        page.locator("[data-opens=card-dialog]").click()
        scores = page.locator("#card-score-list li")
        chosen, found, overlap, regions = scores.all_inner_texts()
        assert "V Info of the cells\nof the cells: neither split nor merged, by information; the model was" in chosen
        assert "Cells found (F1)\nof the cells" in found
        assert "Boundary overlap (IoU)\nof the boundary" in overlap
        assert "V Rand of the boundary\nof the regions that the boundary at the threshold separates" in regions
        expect(scores.nth(2)).to_contain_text(re.compile("0.7000.612.0.788$"))
        expect(scores.nth(0).locator("b small")).to_have_count(0)
        quantiles = np.median([each[:5] for each in Scored.info.reference.images], axis=0)
        darkest, dark, middle, bright, brightest = (int(100 * value + 0.5) for value in quantiles)
        look = page.locator("#card-looks .look")
        expect(look).to_have_count(1)
        most = f"nearly all from {darkest} to {brightest} %"
        about = f"Median {middle} %, half of the pixels from {dark} to {bright} %, {most}"
        expect(look).to_have_attribute("aria-label", about)
        half = look.locator(".half").bounding_box()
        assert half["width"] / look.bounding_box()["width"] == pytest.approx((bright - dark) / 100, abs=0.01)
        page.context.close()
