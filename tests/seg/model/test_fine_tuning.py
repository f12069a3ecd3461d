"""Freezing stages and rates that fall towards the image."""

import pytest
import pytorch_lightning as pl
import torch

from losses import L2Loss
from seg.model.fine_tuning import Freeze
from seg.model.module import BoundaryModule
from seg.model.schedule import OneCycle
from seg.network.stages import encoder_stages
from seg.network.unet import NetworkConfig

SMALL = NetworkConfig(encoder_weights=None, options={"decoder_channels": [8] * 5})


class Log(pl.Callback):
    """Keeps a copy of the weights at the start of every epoch."""

    def __init__(self):
        self.weights = []

    def on_train_epoch_start(self, trainer, pl_module):
        self.weights.append({name: value.clone() for name, value in pl_module.network.state_dict().items()})


@pytest.fixture
def train(tmp_path):
    """Return a function that trains for three epochs; it returns the module and its weights at each start and end."""

    def run(**options):
        module, log = BoundaryModule(SMALL, L2Loss(), schedule=OneCycle(), **options), Log()
        batch = {"image": torch.rand(2, 1, 32, 32), "mask": (torch.rand(2, 1, 32, 32) > 0.8).float()}
        quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
        trainer = pl.Trainer(max_epochs=3, accelerator="cpu", callbacks=[log], default_root_dir=tmp_path, **quiet)
        trainer.fit(module, torch.utils.data.DataLoader([batch] * 2, batch_size=None))
        return module, [*log.weights, module.network.state_dict()]

    return run


def changed(before, after):
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


def stage_names(module):
    """Return the names of the weights of each stage."""
    names = {weight: name for name, weight in module.network.named_parameters()}
    return [{names[weight] for weight in stage} for stage in encoder_stages(module.network.encoder, 1, 32)]


def test_the_frozen_half_keeps_weights_and_statistics_until_its_epoch(train):
    module, weights = train(freeze=Freeze("half", until_epoch=2))
    first, second, *others = stage_names(module)
    frozen = {name.rpartition(".")[0] for name in first | second}  # layers, whose statistics are frozen, too
    early = changed(weights[0], weights[2])
    assert not {name for name in early if name.rpartition(".")[0] in frozen}
    assert {name for stage in others for name in stage if name.endswith(".weight")} <= early
    late = changed(weights[2], weights[3])
    assert {name for name in first | second if name.endswith(".weight")} <= late
    assert "network.encoder.model.bn1.running_mean" in late - early


def test_what_is_frozen_for_good_never_changes(train):
    _, weights = train(freeze=Freeze("encoder"))
    assert {"encoder" in name for name in changed(weights[0], weights[3])} == {False}


def test_a_number_freezes_as_many_stages(train):
    module, weights = train(freeze=Freeze(1))
    first, second, *_ = stage_names(module)
    assert not first & changed(weights[0], weights[3])
    assert second <= changed(weights[0], weights[3])


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        (lambda: Freeze(0), "freeze.stages must be half, encoder or a number >= 1, got 0"),
        (lambda: Freeze("half", 0), "freeze.until_epoch must be >= 1 or null, got 0"),
        (lambda: Freeze(6).select([[]] * 5), "freeze.stages is 6, but the encoder has 5 stages"),
    ],
)
def test_a_freeze_that_cannot_be_is_refused(freeze, message):
    with pytest.raises(ValueError, match=message):
        freeze()


def test_rates_fall_from_the_decoder_towards_the_image():
    module = BoundaryModule(SMALL, L2Loss(), lambda groups: torch.optim.SGD(groups, lr=1.0), lr_decay_per_stage=0.5)
    groups = module.configure_optimizers().param_groups
    assert [group["lr"] for group in groups] == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]
    assert sum(len(group["params"]) for group in groups) == len(list(module.parameters()))
    names = {weight: name for name, weight in module.network.named_parameters()}
    assert not [weight for weight in groups[0]["params"] if "encoder" in names[weight]]
    assert "conv_stem" in names[groups[-1]["params"][0]]


def test_a_schedule_keeps_the_ratio_of_the_rates(train):
    module, _ = train(lr_decay_per_stage=0.5)
    rates = [group["lr"] for group in module.optimizers().param_groups]
    assert [rate / rates[0] for rate in rates] == pytest.approx([0.5**number for number in range(6)])


@pytest.mark.parametrize("decay", [0.0, 1.5])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(ValueError, match=r"lr_decay_per_stage must be in \(0, 1\] or null"):
        BoundaryModule(SMALL, L2Loss(), lr_decay_per_stage=decay).configure_optimizers()
