import numpy as np
import pytest

from seg.data.truth import MaskRule, labels_of, objects_of

RED, BLACK, WHITE = (255, 0, 0), (0, 0, 0), (255, 255, 255)


def picture(*rows, kind=np.uint8) -> np.ndarray:
    return np.array(rows, kind)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.uint32, np.float32, np.float64])
def test_two_values_of_any_type_are_a_mask(kind):
    mask = MaskRule(7).apply(picture([7, 3], [3, 7], kind=kind))
    assert mask.tolist() == [[True, False], [False, True]]


def test_two_colors_are_a_mask_and_grey_saved_as_color_has_values():
    colors = picture([RED, BLACK], [BLACK, BLACK])
    assert MaskRule([255, 0, 0]).apply(colors).tolist() == [[True, False], [False, False]]
    assert MaskRule(0).apply(colors).tolist() == [[False, True], [True, True]]
    grey = picture([WHITE, BLACK])
    assert MaskRule(255).apply(grey).tolist() == MaskRule([255, 255, 255]).apply(grey).tolist() == [[True, False]]


def test_a_mask_of_one_value_is_empty_or_full():
    assert MaskRule(255).apply(picture([255, 255])).all()
    assert not MaskRule(255).apply(picture([9, 9])).any()
    assert not MaskRule([255, 0, 0]).apply(picture([9, 9])).any()


@pytest.mark.parametrize(
    ("rule", "levels", "lossy", "line"),
    [
        (MaskRule(255), picture([0, 1]), False, "set boundary_value: 1 or 0, whichever is the boundary"),
        (MaskRule(255), picture([RED, BLACK]), False, r"set boundary_value: \[255, 0, 0\] or \[0, 0, 0\]"),
        (MaskRule(255), picture([0, 100, 255]), False, "add threshold: 128 to the source if its edges are smoothed"),
        (MaskRule(255), picture([4, 100, 230]), False, "add threshold: 128 to the source if its edges are smoothed"),
        (MaskRule(1), picture([0, 1, 100]), False, "add threshold: 50 to the source if its edges are smoothed"),
        (MaskRule(1.0), picture([0, 0.25, 1], kind=np.float32), False, "add threshold: 0.5 to the source"),
        (MaskRule(0), picture([0, 1, 2, 3, 4]), False, r"has 0, 1, 2, 3 \.\.\. \(5 in all\): .* or read it as labels:"),
        (MaskRule(255), picture([0, 255]), True, "add threshold: 128 to the source, or save it as PNG"),
    ],
)
def test_a_refusal_carries_the_line_that_mends_it(rule, levels, lossy, line):
    with pytest.raises(ValueError, match=line):
        rule.apply(levels, lossy)


def test_a_threshold_divides_at_its_value_on_the_side_of_the_boundary():
    levels = picture([127, 128, 129])
    assert MaskRule(255, 128).apply(levels).tolist() == [[False, True, True]]
    assert MaskRule(0, 128).apply(levels, lossy=True).tolist() == [[True, False, False]]
    assert MaskRule(255, 80).apply(picture([RED, BLACK])).tolist() == [[True, False]]  # the mean of red is 85


def test_a_threshold_with_a_color_is_refused():
    with pytest.raises(ValueError, match=r"threshold needs a boundary_value that is one number, got \[255, 0, 0\]"):
        MaskRule([255, 0, 0], 128)


def test_labels_have_up_to_32_bits_or_colors():
    assert labels_of(picture([0, 70_000], kind=np.int32)).tolist() == [[0, 70_000]]
    assert labels_of(picture([0, 2**32 - 1, 5], kind=np.uint32)).tolist() == [[0, 2, 1]]
    assert labels_of(picture([0, 3], kind=np.float32)).tolist() == [[0, 3]]
    assert labels_of(picture([BLACK, RED, (0, 0, 9), RED])).tolist() == [[0, 2, 1, 2]]
    assert labels_of(picture([RED, (0, 0, 9)])).tolist() == [[2, 1]]
    assert labels_of(picture([RED, BLACK], kind=np.uint16)).dtype == np.int32


@pytest.mark.parametrize(
    ("unfit", "rule"),
    [
        (picture([0.5], kind=np.float32), "whole numbers, got float32 up to 0.5"),
        (picture([3e7], kind=np.float32), "whole numbers"),
        (picture([-1], kind=np.int16), "labels must be from 0"),
        (picture([RED], kind=np.float32), "8 or 16 bits per channel, got float32"),
    ],
)
def test_labels_that_cannot_be_numbers_are_refused(unfit, rule):
    with pytest.raises(ValueError, match=rule):
        labels_of(unfit)


def test_an_object_is_what_is_not_black():
    assert objects_of(picture([0, 255])).tolist() == [[False, True]]
    assert objects_of(picture([BLACK, RED])).tolist() == [[False, True]]
    assert objects_of(picture([0, 100, 200]), threshold=150).tolist() == [[False, False, True]]
    with pytest.raises(ValueError, match="has one value besides 0, this file has 0, 100, 200: add threshold: 128"):
        objects_of(picture([0, 100, 200]))
