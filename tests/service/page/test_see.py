"""Images come in, and what the model finds is drawn over them."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.service.page.world import (
    LEFT,
    MIDDLE,
    RIGHT,
    ROOMS,
    color_at,
    downloaded,
    image,
    is_boundary,
    opened,
    pick,
    point,
    serving,
)
from tests.service.world import Brightness, Familiar, png_of, smooth_image, tiff_of

WALL = (41, 40)


def states(page) -> list[str]:
    return page.locator("#list .state").all_inner_texts()


def test_a_dropped_image_gets_its_boundary(page):
    drop = """(bytes) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], "rooms.png", { type: "image/png" }));
        document.body.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true }));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
    }"""
    page.evaluate(drop, list(png_of(ROOMS)))
    page.locator("#list li.ready").wait_for()
    assert page.locator("#list .name").inner_text() == "rooms.png"
    assert is_boundary(page, WALL)
    assert color_at(page, LEFT) == [0, 0, 0]


def test_the_sample_is_there_for_the_first_try(browser, url):
    page = opened(browser, url)
    page.route("**/predict?format=zip*", lambda route: route.abort())  # its many cells are slow with this predictor
    page.locator("#sample").click()
    page.locator("#list li.failed").wait_for()
    assert page.locator("#list .name").inner_text() == "sample.png"
    assert color_at(page, (224, 224), (448, 448)) != [0, 0, 0]
    page.context.close()


def test_several_images_are_listed_and_looked_at_in_turn(page):
    pick(page, image("a.png"), image("b.png", np.full((50, 50), 255, np.uint8)), image("c.png"))
    expect(page.locator("#list li.ready")).to_have_count(3)
    assert states(page) == ["3 cells", "0 cells", "3 cells"]
    page.locator("#list .open").nth(1).click()
    expect(page.locator("#boundary-share")).to_contain_text(re.compile("^100 %"))
    page.locator("#list .remove").nth(1).click(force=True)
    assert page.locator("#list .name").all_inner_texts() == ["a.png", "c.png"]


def test_each_view_shows_what_it_is_called_for(page):
    pick(page, image("rooms.png"))
    shown = {}
    for view in ("image", "probability", "cells", "outlines"):
        page.locator(f"input[value={view}]").check(force=True)
        shown[view] = [tuple(color_at(page, place)) for place in (WALL, LEFT, MIDDLE)]
    assert shown["image"] == [(255, 255, 255), (0, 0, 0), (0, 0, 0)]
    red, green, blue = shown["probability"][0]
    assert min(red, green) > blue + 80  # viridis ends in yellow
    assert shown["cells"][0] == (255, 255, 255)
    assert len({*shown["cells"][1:], (0, 0, 0)}) == 3
    assert shown["outlines"] == shown["image"]


def test_the_threshold_answers_at_once_and_without_the_service(page):
    shades = ROOMS.copy()
    shades[:, 40:44] = 120
    pick(page, image("rooms.png", shades))
    page.context.set_offline(True)
    assert not is_boundary(page, WALL)
    page.locator("#threshold").fill("0.4")
    assert is_boundary(page, WALL)
    assert page.locator("#threshold-value").inner_text() == "0.40"
    share = 100 * (shades >= 102).mean()
    assert page.locator("#boundary-share").inner_text() == f"{share:g} % of the image is boundary"
    page.locator("#threshold-reset").click()
    assert not is_boundary(page, WALL)


MASKS = """async ([version, bytes, thresholds]) => {
    const { readGray16 } = await import(`${location.origin}/page/${version}/background/png.js`);
    const { boundaryCode } = await import(`${location.origin}/page/${version}/viewer/raster.js`);
    const answer = await fetch("/predict?format=probability", { method: "POST", body: new Uint8Array(bytes) });
    const { data } = await readGray16(new Uint8Array(await answer.arrayBuffer()));
    return thresholds.map((threshold) => Array.from(data, (code) => Number(code >= boundaryCode(threshold))));
}"""


@pytest.mark.parametrize("kind", ["8 bits", "floating point"])
def test_the_mask_of_the_slider_is_that_of_the_service(page, kind):
    probability = np.random.default_rng(0).random((40, 50), np.float32)
    if kind == "8 bits":
        probability = (np.arange(2000).reshape(40, 50) % 256).astype(np.uint8)
    body = png_of(probability) if kind == "8 bits" else tiff_of(probability, photometric="minisblack")
    thresholds = [0.0, 0.2, 0.5, 0.505, 0.8, 0.995, 1.0]
    version = page.locator("script").get_attribute("src").split("/")[1]
    masks = page.evaluate(MASKS, [version, list(body), thresholds])
    scale = np.float32(255) if kind == "8 bits" else np.float32(1)
    for threshold, mask in zip(thresholds, masks, strict=True):
        url = f"{page.url}predict?threshold={threshold}"
        served = np.array(Image.open(io.BytesIO(page.request.post(url, data=body).body()))) == 0
        differ = np.array(mask, bool).reshape(40, 50) != served
        below = threshold - probability / scale  # the browser may be off by a rounding to 16 bits
        assert ((below[differ] > 0) & (below[differ] < 1 / 65535)).all()
        assert kind != "8 bits" or not differ.any()


def test_mouse_and_keys_zoom_and_move(page):
    pick(page, image("rooms.png"))
    page.locator("input[value=image]").check(force=True)
    page.mouse.move(*point(page, WALL))
    for _ in range(8):
        page.mouse.wheel(0, -100)
    assert color_at(page, WALL) == [255, 255, 255]  # what is under the pointer stays there
    assert color_at(page, (2, 40)) == [0, 0, 0]  # the outer wall has gone
    page.keyboard.press("Tab")
    page.locator("#canvas").focus()
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    assert color_at(page, (1, 40)) == [255, 255, 255]
    page.keyboard.press("0")
    assert color_at(page, (14, 40)) == [0, 0, 0]


def test_an_image_unlike_those_of_the_training_is_warned_of(browser):
    with serving(Familiar()) as url:
        page = opened(browser, url)
        pick(page, image("usual.png", smooth_image()), image("rooms.png"))
        expect(page.locator("#list li.ready")).to_have_count(2)
        expect(page.locator("#unlike")).to_be_hidden()
        assert states(page)[1] == "3 cells · unusual"
        page.locator("#list .open").nth(1).click()
        expect(page.locator("#unlike")).to_contain_text("unlike those that the model was trained on")
        expect(page.locator("#unlike")).to_contain_text("Its texture is another one")
        page.locator("#list .open").nth(0).click()
        expect(page.locator("#unlike")).to_be_hidden()
        page.context.close()


def test_a_stack_is_shown_page_by_page(page):
    stack = tiff_of(np.stack([ROOMS, 255 - ROOMS, ROOMS]), photometric="minisblack")
    pick(page, {"name": "stack.tif", "mimeType": "image/tiff", "buffer": stack})
    assert page.locator("#page-value").inner_text() == "1 of 3"
    assert is_boundary(page, WALL)
    page.locator("#page").fill("2")
    expect(page.locator("#boundary-share")).to_contain_text(re.compile("^78"))
    assert is_boundary(page, LEFT)
    assert not is_boundary(page, WALL)


def test_a_16_bit_image_is_shown_with_the_contrast_of_the_network(page):
    dim = 1000 + ROOMS.astype(np.uint16)
    pick(page, {"name": "dim.tif", "mimeType": "image/tiff", "buffer": tiff_of(dim, photometric="minisblack")})
    page.locator("input[value=image]").check(force=True)
    assert color_at(page, WALL) == [255, 255, 255]
    assert color_at(page, LEFT) == [0, 0, 0]


def test_a_broken_file_is_explained_with_the_id_of_the_request_and_the_next_one_shown(browser, url):
    page = opened(browser, url)
    pick(page, {"name": "broken.png", "mimeType": "image/png", "buffer": png_of(ROOMS)[:100]})
    assert page.locator("#boundary-share").inner_text() == ""
    assert page.locator("#failure-text").inner_text().startswith("This file is damaged or incomplete.")
    assert len(page.locator("#failure-details").inner_text().split("request ")[1].strip(")")) == 32
    pick(page, image("good.png"))
    page.locator("#list li.ready").wait_for()
    assert is_boundary(page, WALL)
    page.context.close()


def test_a_file_that_is_no_image_is_refused_by_name(page):
    page.locator("#picker").set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"cells"})
    assert page.locator("#message").inner_text() == "Not an image: notes.txt"
    assert page.locator("#list li").count() == 0


def test_a_lost_connection_is_told_and_mended(browser, url):
    page = opened(browser, url)
    page.context.set_offline(True)
    pick(page, image("rooms.png"))
    assert page.locator("#failure-text").inner_text().startswith("The service cannot be reached.")
    page.context.set_offline(False)
    page.locator("#list li.ready").wait_for()
    assert is_boundary(page, WALL)
    page.context.close()


def test_a_worker_that_could_not_be_loaded_is_loaded_again(browser, url):
    page = browser.new_context(locale="en-US").new_page()
    page.route("**/background/work.js", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.url.endswith("work.js")):
        page.goto(url)
    expect(page.locator("#model-name")).to_have_text("L2")
    page.unroute_all()
    pick(page, image("rooms.png"))
    page.locator("#list li.ready").wait_for(timeout=20_000)
    page.context.close()


def test_a_service_that_comes_back_gets_the_image_again(browser, url):
    page = opened(browser, url)
    for path in ("predict", "livez"):
        page.route(f"**/{path}*", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/livez")):
        pick(page, image("rooms.png"))
    page.unroute_all()
    page.locator("#list li.ready").wait_for()
    assert is_boundary(page, WALL)
    page.context.close()


def test_a_busy_service_is_waited_for(browser):
    predictor = Brightness()
    predictor.hold.clear()
    with serving(predictor, queue=1) as url:
        page = opened(browser, url)
        send = "(bytes) => { fetch('/predict', { method: 'POST', body: new Uint8Array(bytes) }).catch(() => {}); }"
        for _ in range(2):
            page.evaluate(send, list(png_of(ROOMS)))
        page.wait_for_timeout(300)
        page.locator("#picker").set_input_files(image("rooms.png"))
        expect(page.locator("#busy-text")).to_contain_text("The service is busy with other images")
        predictor.hold.set()
        expect(page.locator("#list li.ready")).to_have_count(1)
        assert is_boundary(page, WALL)
        page.context.close()


def test_an_image_that_takes_long_is_a_job(browser):
    with serving(max_predict_pixels=5_000) as url:
        page = opened(browser, url)
        sent = []
        page.on("request", lambda request: sent.append(request.url.removeprefix(url).split("?")[0].split("/")[0]))
        pick(page, image("rooms.png"))
        assert is_boundary(page, WALL)
        assert sent.count("jobs") >= 4  # started and fetched, for the boundary and for the cells
        page.context.close()


def test_a_job_that_waits_is_told_how_many_are_before_it(browser):
    predictor = Brightness()
    predictor.hold.clear()
    with serving(predictor, max_predict_pixels=5_000, large_pixels=5_000) as url:
        page = opened(browser, url)
        for _ in range(2):
            page.request.post(f"{url}jobs", data=png_of(ROOMS))
        page.locator("#picker").set_input_files(image("rooms.png"))
        expect(page.locator("#busy-text")).to_contain_text("it waits in the queue of the service, 2 before it")
        predictor.hold.set()
        expect(page.locator("#list li.ready")).to_have_count(1)
        page.context.close()


def test_the_token_is_asked_for_until_it_is_right(browser):
    with serving(token="Schlüssel") as url:
        page = opened_with_token(browser, url)
        pick(page, image("rooms.png"))
        assert is_boundary(page, RIGHT) is False
        assert is_boundary(page, WALL)
        page.context.close()


def opened_with_token(browser, url):
    page = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800}).new_page()
    page.goto(url)
    page.locator("#token").fill("wrong")
    page.keyboard.press("Enter")
    page.locator("#token-wrong", has_text="not accepted").wait_for()
    page.locator("#token").fill("Schlüssel")
    page.keyboard.press("Enter")
    expect(page.locator("#model-name")).to_have_text("L2")
    return page


def test_a_model_that_averages_is_asked_to_by_default(browser):
    class Averaging(Brightness):
        info = replace(Brightness.info, tta=True)

    with serving(Averaging()) as url:
        page = opened(browser, url)
        pick(page, image("rooms.png"))
        expect(page.locator("#tta")).to_be_checked()
        assert is_boundary(page, LEFT)  # this predictor inverts the turned image
        page.locator("#tta").uncheck()
        expect(page.locator("#boundary-share")).to_contain_text(re.compile("^22"))


def test_the_thorough_prediction_is_the_services(page):
    pick(page, image("rooms.png"))
    page.locator("#tta").check()
    expect(page.locator("#boundary-share")).to_contain_text(re.compile("^78"))
    assert is_boundary(page, LEFT)  # this predictor inverts the turned image
    page.locator("#list li.ready").wait_for()
    page.locator("#tab-download").click()
    name, data = downloaded(page, "[data-offer=mask]")
    assert name == "rooms_mask.png"
    assert np.array_equal(np.array(Image.open(io.BytesIO(data))) == 0, ROOMS == 0)
