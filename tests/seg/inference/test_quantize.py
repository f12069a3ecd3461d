import numpy as np
import pytest

from seg.inference.engine import OpenVinoEngine
from seg.inference.export import export_onnx
from seg.inference.golden import Golden
from seg.inference.openvino_runtime import openvino_core
from seg.inference.quantize import check_quantized, first_convolutions, write_accepted, write_quantized
from seg.network.ensemble import Ensemble
from seg.network.unet import NetworkConfig, build_network


def frame(width_px: int = 1) -> np.ndarray:
    """The probability (1, 1, 64, 64) of a vertical line."""
    probability = np.zeros((1, 1, 64, 64), np.float32)
    probability[..., 30 : 30 + width_px] = 0.9
    return probability


def golden() -> Golden:
    return Golden(image=np.zeros((1, 1, 64, 64), np.float32), truth=frame()[0, 0] > 0.5)


def test_the_same_masks_are_accepted_whatever_the_probabilities():
    measured = check_quantized(lambda _: frame() / 1.5, lambda _: frame(), [golden()], 0.5, 2.0)
    assert measured == {"dice": 1.0, "boundary_f1_loss": 0.0}


def test_masks_that_overlap_too_little_are_refused():
    # 64 pixels in common of 64 and 128: 2 * 64 / 192
    with pytest.raises(ValueError, match=r"a Dice of 0\.6667 \(at least 0\.99"):
        check_quantized(lambda _: frame(2), lambda _: frame(), [golden()], 0.5, 2.0)


def test_a_boundary_that_is_found_less_well_is_refused(monkeypatch):
    monkeypatch.setattr("seg.inference.quantize.MIN_DICE", 0.0)
    with pytest.raises(ValueError, match=r"boundary F1 is 0\.0000 instead of 1\.0000"):
        check_quantized(lambda _: frame() * 0, lambda _: frame(), [golden()], 0.5, 2.0)


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).uniform(-1, 1, (1, 1, 64, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    options = {"decoder_channels": [16, 8, 8, 8, 8]}
    network = build_network(NetworkConfig(encoder="resnet18", encoder_weights=None, options=options)).eval()
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    export_onnx(network, 1, path)
    return path


def test_the_more_convolutions_stay_in_float_the_closer_the_answer(model, noise, tmp_path):
    exact, away = OpenVinoEngine(model)(noise), []
    for count in (0, 6, 1000):
        write_quantized([noise], model, tmp_path / "int8.xml", count)
        away.append(np.abs(OpenVinoEngine(tmp_path / "int8.xml")(noise) - exact).mean())
    assert away[0] > away[1] > away[2] > 0  # what is no convolution stays in int8


@pytest.mark.slow
def test_where_int8_costs_too_much_the_first_convolutions_stay_in_float(model, noise, tmp_path, monkeypatch):
    probability = OpenVinoEngine(model)(noise)[0, 0]
    threshold = float(np.median(probability))
    goldens = [Golden(noise, probability >= threshold)]

    def accepted(counts: tuple[int, ...], min_dice: float) -> dict[str, float]:
        monkeypatch.setattr("seg.inference.quantize.FLOAT_CONVOLUTIONS", counts)
        monkeypatch.setattr("seg.inference.quantize.MIN_DICE", min_dice)
        return write_accepted([noise], model, tmp_path / "int8.xml", goldens, threshold, 2.0)

    none, most = accepted((0,), 0.5)["dice"], accepted((1000,), 0.5)["dice"]
    assert none < most
    assert accepted((0, 1000), none)["float_convolutions"] == 0
    assert accepted((0, 1000), (none + most) / 2)["float_convolutions"] == 1000
    with pytest.raises(ValueError, match="int8 costs too much"):
        accepted((0, 1000), 1.1)


def test_the_first_convolutions_of_an_ensemble_are_those_of_each_member(model, tmp_path):
    options = {"decoder_channels": [16, 8, 8, 8, 8]}
    config = NetworkConfig(encoder="tu-tf_efficientnet_lite0", encoder_weights=None, options=options)
    members = [build_network(config, seed).eval() for seed in (0, 1)]
    first = []
    for name, network in (("one", members[0]), ("both", Ensemble(members))):
        export_onnx(network, 1, tmp_path / f"{name}.onnx")
        first.append(first_convolutions(openvino_core().read_model(tmp_path / f"{name}.onnx"), 6))
    assert len(first[0]) == 7  # six of the encoder, and the one that takes its first features to the decoder
    assert [len([name for name in first[1] if f"members.{number}" in name]) for number in (0, 1)] == [7, 7]
    assert first_convolutions(openvino_core().read_model(model), 0) == []
