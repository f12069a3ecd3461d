import subprocess
import sys

import numpy as np
import pytest
import torch

from seg.inference.engine import AveragedEngine, OpenVinoEngine
from seg.inference.export import (
    ExportError,
    check_export,
    export,
    export_onnx,
    fastest_engine,
    measure_speed_up,
    reference,
)
from seg.inference.optimize import optimize
from seg.inference.torch_engine import TorchEngine
from seg.network.unet import NetworkConfig, build_network


@pytest.fixture(scope="module")
def network():
    options = {"decoder_channels": [16, 8, 8, 8, 8]}
    return build_network(NetworkConfig(encoder="resnet18", encoder_weights=None, options=options)).eval()


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [rng.uniform(-1, 1, (1, 1, *shape)).astype(np.float32) for shape in ((64, 64), (32, 96))]


def test_the_export_answers_like_pytorch_in_shapes_that_it_was_not_traced_with(network, images, tmp_path):
    measured = export(network, images, 0.5, tmp_path / "model.onnx")
    assert measured["max_difference"] < 1e-5
    assert measured["flipped"] <= 1e-3
    engine = OpenVinoEngine(tmp_path / "model.onnx")
    for image in images:
        assert np.allclose(engine(image), reference(network)(image), atol=1e-5)
    assert engine(images[0]).shape == (1, 1, 64, 64)


def test_the_last_shapes_stay_compiled_and_give_their_answers_again(network, tmp_path):
    export_onnx(network, 1, tmp_path / "model.onnx")
    engine = OpenVinoEngine(tmp_path / "model.onnx")
    shapes = [(1, 1, 32 * side, 32) for side in range(1, 7)]
    first = [engine(np.full(shape, 0.5, np.float32)) for shape in shapes]
    assert list(engine._compiled) == shapes[-4:]
    assert all(
        np.array_equal(engine(np.full(shape, 0.5, np.float32)), answer)
        for shape, answer in zip(shapes, first, strict=True)
    )


def test_of_large_shapes_fewer_stay_compiled_and_the_last_one_always(network, tmp_path, monkeypatch):
    monkeypatch.setattr("seg.inference.engine.COMPILED_PIXELS", 3 * 32 * 32)
    export_onnx(network, 1, tmp_path / "model.onnx")
    engine = OpenVinoEngine(tmp_path / "model.onnx")
    kept = []
    for height in (32, 64, 32, 96, 128):
        engine(np.zeros((1, 1, height, 32), np.float32))
        kept.append([shape[2] for shape in engine._compiled])
    assert kept == [[32], [32, 64], [64, 32], [96], [128]]


OTHER_THREAD = """
import os, signal, sys, threading
from pathlib import Path
import numpy as np
from seg.inference.engine import OpenVinoEngine

signal.signal(signal.SIGUSR1, lambda *_: None)
engines = [OpenVinoEngine(Path(sys.argv[1]))]
engines[0](np.zeros((1, 1, 64, 64), np.float32))
thread = threading.Thread(target=engines.clear)
thread.start()
thread.join()
os.kill(os.getpid(), signal.SIGUSR1)
"""


def test_a_process_whose_engine_another_thread_has_freed_survives_signals(network, tmp_path):
    export_onnx(network, 1, tmp_path / "model.onnx")
    done = subprocess.run([sys.executable, "-c", OTHER_THREAD, str(tmp_path / "model.onnx")], check=False)
    assert done.returncode == 0


def test_an_export_that_differs_is_refused_and_removed(network, images, tmp_path, monkeypatch):
    other = build_network(NetworkConfig(encoder="resnet18", encoder_weights=None), seed=1).eval()
    export_onnx(other, 1, tmp_path / "other.onnx")
    with pytest.raises(ExportError, match=r"the export differs from PyTorch: by up to 0\.\d+"):
        check_export(OpenVinoEngine(tmp_path / "other.onnx"), network, images, 0.5)
    monkeypatch.setattr("seg.inference.export.MAX_DIFFERENCE", -1.0)
    with pytest.raises(ExportError, match="differs"):
        export(network, images, 0.5, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_many_flipped_predictions_are_refused_however_close_the_probabilities(network, images, monkeypatch):
    monkeypatch.setattr("seg.inference.export.MAX_DIFFERENCE", 0.06)
    threshold = float(np.median(reference(network)(images[0])))

    def lower(image):
        return reference(network)(image) - np.float32(0.05)

    with pytest.raises(ExportError, match="of the predictions"):
        check_export(lower, network, images[:1], threshold)


class Unknown(torch.nn.Module):
    """An operation that ONNX does not know."""

    def forward(self, image):
        return torch.linalg.eigvals(image[..., :4, :4]).real.mean() + image


def test_a_network_that_cannot_be_written_is_refused_and_pytorch_runs_it(network, tmp_path, images):
    odd = build_network(NetworkConfig(encoder="resnet18", encoder_weights=None)).eval()
    odd.network.segmentation_head[2] = Unknown()
    with pytest.raises(ExportError, match="cannot be written as ONNX"):
        export_onnx(odd, 1, tmp_path / "model.onnx")
    assert isinstance(fastest_engine(odd, 1, 0.5), TorchEngine)


def test_the_fastest_engine_outlives_the_file_that_it_came_from(network, images):
    engine = fastest_engine(network, 1, 0.5)
    assert isinstance(engine, OpenVinoEngine)
    assert np.allclose(engine(images[1]), reference(network)(images[1]), atol=1e-5)


def test_pytorch_runs_the_optimized_network_and_averages_where_asked(network, images):
    engine = TorchEngine(optimize(network, 1))
    assert engine.exact
    assert np.allclose(engine(images[0]), reference(network)(images[0]), atol=1e-5)
    symmetric = np.zeros((1, 1, 64, 64), np.float32)
    averaged = AveragedEngine(engine)(symmetric)
    assert np.allclose(averaged, np.rot90(averaged, axes=(2, 3)), atol=1e-6)
    assert np.allclose(averaged, averaged[..., ::-1], atol=1e-6)


def test_speed_is_that_of_the_peer_over_its_own():
    def work(rounds):
        return lambda image: [image @ image.T for _ in range(rounds)]

    assert measure_speed_up(work(1), work(50), np.ones((200, 200), np.float32)) > 5
