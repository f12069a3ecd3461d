"""The numbers of the service, linked with the picture."""

import csv
import io

import pytest
from playwright.sync_api import expect

from tests.service.page.world import LEFT, MIDDLE, ROOMS, color_at, downloaded, image, pick, point
from tests.service.world import png_of


@pytest.fixture
def measured(page):
    pick(page, image("rooms.png"))
    return page


def column(page, name: str) -> list[str]:
    heads = [head.rstrip(" ▲▼") for head in page.locator("#grid th").all_inner_texts()]
    place = heads.index(name) + 1
    return page.locator(f"#grid tbody tr:not(.spacer) td:nth-child({place})").all_inner_texts()


def test_the_table_has_the_numbers_of_the_service(measured):
    answer = measured.request.post(f"{measured.url}predict?format=csv", data=png_of(ROOMS)).text()
    rows = list(csv.DictReader(io.StringIO(answer)))
    assert column(measured, "Cell") == ["1", "2", "3"]
    assert column(measured, "Area (px)") == [f"{int(row['area']):,}" for row in rows]
    shown = [float(text) for text in column(measured, "Circularity")]
    assert shown == pytest.approx([float(row["circularity"]) for row in rows], rel=1e-3)


def test_a_column_sorts_the_table_down_and_up(measured):
    areas = [36 * 72, 34 * 72, 34 * 72]
    assert column(measured, "Area (px)") == [f"{area:,}" for area in areas]
    head = measured.locator("#grid th", has_text="Area (px)")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert column(measured, "Cell") == ["1", "2", "3"]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(measured, "Cell") == ["2", "3", "1"]


def test_a_click_on_a_cell_marks_its_row_and_a_click_on_a_row_its_cell(measured):
    measured.locator("input[value=cells]").check(force=True)
    measured.mouse.click(*point(measured, MIDDLE))
    expect(measured.locator("#grid tr.chosen")).to_have_attribute("data-cell", "2")
    gray = color_at(measured, MIDDLE)
    assert max(gray) - min(gray) < 3  # the chosen one is brightened, not colored
    measured.locator("#grid tbody tr:not(.spacer)").first.click()
    expect(measured.locator("#grid tr.chosen")).to_have_attribute("data-cell", "1")
    gray = color_at(measured, LEFT)
    assert max(gray) - min(gray) < 3
    measured.locator("#grid table").focus()
    measured.keyboard.press("ArrowDown")
    expect(measured.locator("#grid tr.chosen")).to_have_attribute("data-cell", "2")


def test_a_cell_under_the_pointer_is_told_of(measured):
    measured.mouse.move(*point(measured, LEFT))
    expect(measured.locator("#readout")).to_contain_text("Cell 1 Area (px) 2,592")
    measured.mouse.move(*point(measured, (42, 40)))
    expect(measured.locator("#readout")).to_be_hidden()


def test_the_sliders_of_the_decoder_give_the_numbers_of_the_service(page):
    shades = ROOMS.copy()
    shades[4:-4, 40:44] = 130  # hardly a boundary
    pick(page, image("rooms.png", shades))
    expect(page.locator("#count")).to_contain_text("3 cells")
    page.locator("#decoder summary").click()
    page.locator("#decoder-merge_below").fill("0.6")
    expect(page.locator("#count")).to_contain_text("2 cells with a median area")
    answer = page.request.post(f"{page.url}predict?format=csv&decoder=merge_below:0.6", data=png_of(shades)).text()
    assert column(page, "Area (px)") == [f"{int(row['area']):,}" for row in csv.DictReader(io.StringIO(answer))]
    page.keyboard.press("Escape")
    page.locator("#tab-download").click()
    method = downloaded(page, "[data-offer=method]")[1]
    assert b"merge_below=0.6" in method
    page.locator("#decoder summary").click()
    page.locator("#decoder-reset").click()
    expect(page.locator("#list .state")).to_have_text("3 cells")


def test_cells_at_the_border_can_be_left_out(page):
    open_left = ROOMS.copy()
    open_left[4:-4, :4] = 0
    pick(page, image("rooms.png", open_left))
    expect(page.locator("#count")).to_contain_text(
        "3 cells with a median area of 2,448 px. 1 of them touches the border"
    )
    page.locator("#with-border").uncheck()
    expect(page.locator("#count")).to_contain_text(
        "2 cells with a median area of 2,448 px. 1 more at the border is left out"
    )
    assert column(page, "Cell") == ["2", "3"]
    page.locator("input[value=cells]").check(force=True)
    gray = color_at(page, LEFT)
    assert max(gray) - min(gray) < 3
    assert max(color_at(page, MIDDLE)) - min(color_at(page, MIDDLE)) > 30


def test_the_histogram_counts_every_cell_and_marks_the_chosen_one(measured):
    heights = [float(bar.get_attribute("height")) for bar in measured.locator("#histogram rect").all()]
    full, half = max(heights), sorted(set(heights))[1]
    assert (heights[0], heights[-1]) == (full, half)
    assert half == pytest.approx(full / 2)
    assert sum(height > 0 for height in heights) == 2
    measured.mouse.click(*point(measured, LEFT))
    expect(measured.locator("#histogram rect").last).to_have_class("marked")
    measured.locator("#measure").select_option("neighbors")
    expect(measured.locator("#histogram svg")).to_have_attribute("aria-label", "Histogram of Neighbors from 1 to 2")


def test_the_size_of_a_pixel_gives_micrometers(measured):
    measured.locator("#pixel-size").fill("0,5")
    expect(measured.locator("#count")).to_contain_text("µm²")
    assert column(measured, "Area (µm²)")[0] == "648"
    measured.locator("#pixel-size").fill("many")
    expect(measured.locator("#pixel-size")).to_have_attribute("aria-invalid", "true")


SORT = """async (version) => {
    const table = await import(`${location.origin}/page/${version}/measure/table.js`);
    const made = table.parseTable("label,area,touches_border\\n1,30,0\\n2,,1\\n3,10,0\\n4,20,1\\n");
    const { counts, low, high } = table.countInBins([0, 1, 2, 3, 4, NaN], 4);
    return {
        down: table.sortedRows(made, "area", true, true),
        up: table.sortedRows(made, "area", false, false),
        border: [...table.borderLabels(made)],
        median: [table.median([3, 1, NaN, 2]), table.median([4, 1])],
        bins: [counts, low, high],
    };
}"""


def test_values_that_are_missing_come_last_and_count_nowhere(page):
    version = page.locator("script").get_attribute("src").split("/")[1]
    assert page.evaluate(SORT, version) == {
        "down": [0, 3, 2, 1],
        "up": [2, 0],
        "border": [0, 0, 1, 0, 1],
        "median": [2, 2.5],
        "bins": [[1, 1, 1, 2], 0, 4],
    }
