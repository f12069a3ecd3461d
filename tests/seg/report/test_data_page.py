import base64
import dataclasses
import io
import re

import numpy as np
from PIL import Image

from seg.data.doctor.examination import Examination
from seg.data.doctor.finding import Finding
from seg.data.doctor.neighbors import compare_splits
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
    write_data_page(Examination(SAMPLES, SPLIT, findings), 32, "mine", tmp_path / "out" / "page.html")
    page = (tmp_path / "out" / "page.html").read_text()
    assert "a &lt;copy&gt; in two splits" in page
    assert re.findall(r"<h2>(\w+)</h2>", page) == ["train", "val", "test"]  # the others have several words
    assert [name for sample in SAMPLES if (name := sample.name) not in page] == []
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    share = f"{100 * SAMPLES[2].mask.mean():.1f} %"
    assert f"<td>1</td><td>{share}</td><td>{share}</td><td>{share}</td><td>64x64</td>" in page


def test_without_a_split_or_any_image_there_is_still_a_page(tmp_path):
    write_data_page(Examination(SAMPLES, None, []), 32, "mine", tmp_path / "page.html")
    assert "Nothing is wrong or doubtful" in (tmp_path / "page.html").read_text()
    write_data_page(Examination([], None, [Finding("error", "files", "none")]), 32, "mine", tmp_path / "page.html")
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
    write_data_page(Examination(colors, SPLIT, []), 32, "mine", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    count = len(np.unique(colors[2].labels)) - 1
    assert re.search(rf"<td>64x64</td><td>{count}</td><td>\d+ \(\d+ to \d+\)</td></tr>", page)
    assert f"<title>{SAMPLES[2].name}: {count}</title>" in page


def test_the_most_alike_pictures_of_two_splits_are_shown_side_by_side(tmp_path):
    turned = dataclasses.replace(SAMPLES[3], image=np.rot90(SAMPLES[0].image).copy())
    moved = dataclasses.replace(SAMPLES[4], image=np.roll(SAMPLES[1].image, 3, axis=0))
    samples = [*SAMPLES[:3], turned, moved]
    examination = Examination(samples, SPLIT, [], compare_splits(samples, SPLIT))
    write_data_page(examination, 32, "mine", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    captions = re.findall(r"<figcaption>(the same picture.*|correlation .*)</figcaption>", page)
    assert captions[0] == "the same picture, perhaps flipped or turned"
    assert re.fullmatch(r"correlation 0\.\d\d: the same place", captions[1])
    assert re.fullmatch(r"correlation 0\.\d\d: not the same place, which has more than 0.75", captions[2])
    shown = re.findall(r'<span class="soft">(.*)</span>', page)
    assert shown[:4] == [
        "synthetic-0000 (train)",
        "synthetic-0003 (test)",
        "synthetic-0001 (train)",
        "synthetic-0004 (test)",
    ]
    assert "Correlation with the most alike training image" in page


def test_several_sizes_are_counted(tmp_path):
    cropped = [
        dataclasses.replace(each, image=each.image[:n], mask=each.mask[:n], labels=each.labels[:n])
        for each, n in zip(SAMPLES, (64, 64, 50, 48, 40), strict=True)
    ]
    write_data_page(Examination(cropped, None, []), 32, "mine", tmp_path / "page.html")
    assert "64x64 (2), 64x50 (1), 64x48 (1) and 1 more" in (tmp_path / "page.html").read_text()


def test_settings_are_suggested_with_reasons(tmp_path):
    write_data_page(Examination(SAMPLES, SPLIT, []), 32, "mine", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    settings = [text.split(":")[0] for text in re.findall(r"<code>(.*)</code>", page)]
    assert settings == ["crop_px", "batch_size", "model.tolerance_px", "split.class_path"]
