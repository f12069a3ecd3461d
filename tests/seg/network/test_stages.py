"""Where the stages of an encoder end."""

from itertools import chain

import pytest
import segmentation_models_pytorch as smp
import torch

from seg.network.stages import encoder_stages
from seg.network.unet import NetworkConfig, build_network


def stages_of(encoder):
    network = smp.create_model("unet", encoder, encoder_weights=None, in_channels=1)
    return network.encoder, encoder_stages(network.encoder, 1, network.encoder.output_stride)


def test_stages_of_a_residual_network_are_its_stem_and_its_layers():
    encoder, stages = stages_of("resnet18")
    layers = [encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4]
    expected = [
        [*encoder.conv1.parameters(), *encoder.bn1.parameters()],
        *(list(layer.parameters()) for layer in layers),
    ]
    assert [set(stage) for stage in stages] == [set(stage) for stage in expected]


@pytest.mark.parametrize("encoder", ["tu-tf_efficientnet_lite0", "efficientnet-b0"])
def test_every_weight_is_in_one_stage(encoder):
    built, stages = stages_of(encoder)
    assert sorted(map(id, chain.from_iterable(stages))) == sorted(map(id, built.parameters()))
    assert len(stages) == 5


def test_looking_for_stages_changes_nothing():
    network = build_network(NetworkConfig(encoder_weights=None, options={"decoder_channels": [8] * 5})).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    encoder_stages(network.encoder, 1, 32)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(module.training and not module._forward_hooks for module in network.modules())
