import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize
from torchmetrics.functional.classification import binary_f1_score, binary_jaccard_index

from seg.metrics.boundary import boundary_f1
from seg.metrics.image_scores import ImageScores, ScoreTable
from seg.metrics.pixel import average_precision, brier, overlap
from seg.metrics.rand import rand_scores
from seg.metrics.table import THRESHOLDS

HALF = np.array([0.5], dtype=np.float32)


def scene(seed: int = 0, size: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(size, size, generator=generator) < 0.2
    return (torch.rand(size, size, generator=generator) * 0.7 + mask * 0.3).clamp(0, 1), mask


def test_iou_and_dice_equal_torchmetrics_at_every_threshold():
    probability, mask = scene()
    thresholds = torch.from_numpy(THRESHOLDS)
    iou, dice = overlap(probability, mask, thresholds)
    for number, threshold in enumerate(thresholds):
        predicted = (probability >= threshold).int()
        assert iou[number] == pytest.approx(binary_jaccard_index(predicted, mask.int()).item(), abs=1e-6)
        assert dice[number] == pytest.approx(binary_f1_score(predicted, mask.int()).item(), abs=1e-6)


def test_half_overlap_has_an_iou_of_one_third():
    probability, mask = torch.zeros(2, 6, 10)
    probability[0:2], mask[1:3] = 1, 1
    iou, dice = overlap(probability, mask.bool(), torch.tensor([0.5]))
    assert (iou.item(), dice.item()) == pytest.approx((1 / 3, 1 / 2))


def test_a_pixel_at_the_threshold_is_predicted():
    iou, _ = overlap(torch.full((2, 2), 0.5), torch.ones(2, 2).bool(), torch.tensor([0.5, 0.500001]))
    assert iou.tolist() == [1, 0]


def test_an_image_without_boundary_scores_one_if_nothing_is_predicted_else_zero():
    empty = torch.zeros(5, 5).bool()
    iou, dice = overlap(torch.full((5, 5), 0.3), empty, torch.tensor([0.2, 0.4]))
    assert (iou.tolist(), dice.tolist()) == ([0, 1], [0, 1])
    assert boundary_f1(np.zeros((5, 5), np.float32), empty.numpy(), HALF, 2) == [1]
    assert boundary_f1(np.ones((5, 5), np.float32), empty.numpy(), HALF, 2) == [0]
    assert average_precision(torch.rand(5, 5), empty) == 1


def test_average_precision_equals_the_sum_of_precision_times_gain_in_recall():
    probability, mask = scene(1)
    order = probability.flatten().argsort(descending=True)
    hits = mask.flatten()[order].double()
    precision = hits.cumsum(0) / torch.arange(1, len(hits) + 1)
    expected = (precision * hits).sum() / hits.sum()
    assert len(probability.unique()) == probability.numel()  # no ties: each pixel is a cut of its own
    assert average_precision(probability, mask) == pytest.approx(expected.item(), abs=1e-6)


def test_brier_of_grey_is_a_quarter():
    assert brier(torch.full((4, 4), 0.5), scene(size=4)[1]) == pytest.approx(0.25)


def line(column: int, size: int = 32) -> np.ndarray:
    picture = np.zeros((size, size), dtype=np.float32)
    picture[:, column] = 1
    return picture


@pytest.mark.parametrize(("shift", "score"), [(0, 1), (1, 1), (2, 1), (3, 0)])
def test_a_line_matches_within_the_tolerance_and_not_beyond(shift, score):
    assert boundary_f1(line(10 + shift), line(10) > 0, HALF, tolerance_px=2)[0] == score


def test_half_a_line_has_full_precision_and_half_recall():
    half = line(10)
    half[16:] = 0
    near_the_end = 1  # pixels of the truth beyond the end that are within the tolerance
    recall = (16 + near_the_end) / 32
    score = boundary_f1(half, line(10) > 0, HALF, tolerance_px=1)[0]
    assert score == pytest.approx(2 * recall / (1 + recall))


def test_thickness_alone_costs_nothing():
    thick = np.maximum(line(9), np.maximum(line(10), line(11)))
    assert boundary_f1(thick, line(10) > 0, HALF, tolerance_px=2)[0] > 0.98


def test_boundary_f1_equals_a_transcription_with_distances():
    probability, mask = scene(2)
    predicted, truth = skeletonize(probability.numpy() >= 0.5), skeletonize(mask.numpy())
    precision = (distance_transform_edt(~truth)[predicted] <= 1.5).mean()
    recall = (distance_transform_edt(~predicted)[truth] <= 1.5).mean()
    expected = 2 * precision * recall / (precision + recall)
    assert boundary_f1(probability.numpy(), mask.numpy(), HALF, 1.5)[0] == pytest.approx(expected)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(0, 5))
def test_boundary_f1_is_symmetric_bounded_and_one_on_identity(seed, tolerance_px):
    first, second = (np.random.default_rng((seed, n)).random((20, 20)) < 0.2 for n in range(2))
    forth = boundary_f1(first.astype(np.float32), second, HALF, tolerance_px)[0]
    back = boundary_f1(second.astype(np.float32), first, HALF, tolerance_px)[0]
    assert forth == pytest.approx(back)
    assert 0 <= forth <= 1
    assert boundary_f1(first.astype(np.float32), first, HALF, tolerance_px)[0] == 1


def test_scores_are_kept_per_image_over_batches():
    scores, single = ImageScores(tolerance_px=2), ImageScores(tolerance_px=2)
    scenes = [scene(seed) for seed in range(3)]
    for probability, mask in scenes:
        scores.update(probability[None, None], mask[None, None].float())
    table = scores.compute()
    assert table.at_threshold["iou"].shape == (3, len(THRESHOLDS))
    single.update(scenes[1][0][None, None], scenes[1][1][None, None].float())
    alone = single.compute()
    assert alone.overall["ap"].shape == (1,)
    assert alone.at(0.5)["boundary_f1"][0] == table.at(0.5)["boundary_f1"][1]


def test_only_the_boundary_channel_is_scored():
    probability, mask = scene()
    scores = ImageScores(tolerance_px=2)
    inside = torch.rand(2, 1, 40, 40)
    scores.update(torch.stack([probability, inside[0, 0]])[None], torch.stack([mask.float(), inside[1, 0]])[None])
    expected = overlap(probability, mask, torch.tensor([0.5]))[0]
    assert scores.compute().at(0.5)["iou"] == pytest.approx(expected)


def table_of(means: list[float]) -> ScoreTable:
    values = torch.zeros(2, len(THRESHOLDS))
    values[:, 3 : 3 + len(means)] = torch.tensor(means)
    return ScoreTable({"iou": values}, {})


def test_the_best_threshold_is_that_of_the_best_mean():
    assert table_of([0.1, 0.6, 0.2]).best_threshold("iou") == pytest.approx(THRESHOLDS[4])


def test_of_a_plateau_the_middle_is_chosen():
    assert table_of([0.6, 0.6, 0.6]).best_threshold("iou") == pytest.approx(THRESHOLDS[4])


def test_a_threshold_off_the_grid_is_refused():
    with pytest.raises(ValueError, match=r"threshold must be one of .*got 0\.123"):
        table_of([1]).at(0.123)


def test_v_rand_can_rank_and_is_computed_only_then():
    probability, mask = scene()
    plain, ranking = ImageScores(tolerance_px=2), ImageScores(tolerance_px=2, rank_by="v_rand")
    for scores in (plain, ranking):
        scores.update(probability[None, None], mask[None, None].float())
    assert "v_rand" not in plain.compute().at_threshold
    expected = [scores.v_rand for scores in rand_scores(probability.numpy(), mask.numpy(), THRESHOLDS)]
    assert ranking.compute().at_threshold["v_rand"][0].tolist() == pytest.approx(expected)


def test_a_metric_of_cells_can_rank_and_leaves_the_threshold_to_boundary_f1():
    probability, mask = scene()
    scores = ImageScores(tolerance_px=2, rank_by="instance_ap")
    true = np.zeros(mask.shape, np.int32)
    true[:8, :8], true[20:28, 20:28] = 1, 2
    found = np.where(true == 1, 1, 0).astype(np.int32)
    for cells in (true, found):
        scores.update(probability[None, None], mask[None, None].float(), cells=[(true, cells)])
    table = scores.compute()
    assert table.overall["instance_ap"].tolist() == [1, 0.5]
    assert table.best_threshold("instance_ap") == table.best_threshold("boundary_f1")
