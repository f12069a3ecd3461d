"""Cells are redrawn while a slider of the decoder moves, and measured by the service once it rests."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from seg.inference.artifact_info import NetworkInfo
from seg.instances.decoder import describe_decoder
from seg.instances.watershed import WatershedDecoder
from tests.service.page.world import LEFT, MIDDLE, RIGHT, ROOMS, color_at, image, opened, pick, serving
from tests.service.world import Brightness

#: Hardly a boundary between the left and the middle room.
SHADES = ROOMS.copy()
SHADES[4:-4, 40:44] = 130


def asked(page) -> list[str]:
    """The requests for cells from here on."""
    requests: list[str] = []
    page.on("request", lambda request: "format=zip" in request.url and requests.append(request.url))
    return requests


def move(page, number: str, value: float) -> None:
    if not page.locator("#decoder").evaluate("(menu) => menu.open"):
        page.locator("#decoder summary").click()
    page.locator(f"#decoder-{number}").fill(str(value))


def cells_shown(page) -> int:
    """How many colors the three rooms have."""
    return len({tuple(color_at(page, place)) for place in (LEFT, MIDDLE, RIGHT)})


@pytest.fixture
def shown(page):
    pick(page, image("rooms.png", SHADES))
    page.locator("input[value=cells]").check(force=True)
    expect(page.locator("#count")).to_contain_text("3 cells")
    return page


def test_a_moving_slider_redraws_without_the_service_and_then_asks_it(shown):
    requests = asked(shown)
    shown.context.set_offline(True)
    for below, cells in ((0.6, 2), (0.2, 3), (0.56, 2)):
        move(shown, "merge_below", below)
        expect(shown.locator("#count")).to_contain_text(f"{cells} cells (preview")
        assert cells_shown(shown) == cells
    move(shown, "seed_score", -0.9)
    move(shown, "min_size_px", 500)
    expect(shown.locator("#count")).to_contain_text("1 cell (preview")
    expect(shown.locator("#failure")).to_contain_text("found by your browser. They are not measured yet.")
    expect(shown.locator("#failure")).to_contain_text("The service cannot be reached.")
    assert cells_shown(shown) == 1  # the message leaves the preview
    assert shown.locator("#measurements").get_attribute("inert") is not None
    requests.clear()
    shown.context.set_offline(False)
    expect(shown.locator("#count")).to_contain_text("1 cell with a median area")
    assert requests[-1].endswith("decoder=merge_below%3A0.56%2Cseed_score%3A-0.9%2Cmin_size_px%3A500")
    assert cells_shown(shown) == 1
    assert shown.locator("#measurements").get_attribute("inert") is None
    expect(shown.locator("#failure")).to_be_hidden()


def test_an_answer_does_not_bring_back_what_has_been_moved_on_from(browser):
    predictor = Brightness()
    with serving(predictor) as url:
        page = opened(browser, url)
        pick(page, image("rooms.png", SHADES))
        page.locator("input[value=cells]").check(force=True)
        predictor.hold.clear()
        move(page, "merge_below", 0.6)
        expect(page.locator("#cells-busy")).to_be_visible()  # asked for
        move(page, "merge_below", 0.58)
        expect(page.locator("#count")).to_contain_text("2 cells (preview")
        keep_moving = """() => {
            window.counts = new Set();
            window.moving = setInterval(() => {
                const slider = document.querySelector("#decoder-min_size_px");
                slider.value = slider.value === "5" ? 6 : 5;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                window.counts.add(document.querySelector("#count").textContent);
                window.kept = slider;
            }, 100);
        }"""
        page.evaluate(keep_moving)
        predictor.hold.set()
        expect(page.locator("#cells-busy")).to_be_hidden()
        page.wait_for_timeout(300)
        assert page.evaluate("[...window.counts]") == ["2 cells (preview; measured once the slider is left alone)"]
        assert page.evaluate("window.kept.isConnected && window.kept.value") in ("5", "6")  # may be dragged on
        page.evaluate("clearInterval(window.moving)")
        expect(page.locator("#count")).to_contain_text("2 cells with a median area")
        assert page.locator("#decoder-merge_below").input_value() == "0.58"
        page.context.close()


def test_an_answer_that_is_read_when_another_is_asked_for_is_forgotten(shown):
    hold = """() => {
        const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (message) {
            if (message.name !== "readCells" || window.release) return post.call(this, message);
            window.release = () => post.call(this, message);
            document.body.dataset.held = "";
        };
    }"""
    shown.evaluate(hold)
    move(shown, "merge_below", 0.6)
    expect(shown.locator("body[data-held]")).to_have_count(1)  # the answer of two cells is here
    move(shown, "merge_below", 0.02)
    expect(shown.locator("#count")).to_contain_text("3 cells (preview")
    shown.wait_for_timeout(600)  # longer than a slider has to rest
    shown.evaluate("window.release()")
    expect(shown.locator("#count")).to_contain_text("3 cells with a median area")


def test_a_slider_that_is_put_back_shows_the_measurements_again(shown):
    requests = asked(shown)
    shown.route("**/predict*", lambda route: route.abort())
    move(shown, "merge_below", 0.6)
    move(shown, "merge_below", 0)
    expect(shown.locator("#count")).to_contain_text("3 cells with a median area")
    assert shown.locator("#measurements").get_attribute("inert") is None
    shown.wait_for_timeout(600)
    assert requests == []


def test_cells_alone_are_asked_for_again_when_the_connection_is_back(shown):
    pictures: list[str] = []
    shown.on("request", lambda request: "format=view" in request.url and pictures.append(request.url))
    shown.context.set_offline(True)
    move(shown, "merge_below", 0.6)
    expect(shown.locator("#failure-preview")).to_be_visible()
    shown.context.set_offline(False)
    expect(shown.locator("#count")).to_contain_text("2 cells with a median area")
    expect(shown.locator("#failure")).to_be_hidden()
    assert pictures == []


def test_cells_at_the_border_are_left_out_of_a_preview_too(page):
    open_left = SHADES.copy()
    open_left[4:-4, :4] = 0
    pick(page, image("rooms.png", open_left))
    page.locator("#with-border").uncheck()
    page.route("**/predict*", lambda route: route.abort())
    move(page, "merge_below", 0.2)
    expect(page.locator("#count")).to_contain_text("2 cells (preview")
    move(page, "merge_below", 0.6)
    expect(page.locator("#count")).to_contain_text("1 cell (preview")


class Rooms(Brightness):
    """Also predicts the inside of the rooms, by which it finds them."""

    info = replace(
        Brightness.info,
        network=NetworkInfo("unet", "resnet18", 1, 2, {}),
        decoder=describe_decoder(WatershedDecoder(foreground="inside", sigma_px=0, min_size_px=4)),
    )

    def probabilities(self, image, tta=False, before_tile=None):
        boundary = super().probabilities(image, tta, before_tile)
        return np.concatenate([boundary, 1 - boundary])


def test_the_inside_of_the_cells_comes_with_the_measurements(browser):
    with serving(Rooms()) as url:
        page = opened(browser, url)
        pick(page, image("rooms.png", SHADES))
        expect(page.locator("#count")).to_contain_text("3 cells with")
        page.route("**/predict*", lambda route: route.abort())
        move(page, "min_size_px", 500)
        expect(page.locator("#count")).to_contain_text("3 cells (preview")
        move(page, "seed_score", 0.98)
        expect(page.locator("#count")).to_contain_text("3 cells (preview")
        move(page, "seed_score", -0.9)
        expect(page.locator("#count")).to_contain_text("3 cells (preview")  # walls are no foreground
        page.context.close()


def by_image(image):
    """Otsu's threshold, by which the service finds the foreground, needs the image."""
    return image / np.float32(127.5) - 1


class Dark(Brightness):
    info = replace(
        Brightness.info, decoder=describe_decoder(WatershedDecoder(foreground="dark", sigma_px=0, min_size_px=4))
    )

    def decode(self, probabilities, image, decoder=None):
        return (decoder or WatershedDecoder(**self.info.decoder["init_args"])).decode(
            probabilities, by_image(image)[None]
        )


class Other(Brightness):
    info = replace(
        Brightness.info, decoder={"class_path": "my.Decoder", "init_args": Brightness.info.decoder["init_args"]}
    )

    def decode(self, probabilities, image, decoder=None):
        return super().decode(probabilities, image, decoder or WatershedDecoder(sigma_px=0, min_size_px=4))


@pytest.mark.parametrize("predictor", [Dark, Other])
def test_what_the_browser_cannot_find_stays_the_services(browser, predictor):
    with serving(predictor()) as url:
        page = opened(browser, url)
        pick(page, image("rooms.png", SHADES))
        expect(page.locator("#count")).to_contain_text("with a median area")
        page.context.set_offline(True)
        move(page, "min_size_px", 500)
        expect(page.locator("#decoder-about")).to_have_text(
            "Cells are found again by the service once a slider is left alone."
        )
        expect(page.locator("#failure")).to_be_visible()
        expect(page.locator("#failure-preview")).to_be_hidden()
        assert "preview" not in page.locator("#count").inner_text()
        page.context.close()


@pytest.mark.parametrize(("width", "where"), [(2000, "your browser shows"), (2001, "again by the service")])
def test_large_images_are_left_to_the_service(browser, url, width, where):
    page = opened(browser, url)
    page.route("**/predict?format=zip*", lambda route: route.abort())
    pick(page, image("large.png", np.zeros((2000, width), np.uint8)))
    page.locator("#decoder summary").click()
    expect(page.locator("#decoder-about")).to_contain_text(where)
    page.context.close()
