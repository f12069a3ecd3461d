"""Planted shortcuts are found with their cause, honest twins are not accused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seg.audit.cases import Case, change, load_cases
from seg.audit.cues import CUES, noise, probe_cues
from seg.audit.examination import audit_cases, score_groups
from seg.audit.invariance import ALTERATIONS, invariance_curves
from seg.audit.regions import find_regions
from seg.data.writing import encode_image, encode_mask, write_file
from seg.model.run_predictor import load_predict
from seg.record import SplitScores
from seg.report.audit_page import write_audit_page
from tests.seg.audit.planted import (
    frame_network,
    framed,
    honest_network,
    husky,
    husky_network,
    picture,
    tank,
    tank_network,
    with_cross,
)
from tests.seg.records import DATA, record

CORNER = "the upper left corner"


def test_a_network_that_looks_at_the_cross_in_the_corner_is_found_out():
    audit = audit_cases(tank(), tank_network, 0.5)
    assert CORNER in audit.causes
    assert not {"the upper right corner", "the lower left corner", "the lower right corner"} & set(audit.causes)
    assert not {"brightness", "contrast", "noise"} & set(audit.causes)
    assert audit.verdict[0].startswith("Shortcut: the network decides by ")
    (corner,) = [each for each in audit.occlusions if each.region == CORNER]
    assert corner.share == 1.0  # covered where there was one, pasted in where there was none
    assert corner.example.effect == pytest.approx(1.0)


def test_a_network_that_looks_at_the_border_is_found_out():
    causes = audit_cases(framed(), frame_network, 0.5).causes
    assert "the border" in causes
    assert not [cause for cause in causes if "corner" in cause]


def test_the_worst_group_comes_first_and_images_of_their_own_are_no_groups():
    scores = SplitScores(["a", "b", "c"], {"boundary_f1": [0.9, 0.6, 0.1]})
    run = record("l2", scores=scores, data=replace(DATA, test=["a", "b", "c"], groups={"a": "x", "b": "y", "c": "x"}))
    assert list(score_groups(run).items()) == [("x", pytest.approx(0.5)), ("y", pytest.approx(0.6))]
    assert score_groups(replace(run, data=replace(run.data, groups={}))) == {}


def test_a_run_without_weights_has_no_network(tmp_path):
    with pytest.raises(ValueError, match="is a failed run: it has no trained network"):
        load_predict(tmp_path, record("l2", status="failed"))


def test_a_network_that_goes_by_the_contrast_is_found_out():
    audit = audit_cases(husky(), husky_network, 0.5)
    assert "contrast" in audit.causes
    assert not [cause for cause in audit.causes if "corner" in cause or "mark" in cause]


@pytest.mark.parametrize("world", [tank, husky])
def test_an_honest_network_is_not_accused(world):
    audit = audit_cases(world(honest=True), honest_network, 0.5)
    assert audit.causes == []
    assert audit.verdict[0] == "No shortcut was found on 16 test images. That does not prove that there is none."


@pytest.mark.parametrize("world", [tank, husky])
def test_what_could_be_a_shortcut_but_is_not_taken_is_no_shortcut(world):
    """The world gives the answer away, the network does not use it."""
    audit = audit_cases(world(), honest_network, 0.5)
    assert audit.causes == []
    assert "Contrast tells how much boundary" in " ".join(audit.verdict)  # the cross adds contrast, too


def test_a_mark_that_all_images_have_is_a_region():
    rng = np.random.default_rng(0)
    cases = [replace(case, image=with_cross(case.image)) for case in tank(honest=True)]
    found = find_regions(cases)["a mark that many images have"]
    assert found[4, 4]
    assert found.mean() < 0.05
    plain = [Case("", picture(case.truth, rng), case.truth) for case in tank(honest=True)]
    assert "a mark that many images have" not in find_regions(plain)


def test_images_of_several_sizes_have_no_regions_but_the_rest_of_the_audit():
    cases = tank()
    cases[0] = Case("small", cases[0].image[:, :48], cases[0].truth[:48])
    audit = audit_cases(cases, honest_network, 0.5)
    assert audit.occlusions == []
    assert "The images have several sizes: no region could be covered." in audit.verdict
    assert "could not be exchanged" in audit.context.sentence


def test_the_change_is_none_or_all_of_the_boundary():
    line, nothing, everywhere = np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32), np.ones((8, 8), bool)
    line[3] = 1
    assert change(line, line, everywhere) == 0
    assert change(line, nothing, everywhere) == change(nothing, line, everywhere) == 1
    assert change(line, np.roll(line, 1, 0), everywhere) == 2
    assert change(nothing, nothing, everywhere) == 0


@pytest.mark.parametrize("name", list(CUES))
def test_a_cue_can_be_measured_and_set(name):
    measure, alter = CUES[name]
    image = picture(np.zeros((64, 64), bool), np.random.default_rng(1), 0.2)
    goal = measure(image) + 0.1
    assert measure(alter(image, goal)) == pytest.approx(goal, rel=0.1)


def test_noise_is_measured_beside_edges():
    rng = np.random.default_rng(0)
    image = np.where(np.arange(64) < 32, -0.5, 0.5) + rng.normal(0, 0.05, (1, 64, 64))
    assert noise(image.astype(np.float32)) == pytest.approx(0.05, rel=0.1)


def test_equal_images_tell_nothing():
    cases = [tank(honest=True)[0]] * 6
    assert not any(cue.tells for cue in probe_cues(cases, honest_network))


def test_curves_begin_at_the_unaltered_score_and_turns_move_the_truth():
    curves = {curve.name: curve for curve in invariance_curves(tank(honest=True), honest_network, 0.5, [])}
    first = curves["mirrored"].scores[0]
    assert {curve.scores[0] for curve in curves.values()} == {first}
    assert curves["mirrored"].scores == pytest.approx([first] * 2)
    assert curves["quarter turns"].scores == pytest.approx([first] * 4)
    assert curves["mirrored"].fails_at is None
    assert curves["blur, sigma in px"].fails_at == 2
    assert len(curves) == len(ALTERATIONS)


def test_what_the_training_alters_is_marked():
    augmentation = [{"class_path": "albumentations.D4"}, {"class_path": "albumentations.GaussNoise"}]
    curves = invariance_curves(tank(4), honest_network, 0.5, augmentation)
    assert {curve.name for curve in curves if curve.trained} == {
        "quarter turns",
        "mirrored",
        "noise, share of the range",
    }


def test_the_page_shows_the_verdict_and_needs_nothing_but_itself(tmp_path):
    audit = replace(audit_cases(tank(8), tank_network, 0.5), groups={"mouse 2": 0.4, "mouse 1": 0.9})
    page = write_audit_page(audit, Path("runs/x"), record("l2"), tmp_path).read_text()
    assert "Shortcut: the network decides by" in page
    assert "Worst group: mouse 2, 0.400; gap to the best: 0.500." in page
    assert page.count("data:image/png") == len(audit.occlusions)
    assert page.count("<polyline") == len(audit.curves)
    assert "http" not in page.replace("http-equiv", "")


def test_too_few_test_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match="an audit needs at least 2 test images"):
        load_cases(tmp_path, record("l2", scores=SplitScores(["a"], {})), 8)


def test_images_are_chosen_evenly(tmp_path):
    names = [f"{number}" for number in range(9)]
    for name in names:
        write_file(tmp_path / "test" / name / "image.png", encode_image(np.full((8, 8), int(name), np.uint8)))
        write_file(tmp_path / "test" / name / "truth.png", encode_mask(np.eye(8, dtype=bool), 255))
    run = record("l2", scores=SplitScores(names, {}), data=replace(DATA, test=names))
    cases = load_cases(tmp_path, run, 3)
    assert [case.name for case in cases] == ["0", "4", "8"]
    assert cases[1].truth.sum() == 8
