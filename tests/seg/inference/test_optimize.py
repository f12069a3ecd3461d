import pytest
import torch
from torch import nn

from seg.inference.batch_norm_folding import fold_batch_norm
from seg.inference.fast_decoder import FixedUpsampledConvolution
from seg.inference.optimize import optimize
from seg.network.unet import LITE0, NetworkConfig, PaddedNetwork, build_network

WIDE = {"decoder_channels": [32, 32, 16, 16, 16]}  # scse divides by 16
SMALL = {"decoder_channels": [16, 16, 8, 8, 8]}


def trained(**config) -> PaddedNetwork:
    """A network in float64 whose batch norms have statistics of their own, as after a training."""
    network = build_network(NetworkConfig(**{"encoder_weights": None, "options": SMALL} | config)).double().train()
    torch.manual_seed(1)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias)
    with torch.no_grad():
        network(torch.randn(2, network.network.encoder._in_channels, 64, 64, dtype=torch.float64))
    return network.eval()


@pytest.mark.parametrize(
    ("config", "rewritten"),
    [
        ({"encoder": LITE0, "encoder_weights": "packaged"}, 5),
        ({"encoder": "resnet34", "in_channels": 3, "classes": 2}, 5),
        ({"encoder": LITE0, "options": {"decoder_channels": [64, 32, 16], "encoder_depth": 3}}, 3),
        ({"encoder": "resnet18", "options": SMALL | {"decoder_use_norm": False}}, 5),
        (
            {
                "encoder": "resnet18",
                "options": WIDE | {"decoder_attention_type": "scse"},
            },
            0,
        ),
        ({"encoder": "resnet18", "options": SMALL | {"decoder_interpolation": "bilinear"}}, 0),
        ({"encoder": "resnet18", "architecture": "unetplusplus"}, 0),
        ({"encoder": "resnet18", "architecture": "fpn", "options": {}}, 0),
    ],
)
def test_the_optimized_network_is_the_same_function(config, rewritten):
    network = trained(**config)
    channels = config.get("in_channels", 1)
    image = torch.randn(1, channels, 64, 96, dtype=torch.float64)
    fast = optimize(network, channels)
    with torch.no_grad():
        assert torch.allclose(fast(image), network(image).sigmoid(), rtol=0, atol=1e-12)
    assert sum(isinstance(layer, FixedUpsampledConvolution) for layer in fast.modules()) == rewritten
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in fast.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())


class SharedNorm(nn.Module):
    """Two convolutions before one norm, and a norm that no convolution precedes: neither can be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList([nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)])
        self.shared, self.first = nn.BatchNorm2d(1), nn.BatchNorm2d(1)
        nn.init.constant_(self.shared.bias, 3.0)

    def forward(self, image):
        image = self.first(image)
        return sum(self.shared(convolution(image)) for convolution in self.convolutions)


def test_a_norm_that_serves_twice_or_follows_no_convolution_stays():
    network, image = SharedNorm().eval(), torch.randn(1, 1, 8, 8)
    expected = network(image)
    fold_batch_norm(network, image)
    assert torch.equal(network(image), expected)
    assert isinstance(network.shared, nn.BatchNorm2d)
    assert isinstance(network.first, nn.BatchNorm2d)
