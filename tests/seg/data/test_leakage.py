import numpy as np
import pytest

from seg.data.leakage import refuse_leakage
from seg.data.sample import Sample
from seg.data.split import SplitIndices


def sample(name: str, image: np.ndarray) -> Sample:
    return Sample(name, image, np.zeros(image.shape[:2], dtype=bool))


def pictures() -> list[Sample]:
    rng = np.random.default_rng(0)
    return [sample(f"p{index}", rng.integers(0, 255, (6, 8), dtype=np.uint8)) for index in range(3)]


@pytest.mark.parametrize("turn", [lambda a: a, np.fliplr, np.rot90, lambda a: np.flipud(np.rot90(a))])
def test_the_same_picture_in_two_splits_is_refused_also_flipped_or_turned(turn):
    samples = pictures()
    samples.append(sample("copy", turn(samples[0].image)))
    with pytest.raises(ValueError, match=r"p0 \(train\) and copy \(test\)"):
        refuse_leakage(samples, SplitIndices(train=[0, 1], val=[2], test=[3]))


def test_the_same_picture_twice_in_one_split_is_allowed():
    samples = [*pictures(), sample("copy", pictures()[0].image)]
    refuse_leakage(samples, SplitIndices(train=[0, 3], val=[1], test=[2]))
    assert len(samples) == 4
