from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from seg.inference.any_size import LARGE_PIXELS, REMEMBERED_IMAGES, AnySizeEngine, for_any_size
from seg.inference.engine import COMPILED_SHAPES, OpenVinoEngine
from seg.inference.gathering import TOGETHER
from seg.inference.torch_engine import TorchEngine


class CountingEngine(OpenVinoEngine):
    """Counts the models that are compiled."""

    compiled = 0

    def compile(self, shape):
        self.compiled += self.find(shape) is None
        return super().compile(shape)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1), nn.Sigmoid())
    path = tmp_path_factory.mktemp("network") / "model.onnx"
    sizes = {"image": {2: "height", 3: "width"}}
    example = (torch.zeros(1, 1, 32, 32),)
    torch.onnx.export(network.eval(), example, str(path), dynamo=False, input_names=["image"], dynamic_axes=sizes)
    return path


@pytest.fixture
def engine(path) -> CountingEngine:
    return CountingEngine(path)


def image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).uniform(-1, 1, (1, 1, height, width)).astype(np.float32)


RNG = np.random.default_rng(0)
SIZES = [(32, 32), (32, 64), (64, 32), (96, 96), (128, 32), (160, 64)]


def wait(any_size: AnySizeEngine) -> None:
    """Let the model that is being compiled be finished."""
    any_size._pool.submit(int).result()


def test_the_answers_are_those_of_one_model_per_size(engine, path):
    any_size, alone = AnySizeEngine(engine), OpenVinoEngine(path)
    assert any_size.exact
    for _ in range(3):
        for size in SIZES:
            assert np.abs(any_size(image(*size)) - alone(image(*size))).max() < 1e-6


def test_no_image_waits_for_a_model_of_its_size(engine):
    any_size = AnySizeEngine(engine)
    with engine._compiling:  # nothing can be compiled
        for size in SIZES * 3:
            assert any_size(image(*size)).shape == (1, 1, *size)
    assert engine.find((1, 1, *SIZES[0])) is None


def test_a_frequent_size_gets_a_model_of_its_own(engine):
    any_size = AnySizeEngine(engine)
    any_size(image(32, 32))
    assert engine.compiled == 0
    any_size(image(32, 32))
    wait(any_size)
    assert (engine.compiled, engine.find((1, 1, 32, 32)) is not None) == (1, True)
    for _ in range(5):
        any_size(image(32, 32))
    assert engine.compiled == 1


def test_an_engine_that_rounds_coarsely_answers_all_with_one_model(path):
    engine = CountingEngine(path, exact=False)
    engine.compile((1, 1, 32, 32))
    any_size = AnySizeEngine(engine)
    for _ in range(4):
        any_size(image(32, 32))
        any_size(image(32, 64))
    wait(any_size)
    assert (any_size.exact, engine.compiled) == (False, 1)
    assert len(any_size._all_sizes._free) == 1  # its one infer request has run


def test_many_sizes_are_not_compiled_again_and_again(engine):
    for sizes in (SIZES * 60, RNG.permutation(SIZES * 60)):
        engine.compiled, any_size = 0, AnySizeEngine(engine)
        for size in sizes:
            any_size(image(*size))
        wait(any_size)
        assert engine.compiled <= COMPILED_SHAPES + 1


def test_a_size_that_cannot_be_compiled_is_answered_all_the_same(engine, caplog, monkeypatch):
    any_size = AnySizeEngine(engine)
    monkeypatch.setattr(engine, "_model", None)
    for _ in range(4):
        assert any_size(image(32, 32)).shape == (1, 1, 32, 32)
        wait(any_size)
    assert "could not be compiled for (1, 1, 32, 32)" in caplog.text


def test_an_image_of_more_than_a_megapixel_is_answered_and_the_next_small_one_too(engine, path):
    any_size, alone = for_any_size(engine), OpenVinoEngine(path)
    assert LARGE_PIXELS < 1056 * 1024
    for size in ((1056, 1024), (32, 32)):
        assert np.abs(any_size(image(*size)) - alone(image(*size))).max() < 1e-6


def test_pytorch_takes_any_size_by_itself_and_one_by_one():
    engine = for_any_size(TorchEngine(nn.Identity()))
    with ThreadPoolExecutor(8) as pool:
        images = [image(32, 32) * share for share in range(16)]
        assert all(map(np.array_equal, pool.map(engine, images), images))


def test_a_model_of_several_small_images_is_made_beside_once_half_of_all_are_of_one_shape(engine, path):
    any_size, half = AnySizeEngine(engine), REMEMBERED_IMAGES // 2
    any_size._last.extend([(1, 1, 32, 32)] * (half - 1))
    assert any_size.find_together((1, 32, 32)) is None
    wait(any_size)
    assert engine.compiled == 0
    any_size._last.append((1, 1, 32, 32))
    with engine._compiling:  # nothing waits for it
        assert any_size.find_together((1, 32, 32)) is None
    wait(any_size)
    together = any_size.find_together((1, 32, 32))
    images = np.concatenate([image(32, 32) * share for share in (1, 0.5, -0.5, -1)])
    alone = [OpenVinoEngine(path)(one[np.newaxis])[0] for one in images]
    assert np.array_equal(together(images), alone)


def test_images_that_went_through_together_are_remembered_one_by_one(engine):
    any_size = AnySizeEngine(engine)
    engine.compile((TOGETHER, 1, 32, 32))
    any_size.find_together((1, 32, 32))
    assert list(any_size._last) == [(1, 1, 32, 32)] * TOGETHER


def test_images_of_a_service_go_through_together(engine, path):
    gathering = for_any_size(engine)
    engine.compile((TOGETHER, 1, 32, 32))
    images = [image(32, 32) * np.float32(share) for share in np.linspace(-1, 1, 64)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(gathering, images))
    alone = OpenVinoEngine(path)
    assert all(np.array_equal(answer, alone(one)) for answer, one in zip(answers, images, strict=True))


def test_an_engine_that_rounds_coarsely_runs_all_images_one_by_one(path):
    engine = CountingEngine(path, exact=False)
    any_size = AnySizeEngine(engine)
    any_size._last.extend([(1, 1, 32, 32)] * REMEMBERED_IMAGES)
    engine.compile((TOGETHER, 1, 32, 32))
    assert any_size.find_together((1, 32, 32)) is None
