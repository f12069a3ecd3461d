from collections.abc import Callable

import pytest

from seg.__main__ import main
from seg.compare.estimate import Cost, duration, makespan


def test_a_run_costs_its_epochs_and_what_is_done_once():
    cost = Cost(epochs=10, steps=25, step=0.5, validation=3.0, fixed=20.0)
    assert cost.seconds() == 10 * (25 * 0.5 + 3) + 20
    assert cost.seconds(epochs=2) == 2 * (25 * 0.5 + 3) + 20


@pytest.mark.parametrize(
    ("runs", "processes", "end"), [([], 2, 0), ([3, 2, 2], 1, 7), ([3, 2, 2], 2, 4), ([3, 2], 5, 3)]
)
def test_each_run_starts_in_the_first_free_process(runs, processes, end):
    assert makespan(runs, processes) == end


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(4, "4 s"), (89, "89 s"), (90, "2 min"), (3540, "59 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.fixture
def dry_run(tiny, tmp_path) -> Callable[..., int]:
    """Return what gives the exit code of a dry run with more options."""
    args = ["compare", str(tiny / "compare.yaml"), "--out", str(tmp_path / "out"), "--dry-run"]
    return lambda *options: main([*args, *options])


@pytest.mark.slow
def test_a_dry_run_trains_a_few_steps_and_leaves_nothing(dry_run, tmp_path, capsys):
    assert dry_run("--trainer.max_epochs=7") == 0
    told = capsys.readouterr().out
    assert "l2" in told
    assert "7 x 3" in told
    assert "2 runs" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_dry_run_says_which_arm_does_not_train(dry_run, capsys):
    assert dry_run("--model.optimizer.init_args.lr=-1") == 1
    assert "does not train: ValueError: Invalid learning rate" in capsys.readouterr().err
