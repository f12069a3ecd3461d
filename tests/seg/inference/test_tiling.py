import numpy as np
import pytest

from seg.data.scaling import IntensityScaling
from seg.inference.artifact_info import ArtifactInfo, NetworkInfo, Provenance
from seg.inference.predictor import Predictor
from seg.inference.tiling import Segment, Tiling, partition, predict_tiles


class Recorder:
    """An engine whose answer is the first channel; it remembers the shapes that it was given."""

    exact = True

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, image):
        self.shapes.append(image.shape)
        return image[:, :1]


def test_what_fits_into_a_tile_is_one_segment_up_to_whole_strides():
    assert partition(100, Tiling(128, 32), 32) == [Segment(slice(0, 128), slice(0, 100))]
    assert partition(1, Tiling(128, 32), 32) == [Segment(slice(0, 32), slice(0, 1))]


def test_a_longer_side_is_cut_evenly_in_the_middle_of_the_overlaps():
    # 10 strides in tiles of at most 6 with 1 of halo: (10 - 2) / (6 - 2) = 2 tiles of (10 + 2) / 2 = 6
    assert partition(320, Tiling(192, 32), 32) == [
        Segment(slice(0, 192), slice(0, 160)),
        Segment(slice(128, 320), slice(160, 320)),
    ]


@pytest.mark.parametrize("length_px", [129, 160, 200, 513, 1000, 4096])
@pytest.mark.parametrize("tiling", [Tiling(128, 32), Tiling(200, 50), Tiling(512, 0), Tiling(64, 30)])
def test_segments_cover_a_side_once_with_their_halo(length_px, tiling):
    segments = partition(length_px, tiling, 32)
    kept = [pixel for segment in segments for pixel in range(segment.kept.start, segment.kept.stop)]
    assert kept == list(range(length_px))
    assert len({segment.seen.stop - segment.seen.start for segment in segments}) == 1
    for segment in segments:
        assert segment.seen.start % 32 == segment.seen.stop % 32 == 0
        assert segment.seen.start == 0 or segment.kept.start - segment.seen.start >= tiling.halo_px
        assert segment.seen.stop >= length_px or segment.seen.stop - segment.kept.stop >= tiling.halo_px


def test_a_prediction_can_be_ended_between_two_tiles():
    info = ArtifactInfo(
        network=NetworkInfo("unet", "resnet18", 1, 1, {}),
        stride_px=32,
        scaling=IntensityScaling(),
        boundary_value=0,
        threshold=0.5,
        rank_by="iou",
        scores={},
        provenance=Provenance("l2", "losses.L2Loss", "losses.L2Loss", 0, 1, "2026-01-01", None, "f" * 64, {}),
    )
    engine = Recorder()

    def end_at_the_third() -> None:
        if len(engine.shapes) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Predictor(engine, info, Tiling(96, 32)).probabilities(
            np.zeros((150, 333), np.uint8), before_tile=end_at_the_third
        )
    assert len(engine.shapes) == 2


def test_tiles_are_put_together_where_they_were_and_continued_by_the_last_pixel():
    image = np.random.default_rng(0).random((1, 150, 333), np.float32)
    engine = Recorder()
    answer = predict_tiles(lambda rows, columns: image[:, rows, columns], (150, 333), engine, 32, Tiling(96, 32))
    assert np.array_equal(answer, image)
    assert set(engine.shapes) == {(1, 1, 96, 96)}


def test_halos_that_leave_nothing_of_a_tile_are_refused():
    with pytest.raises(ValueError, match="tile_px must be > 2"):
        Tiling(128, 64)
