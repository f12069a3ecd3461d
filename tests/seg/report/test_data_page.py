import base64
import dataclasses
import io
import re

import numpy as np
from PIL import Image

from seg.data.doctor.examination import Examination
from seg.data.doctor.finding import Finding
from seg.data.sample import Sample
from seg.data.split import SplitIndices
from seg.data.synthetic import SyntheticCells
from seg.report.data_page import overlay, write_data_page

SAMPLES = list(SyntheticCells(count=5, size_px=64, cell_diameter_px=20.0))
SPLIT = SplitIndices(train=[0, 1], val=[2], test=[3, 4])


def decoded(uri: str) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_the_page_shows_every_split_and_finding_and_loads_nothing(tmp_path):
    findings = [Finding("error", "leakage", "a <copy> in two splits"), Finding("warning", "size", "another one")]
    write_data_page(Examination(SAMPLES, SPLIT, findings), "mine", tmp_path / "out" / "page.html")
    page = (tmp_path / "out" / "page.html").read_text()
    assert "a &lt;copy&gt; in two splits" in page
    assert re.findall(r"<h2>(\w+)</h2>", page) == ["train", "val", "test"]
    assert [name for sample in SAMPLES if (name := sample.name) not in page] == []
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    share = f"{100 * SAMPLES[2].mask.mean():.1f} %"
    assert f"<td>1</td><td>{share}</td><td>{share}</td><td>{share}</td><td>64x64</td>" in page


def test_without_a_split_or_any_image_there_is_still_a_page(tmp_path):
    write_data_page(Examination(SAMPLES, None, []), "mine", tmp_path / "page.html")
    assert "Nothing is wrong or doubtful" in (tmp_path / "page.html").read_text()
    write_data_page(Examination([], None, [Finding("error", "files", "none")]), "mine", tmp_path / "page.html")
    assert "none" in (tmp_path / "page.html").read_text()


def test_the_boundary_is_drawn_over_the_image_also_when_it_is_reduced():
    image, mask = np.full((640, 700), 50, np.uint16), np.zeros((640, 700), bool)
    image[:, 350:], mask[301, :] = 5000, True
    picture = decoded(overlay(Sample("a", image, mask)))
    assert picture.shape == (214, 234, 3)
    assert picture[10, 10].tolist() == [0, 0, 0]
    assert picture[10, 200].tolist() == [255, 255, 255]
    assert picture[100, 10].tolist() == [153, 63, 0]


def test_colors_and_cells_are_shown(tmp_path):
    colors = [dataclasses.replace(sample, image=np.repeat(sample.image[..., None], 3, 2)) for sample in SAMPLES]
    write_data_page(Examination(colors, SPLIT, []), "mine", tmp_path / "page.html")
    counts = [len(np.unique(colors[index].labels)) - 1 for index in SPLIT.val]
    assert f"<td>{counts[0]}</td></tr>" in (tmp_path / "page.html").read_text()
