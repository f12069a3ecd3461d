"""A trial of a few batches, `--trainer.fast_dev_run`, writes nothing."""

from pathlib import Path

from seg.__main__ import main

LOSS = f"--model.loss={Path(__file__).parents[3] / 'configs' / 'loss' / 'l2.yaml'}"


def test_a_trial_leaves_no_file_behind(fit_args, tmp_path, monkeypatch):
    assert main([*fit_args, LOSS, "--trainer.max_epochs=1"]) == 0
    (checkpoint,) = (tmp_path / "run" / "version_0" / "checkpoints").glob("epoch*.ckpt")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = sorted(tmp_path.rglob("*"))
    assert main([*fit_args, LOSS, "--trainer.fast_dev_run=1"]) == 0
    for subcommand in ("validate", "test"):
        options = [*fit_args[1:], LOSS, f"--ckpt_path={checkpoint}"]
        assert main([subcommand, *options, "--trainer.fast_dev_run=1"]) == 0
    assert sorted(tmp_path.rglob("*")) == before
