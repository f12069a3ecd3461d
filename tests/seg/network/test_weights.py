import urllib.error
from pathlib import Path

import pytest
import segmentation_models_pytorch as smp
import timm
import torch
from safetensors.torch import save_file

from seg.network.lite0 import load_lite0_weights
from seg.network.unet import LITE0, NetworkConfig, build_network
from seg.network.weights import hub_file, read_weights

SMALL = {"decoder_channels": [16, 8, 8, 8, 8]}


def test_a_file_of_weights_equals_the_packaged_ones(tmp_path):
    weights = {name: value.contiguous() for name, value in load_lite0_weights().items()}
    save_file(weights, tmp_path / "lite0.safetensors")
    torch.save({"state_dict": weights}, tmp_path / "lite0.pth")
    expected = build_network(NetworkConfig(options=SMALL)).state_dict()
    for name in ("lite0.safetensors", "lite0.pth"):
        found = build_network(NetworkConfig(encoder_weights=str(tmp_path / name), options=SMALL)).state_dict()
        assert all(torch.equal(found[key], value) for key, value in expected.items())


def test_weights_of_smp_and_of_timm_fit_their_encoders(tmp_path):
    model = smp.create_model("unet", "resnet18", encoder_weights=None, in_channels=3)
    torch.save(model.encoder.state_dict(), tmp_path / "smp.pt")
    config = NetworkConfig(encoder="resnet18", encoder_weights=str(tmp_path / "smp.pt"), options=SMALL)
    grey = build_network(config).network.encoder.state_dict()
    assert torch.allclose(grey["conv1.weight"], model.encoder.conv1.weight.sum(dim=1, keepdim=True))
    assert torch.equal(grey["layer4.1.conv2.weight"], model.encoder.layer4[1].conv2.weight)
    whole = timm.create_model("convnext_atto")  # names with "." in the file, with "_" in the encoder
    save_file(whole.state_dict(), tmp_path / "timm.safetensors")
    config = NetworkConfig("fpn", "tu-convnext_atto", str(tmp_path / "timm.safetensors"), in_channels=3)
    stage = build_network(config).network.encoder.model.state_dict()["stages_1.blocks.0.conv_dw.weight"]
    assert torch.equal(stage, whole.state_dict()["stages.1.blocks.0.conv_dw.weight"])


class Executes:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def test_a_pickle_that_executes_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Executes()}, "evil.pth")
    with pytest.raises(ValueError, match=r"evil.pth is damaged or holds more than weights: it is not loaded"):
        read_weights(Path("evil.pth"))
    assert not Path("executed").exists()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_damaged_file_is_refused_by_name(tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(b"PK no weights")
    with pytest.raises(ValueError, match=f"cut{suffix} is damaged"):
        read_weights(path)


def test_what_is_not_a_file_of_the_encoders_weights_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be packaged, imagenet, null or a file \.safetensors, .* got advprop"):
        build_network(NetworkConfig(encoder_weights="advprop"))
    with pytest.raises(FileNotFoundError, match="no such file of weights: .*none.pth"):
        build_network(NetworkConfig(encoder_weights=str(tmp_path / "none.pth")))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ValueError, match=r"list.pth holds no weights"):
        read_weights(tmp_path / "list.pth")
    torch.save(timm.create_model("resnet10t").state_dict(), tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other.pth does not fit the encoder: \d+ of \d+ weights are missing"):
        build_network(NetworkConfig(encoder_weights=str(tmp_path / "other.pth")))


def test_weights_that_the_hub_does_not_give_name_the_file_and_the_ways_out(monkeypatch):
    def unreachable(*_args, **_options):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(smp, "create_model", unreachable)
    with pytest.raises(ConnectionError, match=r"smp-hub/resnet18.imagenet, .* null .* path of a file .* packaged"):
        build_network(NetworkConfig(encoder="resnet18", encoder_weights="imagenet"))
    assert hub_file(LITE0) == "timm/tf_efficientnet_lite0.in1k, model.safetensors"


@pytest.mark.parametrize("channels", [2, 5])
def test_an_encoder_of_other_channels_equals_a_grey_one_on_equal_channels(channels):
    grey = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    first, second = (build_network(NetworkConfig(in_channels=count)).eval() for count in (1, channels))
    with torch.inference_mode():
        features = first.network.encoder(grey)[1:]
        same = second.network.encoder(grey.expand(-1, channels, -1, -1))[1:]
    assert len(same) == len(features) > 3
    assert all(torch.allclose(a, b, atol=1e-3) for a, b in zip(features, same, strict=True))
