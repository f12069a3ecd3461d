"""Settings that are refused before anything is trained or scored."""

from pathlib import Path

import pytest

from seg.__main__ import main

LOSS = f"--model.loss={Path(__file__).parents[3] / 'configs' / 'loss' / 'l2.yaml'}"


def test_gradients_of_a_fused_optimizer_are_not_clipped_in_mixed_precision(fit_args, tmp_path, capsys):
    clipped = [*fit_args, LOSS, "--trainer.gradient_clip_val=1.0", "--trainer.precision=bf16-mixed"]
    assert main(clipped) == 2
    assert "set --model.optimizer.init_args.fused false" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert main([*clipped, "--model.optimizer.init_args.fused=false", "--trainer.fast_dev_run=1"]) == 0


@pytest.mark.parametrize("subcommand", ["validate", "test", "predict"])
def test_an_untrained_network_is_neither_scored_nor_asked(fit_args, tmp_path, capsys, subcommand):
    assert main([subcommand, *fit_args[1:], LOSS]) == 2
    assert f"seg {subcommand} --ckpt_path RUN/checkpoints/NAME.ckpt" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
