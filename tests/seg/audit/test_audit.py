"""Planted shortcuts are found with their cause, honest twins are not accused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seg.analysis.groups import left_out
from seg.audit.cases import Case, change, donors, like, load_cases
from seg.audit.chance import chance
from seg.audit.cues import CUES, noise, probe_cues
from seg.audit.examination import audit_cases, cross_validation, score_groups
from seg.audit.invariance import ALTERATIONS, invariance_curves
from seg.audit.occlusion import Occlusion
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
from tests.seg.records import DATA, config, record

CORNER = "the upper left corner"


def test_a_network_that_looks_at_the_cross_in_the_corner_is_found_out():
    audit = audit_cases(tank(), tank_network, 0.5)
    assert CORNER in audit.causes
    assert not {"the upper right corner", "the lower left corner", "the lower right corner"} & set(audit.causes)
    assert "the border" not in audit.causes  # it contains the cross, but the corner explains that
    assert not {"brightness", "contrast", "noise"} & set(audit.causes)
    assert audit.verdict[0].startswith("Shortcut: the network decides by ")
    (corner,) = [each for each in audit.occlusions if each.region == CORNER]
    assert corner.share == 1.0  # covered where there was one, pasted in where there was none
    assert corner.example.effect == pytest.approx(1.0)


def test_a_network_that_looks_at_the_border_is_found_out():
    causes = audit_cases(framed(), frame_network, 0.5).causes
    assert "the border" in causes
    assert not [cause for cause in causes if cause.endswith("corner")]


def test_the_worst_group_comes_first_and_images_of_their_own_are_no_groups():
    scores = SplitScores(["a", "b", "c"], {"boundary_f1": [0.9, 0.6, 0.1]})
    run = record("l2", scores=scores, data=replace(DATA, test=["a", "b", "c"], groups={"a": "x", "b": "y", "c": "x"}))
    assert list(score_groups([run]).items()) == [("x", pytest.approx(0.5)), ("y", pytest.approx(0.6))]
    assert score_groups([replace(run, data=replace(run.data, groups={}))]) == {}


def _fold(number, group, score, train):
    names = [f"{group}{image}" for image in range(2)]
    groups = {f"{each}{image}": each for each in "xyz" for image in range(2)}
    data = replace(DATA, train=[f"{each}0" for each in train], test=names, groups=groups)
    scores = SplitScores(names, {"boundary_f1": [score] * 2})
    return record("l2", scores=scores, data=data, config=config(data={"folds": 3, "fold": number}))


def test_with_folds_of_groups_each_is_scored_by_the_network_that_it_was_left_out_of():
    runs = [_fold(0, "x", 0.5, "z"), _fold(1, "y", 0.9, "x"), _fold(2, "z", 0.7, "y")]
    other = replace(runs[0], name="bce")
    tested = cross_validation(runs[1], [*runs, other])
    assert tested == runs
    assert list(score_groups(tested).items()) == [
        ("x", pytest.approx(0.5)),
        ("z", pytest.approx(0.7)),
        ("y", pytest.approx(0.9)),
    ]
    assert left_out(tested)
    assert not left_out([_fold(0, "x", 0.5, "x")])
    plain = record("l2")
    assert cross_validation(plain, [plain, other]) == [plain]


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


def test_of_images_of_several_sizes_those_of_the_most_frequent_one_have_regions():
    cases = tank()
    cases[0] = Case("small", cases[0].image[:, :48], cases[0].truth[:48])
    audit = audit_cases(cases, honest_network, 0.5)
    assert [len(each.effects) for each in audit.occlusions] == [15] * len(audit.occlusions)
    assert "The images have several sizes: regions were examined on 15." in audit.verdict
    assert CORNER in audit_cases(cases, tank_network, 0.5).causes
    alone = audit_cases(cases[:2], honest_network, 0.5)
    assert alone.occlusions == []
    assert "could not be exchanged" in alone.context.sentence


def test_the_chance_is_that_of_any_place():
    region, places = np.full(5, 1.0), np.zeros((5, 2))
    assert chance(region, places) == pytest.approx(3.0**-5, abs=0.004)
    assert chance(np.zeros(5), places) == 1.0


def test_a_small_but_steady_change_is_a_shortcut_and_a_smaller_one_is_none():
    places = np.full((12, 2), 0.01)
    assert Occlusion("x", np.full(12, 0.2), places, 0.01).flagged
    assert not Occlusion("x", np.full(12, 0.2), places, 0.2).flagged
    assert not Occlusion("x", np.full(12, 0.09), places, 0.01).flagged
    assert not Occlusion("x", np.full(12, 0.2), np.full((12, 2), 0.1), 0.01).flagged


def test_what_is_pasted_brings_no_brightness_or_contrast_along():
    bright, dark = (np.random.default_rng(0).normal(mean, spread, (1, 8, 8)) for mean, spread in ((0.3, 0.2), (0, 0.1)))
    adapted = like(bright, dark)
    assert np.percentile(adapted, [25, 50, 75]) == pytest.approx(np.percentile(dark, [25, 50, 75]), abs=0.03)


def test_the_donor_is_at_the_other_end_of_the_predicted_boundary():
    answers = [np.full((2, 2), share, np.float32) for share in (0.1, 0.9, 0.2, 0.8)]
    assert donors(answers) == [3, 2, 1, 0]
    assert donors(answers[:2]) == [1, 0]


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
