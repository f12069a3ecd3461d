"""The mean of weights from a step on, in training and in validation."""

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from seg.training.weight_mean import WeightMean


class Counting(pl.LightningModule):
    """A weight that every step raises by one, noted in every validation."""

    def __init__(self):
        super().__init__()
        self.weight, self.validated = torch.nn.Parameter(torch.zeros(1)), []

    def training_step(self, batch, batch_idx):
        return -self.weight.sum()

    def validation_step(self, batch, batch_idx):
        self.validated.append(self.weight.item())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


@pytest.mark.parametrize(("from_step", "validated"), [(0, [1.5, 2.5, 3.5]), (3, [2.0, 4.0, 5.0]), (9, [2.0, 4.0, 6.0])])
def test_validation_judges_the_mean_of_the_weights_from_a_step_on(from_step, validated, tmp_path):
    model, batches = Counting(), DataLoader(torch.zeros(2, 1))
    trainer = pl.Trainer(
        max_epochs=3,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
        callbacks=[WeightMean(from_step)],
    )
    trainer.fit(model, batches, DataLoader(torch.zeros(1, 1)))
    assert model.validated == pytest.approx(validated)
    assert model.weight.item() == pytest.approx(validated[-1])


def test_a_negative_step_is_refused():
    with pytest.raises(ValueError, match="from_step must be >= 0, got -1"):
        WeightMean(-1)
