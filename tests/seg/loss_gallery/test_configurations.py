"""Every file of configs/loss trains and validates."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from losses.contract import check_contract
from seg.loss_gallery.catalogue import build
from seg.model.module import BoundaryModule
from seg.network.unet import NetworkConfig

CONFIGS = sorted((Path(__file__).parents[3] / "configs" / "loss").glob("*.yaml"))
NETWORK = NetworkConfig(encoder="resnet18", encoder_weights=None, options={"decoder_channels": [8, 8, 8, 8, 8]})


def batches() -> DataLoader:
    generator = torch.Generator().manual_seed(0)
    mask = torch.zeros(2, 1, 32, 48)
    mask[:, :, 5::9], mask[..., 7::11] = 1, 1
    image = 1 - mask + 0.1 * torch.randn(mask.shape, generator=generator)
    both = [
        {"image": image, "mask": mask, "name": ["a", "b"]},
        {"image": image.flip(3), "mask": mask.flip(3), "name": ["c", "d"]},
    ]
    return DataLoader(both, batch_size=None)


@pytest.fixture(params=CONFIGS, ids=lambda path: path.stem)
def loss(request, tmp_path):
    offline = tmp_path / request.param.name  # weights from the model hub would need a network
    offline.write_text(request.param.read_text().replace("weights: imagenet", "weights: null"))
    return build(str(offline))


@pytest.mark.slow
def test_every_configuration_trains_and_validates(loss, tmp_path):
    check_contract(loss)
    module = BoundaryModule(NETWORK, loss)
    trainer = pl.Trainer(
        default_root_dir=tmp_path,
        max_steps=2,
        logger=False,
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    before = [parameter.detach().clone() for parameter in module.parameters()]
    trainer.fit(module, batches(), batches())
    assert trainer.global_step == 2
    assert torch.isfinite(trainer.callback_metrics["val/loss"])
    assert any(not torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True))
