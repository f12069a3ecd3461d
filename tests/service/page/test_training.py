"""From corrections in the page to a comparison that has learned from them."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from playwright.sync_api import expect
from scipy.ndimage import label

from tests.service.page.world import LEFT, MIDDLE, ROOMS, downloaded, drag, image, unzipped

_SMALL = {"data.crop_px": 64, "data.batch_size": 2, "data.steps_per_epoch": 2, "trainer.max_epochs": 1}


@pytest.mark.slow
def test_a_comparison_trains_on_what_the_page_saved(page, tiny, tmp_path):
    names = [f"section{number}" for number in range(5)]
    noise = np.random.default_rng(0).integers(0, 60, (len(names), *ROOMS.shape), np.uint8)  # no two are the same
    sections = np.maximum(ROOMS, noise)
    page.locator("#picker").set_input_files(
        [image(f"{name}.png", section) for name, section in zip(names, sections, strict=True)]
    )
    expect(page.locator("#list li.ready")).to_have_count(len(names))
    page.locator("#tab-correct").click()
    page.locator("#tool-merge").check(force=True)
    drag(page, LEFT, MIDDLE)
    page.locator("#tool-split").check(force=True)
    drag(page, (100, 2), (100, 78))
    for number in range(1, len(names)):
        page.locator("#list .open").nth(number).click()
        page.locator("#include").click()
    for name, content in unzipped(downloaded(page, "#save")[1]).items():
        path = tmp_path / "corrections" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    mask = np.array(Image.open(io.BytesIO((tmp_path / "corrections/masks/section0.png").read_bytes())))
    rooms, _ = label(mask == 0)
    assert rooms[LEFT[::-1]] == rooms[MIDDLE[::-1]] != 0  # merged
    assert rooms[40, 90] != rooms[40, 110]  # split
    assert (mask != ROOMS).any()

    plan = {
        "configs": [str(tiny / "base.yaml")],
        "data": "corrections/data.yaml",
        "losses": [str(Path(__file__).parents[3] / "configs/loss/dice.yaml")],
        "seeds": [0],
        "options": _SMALL,
    }
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-m", "seg", "compare", "plan.yaml", "--out", "compared"]
    done = subprocess.run(command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (record,) = (tmp_path / "compared").rglob("record.json")
    run = json.loads(record.read_text())
    assert run["status"] == "finished"
    assert sorted(run["data"]["train"] + run["data"]["val"] + run["data"]["test"]) == names
    assert (tmp_path / "compared" / "report.html").is_file()
