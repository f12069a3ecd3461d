import json
from pathlib import Path

import pytest
import yaml

from seg.__main__ import main
from seg.analysis.trials import TRIALS, load_trials
from seg.compare import tuning
from seg.compare.plan import Plan
from seg.compare.run_task import PlannedRun, RunTask
from seg.record import RunRecord, SplitScores
from seg.runs import find_runs
from tests.seg.records import record

LOSSES = Path(__file__).parents[3] / "configs" / "loss"
RATE, WEIGHT = "model.optimizer.init_args.lr", "model.loss.init_args.weight"


@pytest.fixture
def path(tiny, tmp_path) -> Path:
    content = {
        "configs": [str(tiny / "base.yaml")],
        "data": str(tiny / "data.yaml"),
        "losses": [str(LOSSES / "l2.yaml"), str(LOSSES / "edge_composite.yaml")],
        "seeds": [0],
        "options": {"trainer.max_epochs": 1},
        "tune": {
            "trials": 2,
            "search": {RATE: [0.0001, 0.01, 0.1]},
            "arms": {"edge_composite": {WEIGHT: [1.0, 5.0]}},
            "options": {"data.steps_per_epoch": 2},
        },
    }
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(content))
    return tmp_path / "plan.yaml"


def options_of(path: Path) -> dict[str, list[dict]]:
    plan = Plan.load(path)
    trials = tuning.plan_trials(plan, plan.runs([]))
    return {arm: [trial.options for trial in tried] for arm, tried in trials.items()}


def make_task(run: PlannedRun, parent: Path) -> RunTask:
    return run.task(parent, "data and code")


def test_every_arm_has_as_many_different_trials_of_its_own_grid(path):
    options = options_of(path)
    assert {arm: len(tried) for arm, tried in options.items()} == {"l2": 2, "edge_composite": 2}
    assert all(tried[0] != tried[1] for tried in options.values())
    assert all(tried.keys() == {RATE} for tried in options["l2"])
    assert all(tried.keys() == {RATE, WEIGHT} for tried in options["edge_composite"])


def test_the_trials_are_the_same_ones_again(path):
    assert options_of(path) == options_of(path)


def test_a_comparison_without_tuning_has_no_trials(path):
    content = yaml.safe_load(path.read_text())
    del content["tune"]
    path.write_text(yaml.safe_dump(content))
    assert options_of(path) == {}


def test_all_runs_are_the_trials_and_whatever_may_be_chosen(path):
    plan = Plan.load(path)
    runs = plan.runs([])
    trials = tuning.plan_trials(plan, runs)
    every = tuning.all_runs(runs, trials)
    assert len(every) == 4 + 4
    assert [run.options["score_test"] for run in every[:4]] == [False] * 4
    assert tuning.trained_trials(trials) == every[:4]
    assert [run.options[RATE] for run in every[4:6]] == [trial.options[RATE] for trial in trials["l2"]]
    assert tuning.all_runs(runs, {}) == runs


def test_what_was_tuned_once_is_forgotten_when_nothing_is_tuned(tmp_path):
    (tmp_path / TRIALS).write_text("{}")
    assert tuning.tune({}, tmp_path, make_task, lambda tasks: None) == {}
    assert not (tmp_path / TRIALS).exists()


def test_a_truncated_file_of_trials_is_named(tmp_path):
    (tmp_path / TRIALS).write_text('{"l2": ')
    with pytest.raises(ValueError, match=r"tuning\.json is damaged"):
        load_trials(tmp_path)


def changed(path: Path, **changes) -> Plan:
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(content | {"tune": content["tune"] | changes}))
    return Plan.load(path)


def test_a_range_is_searched_evenly_on_the_scale_that_it_names(path):
    space = {RATE: {"low": 1e-4, "high": 1e-2, "log": True}, "model.x": {"low": 0, "high": 1}, "model.y": [1, 2]}
    points = changed(path, trials=16, search=space, arms={}).tune.points("l2")
    assert points == Plan.load(path).tune.points("l2")
    rates, others = ([point[key] for point in points] for key in (RATE, "model.x"))
    assert all(1e-4 <= rate <= 1e-2 for rate in rates)
    assert all(6 <= sum(value < middle for value in values) <= 10 for values, middle in ((rates, 1e-3), (others, 0.5)))
    assert {point["model.y"] for point in points} == {1, 2}


@pytest.fixture
def trained():
    """Trials whose score is their learning rate, without a training; returns the epochs of what was trained."""
    epochs = []

    def train(tasks):
        for task in tasks:
            rate = next(float(arg.partition("=")[2]) for arg in task.args if arg.startswith(f"--{RATE}="))
            length = next(arg.partition("=")[2] for arg in task.args if arg.startswith("--trainer.max_epochs="))
            epochs.append((task.name, int(length)))
            task.folder.mkdir(parents=True)
            scores = SplitScores(["v1"], {"boundary_f1": [rate]})
            status = "diverged" if rate > 0.05 else "untested"
            record(task.name, task.seed, scores, status=status).save(task.folder)

    return train, epochs


def test_each_round_trains_the_better_half_for_longer_and_all_arms_have_equal_budgets(path, tmp_path, trained):
    train, epochs = trained
    plan = changed(path, trials=4, halving=[1, 2, 4], search={RATE: [0.001, 0.002, 0.003, 0.1]}, arms={})
    trials = tuning.plan_trials(plan, plan.runs([]))
    chosen = tuning.tune(trials, tmp_path / "out", lambda run, parent: run.task(parent, repr(run.settings)), train)
    assert chosen == {arm: {RATE: 0.003} for arm in ("l2", "edge_composite")}
    assert sorted(length for name, length in epochs if name == "l2") == [1, 1, 1, 1, 2, 2, 4]
    assert sorted(run.options["trainer.max_epochs"] for run in tuning.trained_trials(trials)) == sorted(
        length for _, length in epochs
    )
    told = {
        trial["options"][RATE]: trial for trial in json.loads((tmp_path / "out" / TRIALS).read_text())["l2"]["trials"]
    }
    assert told[0.1]["score"] is None
    assert told[0.001] == {"options": {RATE: 0.001}, "score": 0.001, "last_round": False}
    assert [rate for rate, trial in told.items() if trial["last_round"]] == [0.003]


@pytest.mark.slow
def test_each_arm_trains_with_what_was_best_on_validation(path, tmp_path):
    out = tmp_path / "out"
    assert main(["compare", str(path), "--out", str(out)]) == 0
    told = json.loads((out / TRIALS).read_text())
    trained = {record.name: record for record in find_runs(out).values()}
    assert trained.keys() == told.keys() == {"l2", "edge_composite"}
    for name, of_arm in told.items():
        best = max(of_arm["trials"], key=lambda trial: trial["score"])
        assert of_arm["chosen"] == best["options"]
        assert trained[name].config.raw["model"]["optimizer"]["init_args"]["lr"] == best["options"][RATE]
        assert trained[name].steps == 3
    weight = trained["edge_composite"].config.loss.init_args["weight"]
    assert weight == told["edge_composite"]["chosen"][WEIGHT]
    trials = [RunRecord.load(file.parent) for file in (out / "trials").rglob("record.json")]
    assert [(trial.seed, trial.steps, trial.status) for trial in trials] == [(1000, 2, "untested")] * 4
    assert not any(trial.test or trial.optimistic for trial in trials)
    assert not list((out / "trials").rglob("test"))


def test_an_arm_without_a_finished_trial_is_named(path, tmp_path):
    plan = Plan.load(path)
    with pytest.raises(RuntimeError, match="every trial of l2 failed"):
        tuning.tune(tuning.plan_trials(plan, plan.runs([])), tmp_path / "out", make_task, lambda tasks: None)
