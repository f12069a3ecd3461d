import pytest
import timm
import torch

from losses import PerceptualLoss
from losses.contract import check_contract
from seg.network.features import TimmFeatures
from seg.network.lite0 import load_lite0_weights
from seg.network.unet import NetworkConfig, build_network

SMALL = NetworkConfig(options={"decoder_channels": [16, 8, 8, 8, 8]})


def test_the_packaged_weights_fit_timm_to_the_last_key():
    model = timm.create_model("tf_efficientnet_lite0")
    weights = load_lite0_weights()
    assert len(weights) == 296
    assert model.load_state_dict(weights, strict=True).missing_keys == []


def test_the_packaged_weights_distinguish_flat_from_striped_pictures():
    """Random weights would give both pictures nearly the same class probabilities."""
    model = timm.create_model("tf_efficientnet_lite0").eval()
    model.load_state_dict(load_lite0_weights())
    flat, striped = torch.zeros(2, 1, 3, 224, 224)
    striped[..., ::32] = 1
    with torch.no_grad():
        answers = [model(picture).softmax(1) for picture in (flat, striped)]
    assert answers[0].argmax() != answers[1].argmax()


def test_a_grey_encoder_equals_a_color_encoder_on_a_grey_picture():
    grey, color = (build_network(NetworkConfig(in_channels=channels)).eval() for channels in (1, 3))
    picture = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        first = grey.network.encoder(picture)[1:]
        second = color.network.encoder(picture.expand(1, 3, 64, 64))[1:]
    for ours, theirs in zip(first, second, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (37, 65), (64, 96)])
def test_an_image_of_any_size_gets_logits_of_its_size(size):
    network = build_network(SMALL).eval()
    with torch.no_grad():
        assert network(torch.randn(2, 1, *size)).shape == (2, 1, *size)


def test_padding_does_not_change_an_image_of_whole_strides():
    network = build_network(SMALL).eval()
    image = torch.randn(1, 1, 64, 32)
    with torch.no_grad():
        assert torch.equal(network(image), network.network(image.contiguous(memory_format=torch.channels_last)))


def test_the_seed_determines_the_weights_and_the_global_generator_keeps_its_state():
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    first, again, other = (build_network(SMALL, seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    head = "network.segmentation_head.0.weight"
    assert torch.equal(first[head], again[head])
    assert not torch.equal(first[head], other[head])


def test_other_architectures_and_classes_need_only_a_config():
    config = NetworkConfig("fpn", "resnet18", encoder_weights=None, in_channels=3, classes=2)
    with torch.no_grad():
        assert build_network(config).eval()(torch.randn(1, 3, 40, 40)).shape == (1, 2, 40, 40)


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        (NetworkConfig(encoder="resnet18"), "'packaged' fit only the encoder tu-tf_efficientnet_lite0, got resnet18"),
        (NetworkConfig("unot"), "cannot build unot with encoder .*Available options"),
        (NetworkConfig(encoder="tu-nothing", encoder_weights=None), "Unknown model"),
        (NetworkConfig(options={"decoder_use_norm": "instancenorm"}), "norms must have weights, .*affine: true"),
        (NetworkConfig(options={"decoder_use_norm": {"type": "instancenorm"}}), "norms must have weights"),
        (NetworkConfig("unot", options={"decoder_use_norm": "instancenorm"}), "cannot build unot .*Available options"),
        (NetworkConfig(options={"decoder": 1}), "cannot build unet .* unet has no option decoder; .*options={}"),
        (
            NetworkConfig("fpn", options={"decoder_channels": [128, 64, 32, 16, 8]}),
            r"fpn has no option decoder_channels; .* --model.network.options={} \(in YAML: options: {}\)",
        ),
    ],
)
def test_a_network_that_does_not_exist_is_refused(config, rule):
    with pytest.raises(ValueError, match=rule):
        build_network(config)


def test_features_are_those_of_the_whole_model_and_halve_in_size():
    features = TimmFeatures(layers=(0, 1, 2)).eval()
    whole = timm.create_model("tf_efficientnet_lite0", features_only=True, in_chans=1).eval()
    weights = load_lite0_weights()
    weights["conv_stem.weight"] = weights["conv_stem.weight"].sum(1, keepdim=True)
    whole.load_state_dict(weights, strict=False)
    picture = torch.rand(2, 1, 64, 48)
    with torch.no_grad():
        ours, theirs = features(picture), whole(picture * 2 - 1)
    assert [tuple(layer.shape[2:]) for layer in ours] == [(32, 24), (16, 12), (8, 6)]
    for layer, expected in zip(ours, theirs[:3], strict=True):
        assert torch.allclose(layer, expected, atol=1e-4)


def test_the_perceptual_loss_of_the_config_keeps_the_contract():
    loss = PerceptualLoss(TimmFeatures(layers=(0, 1)))
    check_contract(loss)
    assert loss.state_dict() == {}


def test_a_frozen_encoder_is_unchanged_while_the_decoder_trains():
    network = build_network(SMALL)
    network.encoder.requires_grad_(False)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    network(torch.rand(2, 1, 32, 32)).square().mean().backward()
    optimizer.step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert not [name for name in changed if ".encoder." in name]
    assert network.training
