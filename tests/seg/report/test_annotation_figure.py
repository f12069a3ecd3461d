"""What the report says of more annotated images."""

import json
from dataclasses import replace

from seg.record import SplitScores
from seg.report.one import write_report
from tests.seg.records import DATA, config, record

IMAGES = ["s1", "s2", "s3"]


def save_arms(folder, counts):
    """Save two seeds for each number of training images, without pictures."""
    for count in counts:
        for seed in range(2):
            value = 0.8 - 0.5 / count + 0.01 * seed
            values = [value - 0.02, value, value + 0.03]
            scores = SplitScores(IMAGES, {"boundary_f1": values, "iou": values, "ap": values})
            seen = replace(DATA, train=[str(number) for number in range(count)], test=IMAGES)
            run = record(f"dice_{count}", seed, scores, config=config(None, {"train_images": count}), data=seen)
            path = folder / run.name / str(seed)
            path.mkdir(parents=True)
            run.save(path)
            (path / "metrics.csv").write_text("epoch,step,val/boundary_f1,val/loss\n0,9,0.3,0.9\n")
    write_report(folder)
    return (folder / "report.html").read_text()


def test_page_markdown_json_and_figure_tell_what_more_images_would_bring(tmp_path):
    page = save_arms(tmp_path, [1, 2, 4, 8])
    sentence = "dice: 8 more annotated images (16 instead of 8) would bring about +0.0"
    assert sentence in page
    assert sentence in (tmp_path / "report.md").read_text()
    assert sentence in json.loads((tmp_path / "report.json").read_text())["annotation"][0]
    assert (tmp_path / "figures" / "annotation.svg").is_file()
    assert 'href="#annotation"' in page


def test_without_numbers_of_images_to_compare_the_report_says_nothing_of_them(tmp_path):
    assert "annotated images" not in save_arms(tmp_path, [1, 2])
    assert not (tmp_path / "figures" / "annotation.svg").exists()
