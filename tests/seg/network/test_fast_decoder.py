"""The decoder that trains and predicts, against the one of segmentation-models-pytorch."""

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn
from torch.nn import functional

from seg.network.fast_decoder import FastDecoderBlock, UpsampledConvolution, rewrite_decoder
from seg.network.unet import NetworkConfig, build_network

SMALL = {"decoder_channels": [16, 16, 8, 8, 8]}


@pytest.mark.parametrize("skip_channels", [0, 3])
def test_the_kernel_is_the_convolution_of_the_upsampled_map_and_the_skip_connection(skip_channels):
    convolution = nn.Conv2d(2 + skip_channels, 4, 3, padding=1).double()
    feature_map = torch.randn(1, 2, 5, 7, dtype=torch.float64)
    skip = torch.randn(1, skip_channels, 10, 14, dtype=torch.float64) if skip_channels else None
    upsampled = functional.interpolate(feature_map, scale_factor=2, mode="nearest")
    expected = convolution(upsampled if skip is None else torch.cat([upsampled, skip], 1))
    assert torch.allclose(UpsampledConvolution(convolution, 2)(feature_map, skip), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "options", [SMALL, SMALL | {"decoder_use_norm": False}, {**SMALL, "decoder_attention_type": None}]
)
def test_outputs_and_gradients_are_those_of_the_library_and_so_are_the_names_of_parameters(options):
    theirs = smp.create_model("unet", "resnet18", None, in_channels=1, classes=2, **options).double().train()
    ours = smp.create_model("unet", "resnet18", None, in_channels=1, classes=2, **options).double().train()
    rewrite_decoder(ours)
    assert ours.load_state_dict(theirs.state_dict()).missing_keys == []
    assert sum(isinstance(layer, FastDecoderBlock) for layer in ours.modules()) == 5
    image = torch.randn(2, 1, 64, 96, dtype=torch.float64)
    outputs = [network(image) for network in (theirs, ours)]
    assert torch.allclose(outputs[1], outputs[0], rtol=0, atol=1e-12)
    for output in outputs:
        output.square().mean().backward()
    for (name, parameter), (other, rewritten) in zip(theirs.named_parameters(), ours.named_parameters(), strict=True):
        assert name == other
        assert torch.allclose(rewritten.grad, parameter.grad, rtol=0, atol=1e-12), name


def test_the_network_that_is_trained_is_rewritten():
    network = build_network(NetworkConfig(encoder="resnet18", encoder_weights=None, options=SMALL))
    assert any(isinstance(layer, FastDecoderBlock) for layer in network.modules())
