"""Corrections: drawn, taken back, kept and saved so that a training reads them."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from scipy.ndimage import label

from seg.data.doctor.command import load_data
from seg.data.folder import ImageFolder
from tests.service.page.world import (
    LEFT,
    MIDDLE,
    RIGHT,
    ROOMS,
    downloaded,
    drag,
    image,
    is_boundary,
    opened,
    pick,
    point,
    unzipped,
)
from tests.service.world import png_of, tiff_of


@pytest.fixture
def correcting(page):
    pick(page, image("rooms.png"))
    page.locator("#tab-correct").click()
    return page


def choose(page, tool: str) -> None:
    page.locator(f"#tool-{tool}").check(force=True)


def saved(page) -> dict[str, bytes]:
    name, data = downloaded(page, "#save")
    assert name == "corrections.zip"
    return unzipped(data)


def mask_of(page, kind: str = "masks", name: str = "rooms") -> np.ndarray:
    return np.array(Image.open(io.BytesIO(saved(page)[f"{kind}/{name}.png"])))


def rooms_in(mask) -> int:
    return label(mask == 0)[1]


def test_the_view_that_is_marked_is_the_one_that_is_drawn(page):
    pick(page, image("rooms.png"))
    page.locator("input[value=cells]").check(force=True)
    page.locator("#tab-correct").click()
    assert is_boundary(page, (41, 40))
    expect(page.locator("input[value=boundary]")).to_be_checked()
    page.locator("#tab-measure").click()
    expect(page.locator("input[value=cells]")).to_be_checked()


def test_a_stroke_across_a_room_splits_it(correcting):
    choose(correcting, "split")
    drag(correcting, (6, 30), (37, 50))
    drag(correcting, (2, 28), (8, 32))
    drag(correcting, (36, 49), (42, 53))
    assert rooms_in(mask_of(correcting)) == 4


def test_a_stroke_from_room_to_room_merges_them_and_leaves_the_others_apart(correcting):
    choose(correcting, "merge")
    drag(correcting, LEFT, MIDDLE)
    mask = mask_of(correcting)
    assert rooms_in(mask) == 2
    expected = ROOMS.copy()
    expected[4:-4, 40:44] = 0
    differing = mask != expected
    assert not differing[8:-8].any()  # where wall meets wall, what is nearer to a third side stays
    assert (mask[:3] == 255).all()
    assert (mask[:, 78:82] == 255).all()


def test_a_deleted_cell_joins_the_neighbor_of_its_longest_wall(correcting):
    choose(correcting, "delete")
    correcting.mouse.click(*point(correcting, RIGHT))
    mask = mask_of(correcting)
    assert rooms_in(mask) == 2
    assert (mask[40, 78:82] == 0).all()
    assert (mask[40, 40:44] == 255).all()


def test_boundary_is_drawn_and_erased_with_brushes_of_any_size(correcting):
    choose(correcting, "draw")
    correcting.locator("#brush").fill("7")
    correcting.mouse.click(*point(correcting, LEFT))
    assert is_boundary(correcting, LEFT)
    choose(correcting, "erase")
    correcting.locator("#brush").fill("1")
    correcting.mouse.click(*point(correcting, LEFT))
    mask = mask_of(correcting)
    drawn = np.argwhere(mask != ROOMS)
    assert mask[LEFT[1], LEFT[0]] == 0
    assert len(drawn) == pytest.approx(np.pi * 3.5**2 - 1, abs=4)
    assert np.abs(drawn - [LEFT[1], LEFT[0]]).max() == 3


def test_shift_joins_two_clicks_by_a_straight_line(correcting):
    choose(correcting, "draw")
    correcting.locator("#brush").fill("1")
    correcting.mouse.click(*point(correcting, (50, 20)))
    correcting.keyboard.down("Shift")
    correcting.mouse.click(*point(correcting, (50, 60)))
    correcting.keyboard.up("Shift")
    assert (mask_of(correcting)[20:61, 50] == 255).all()


def test_every_step_can_be_taken_back_and_made_again(correcting):
    choose(correcting, "merge")
    drag(correcting, LEFT, MIDDLE)
    choose(correcting, "draw")
    correcting.mouse.click(*point(correcting, LEFT))
    correcting.locator("#undo").click()
    correcting.keyboard.press("Control+z")
    expect(correcting.locator("#undo")).to_be_disabled()
    assert np.array_equal(mask_of(correcting), ROOMS)
    correcting.keyboard.press("Control+Shift+z")
    assert rooms_in(mask_of(correcting)) == 2
    correcting.locator("#redo").click()
    expect(correcting.locator("#redo")).to_be_disabled()
    assert mask_of(correcting)[LEFT[1], LEFT[0]] == 255


def test_what_is_not_annotated_is_grey_in_the_mask(correcting):
    choose(correcting, "void")
    correcting.locator("#brush").fill("9")
    drag(correcting, (38, 40), (46, 40))
    files = saved(correcting)
    assert sorted(files) == ["README.txt", "data.yaml", "images/rooms.png", "masks/rooms.png"]
    mask = np.array(Image.open(io.BytesIO(files["masks/rooms.png"])))
    assert mask[40, 38:47].tolist() == [128] * 9
    assert (mask[mask != 128] == ROOMS[mask != 128]).all()


def test_keys_alone_can_split_a_room(correcting):
    correcting.locator("#canvas").focus()
    correcting.keyboard.press("s")
    correcting.keyboard.press("Enter")  # in the middle of the picture, which is in the middle room
    for key in ["ArrowUp"] * 40 + ["ArrowDown"] * 80:
        correcting.keyboard.press(key)
    correcting.keyboard.press("Enter")
    assert rooms_in(mask_of(correcting)) == 4


def test_a_comparison_reads_the_unpacked_archive(correcting, tmp_path, monkeypatch):
    choose(correcting, "merge")
    drag(correcting, LEFT, MIDDLE)
    choose(correcting, "void")
    correcting.locator("#brush").fill("5")
    correcting.mouse.click(*point(correcting, RIGHT))
    correcting.locator("#picker").set_input_files(
        [
            image("rooms.png", 255 - ROOMS),
            {"name": "a b.ome.tif", "mimeType": "image/tiff", "buffer": tiff_of(ROOMS, photometric="minisblack")},
            {
                "name": "st.tif",
                "mimeType": "image/tiff",
                "buffer": tiff_of(np.stack([ROOMS] * 2), photometric="minisblack"),
            },
        ]
    )
    expect(correcting.locator("#list li.ready")).to_have_count(4)
    for number in (1, 2, 3):
        correcting.locator("#list .open").nth(number).click()
        correcting.locator("#include").click()
    for name, content in saved(correcting).items():
        path = tmp_path / "corrections" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    loss = Path(__file__).parents[3] / "configs/loss/dice.yaml"
    Path("plan.yaml").write_text(f"data: corrections/data.yaml\nlosses: [{loss}]\nseeds: [0]\n")
    data, _ = load_data(Path("plan.yaml"), [])
    assert isinstance(data.source, ImageFolder)
    samples = {sample.name: sample for sample in data.source}
    assert sorted(samples) == ["a_b", "rooms", "rooms_2", "st-0000"]
    assert label(~samples["rooms"].mask)[1] == 2
    assert np.array_equal(samples["rooms_2"].image, 255 - ROOMS)
    assert np.array_equal(samples["rooms_2"].mask, ROOMS == 0)
    assert np.array_equal(samples["st-0000"].image, ROOMS)
    assert np.argwhere(~samples["rooms"].valid).mean(axis=0) == pytest.approx(RIGHT[::-1])
    assert [samples[name].valid for name in ("a_b", "rooms_2", "st-0000")] == [None] * 3
    assert data.split.groups(["a_b", "st-0000", "st-0001"]) == ["a_b", "st", "st"]


def test_a_draft_outlives_a_reload_and_leaving_is_warned_of(browser, url):
    page = opened(browser, url)
    file = image("draft.png")
    pick(page, file)
    page.locator("#tab-correct").click()
    choose(page, "merge")
    drag(page, LEFT, MIDDLE)
    page.wait_for_timeout(700)  # drafts are kept once things are quiet
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    stored = """() => new Promise((resolve) => {
        const opening = indexedDB.open("septum", 1);
        opening.onsuccess = () => {
            const all = opening.result.transaction("drafts").objectStore("drafts").getAllKeys();
            all.onsuccess = () => resolve(all.result);
        };
    })"""
    assert [key.split("/")[0] for key in page.evaluate(stored)] == ["draft.png"]
    page.reload()
    assert asked == ["beforeunload"]
    page.context.close()


def test_the_draft_of_the_same_file_comes_back(browser, url, tmp_path):
    path = tmp_path / "draft.png"
    path.write_bytes(png_of(ROOMS))
    page = opened(browser, url)
    page.on("dialog", lambda dialog: dialog.accept())
    for visit in range(2):
        page.locator("#picker").set_input_files(path)
        page.locator("#list li.ready").wait_for()
        page.locator("#tab-correct").click()
        if visit == 0:
            choose(page, "merge")
            drag(page, LEFT, MIDDLE)
            page.wait_for_timeout(700)
            page.reload()
    expect(page.locator("#message")).to_contain_text("Your unsaved corrections of draft.png are back.")
    assert rooms_in(mask_of(page, name="draft")) == 2
    page.reload()
    page.locator("#picker").set_input_files(path)
    page.locator("#list li.ready").wait_for()
    page.locator("#tab-correct").click()
    expect(page.locator("#correct-state")).to_contain_text("Not corrected yet.")  # what was saved is no draft
    page.context.close()
