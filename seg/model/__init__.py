"""The LightningModule and its learning-rate schedules."""
