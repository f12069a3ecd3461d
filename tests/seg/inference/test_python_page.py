"""The code of docs/python.md does what the page says."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from seg.inference.predictor import Predictor

PAGE = (Path(__file__).parents[3] / "docs" / "python.md").read_text()


@pytest.fixture
def names(made, tmp_path, monkeypatch, capsys) -> dict:
    """The variables of the page after its code has run, and what it printed."""
    shutil.copyfile(made / "golden_image.png", tmp_path / "cell.png")
    monkeypatch.chdir(tmp_path)
    variables: dict = {"folder": str(made)}
    for code in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(code, variables)
    return variables | {"printed": capsys.readouterr().out}


def test_the_page_predicts_what_it_says(names):
    probability, boundary, labels = names["probability"], names["boundary"], names["labels"]
    assert (probability.dtype, probability.shape, probability.min() >= 0) == (np.float32, names["image"].shape, True)
    assert np.array_equal(boundary, probability >= names["predictor"].info.threshold)
    assert (labels[boundary] == 0).all()
    assert names["cells"].shape == (2, *labels.shape)
    assert (names["cells"][0][probability >= 0.4] == 0).all()
    assert names["printed"].startswith("losses.CompositeLoss {'")


def test_threshold_and_turns_are_those_of_the_call(names):
    predictor, image = names["predictor"], names["image"]
    assert isinstance(predictor, Predictor)
    assert predictor.boundary(image, threshold=0.0).all()
    averaged = predictor.probability(image, tta=True)
    assert np.array_equal(predictor.boundary(image, threshold=0.5, tta=True), averaged >= 0.5)
