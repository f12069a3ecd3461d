from pathlib import Path

import pytest
import yaml

from seg.compare.plan import Plan
from seg.compare.run_task import RunTask


@pytest.fixture
def files(tmp_path):
    for name in ("base", "data", "l2", "jaccard"):
        (tmp_path / f"{name}.yaml").write_text(f"# {name}\n")
    return tmp_path


def tasks(plan: Plan, out="out", extra=(), fingerprint="data and code") -> list[RunTask]:
    return [run.task(Path(out) / "runs", fingerprint) for run in plan.runs(list(extra))]


def write(folder: Path, **changes) -> Path:
    content = {
        "configs": ["base.yaml"],
        "data": "data.yaml",
        "losses": ["l2.yaml", "jaccard.yaml"],
        "seeds": [0, 7],
        "options": {"trainer.max_epochs": 3, "data.transforms": []},
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(content | changes))
    return path


def one_trial(values, **more):
    return {"tune": {"trials": 1, "search": {"lr": values}, **more}}


def test_every_loss_is_run_with_every_seed_in_a_folder_of_its_own(files):
    runs = tasks(Plan.load(write(files)), extra=["--more=1"])
    assert [(run.name, run.seed) for run in runs] == [("l2", 0), ("jaccard", 0), ("l2", 7), ("jaccard", 7)]
    assert runs[3].folder.parent == Path("out/runs/jaccard")
    assert runs[3].folder.name.startswith("seed-7-")
    assert runs[0].args[0] == "fit"
    assert "--trainer.max_epochs=3" in runs[0].args
    assert "--data.transforms=[]" in runs[0].args
    assert "--more=1" in runs[0].args
    assert f"--model.loss={files / 'jaccard.yaml'}" in runs[1].args


def test_the_runs_of_a_seed_differ_in_nothing_but_loss_and_name(files):
    l2, jaccard, *_ = tasks(Plan.load(write(files)))
    different = set(l2.args) ^ set(jaccard.args)
    different -= {f"--trainer.logger.version={run.folder.name}" for run in (l2, jaccard)}
    assert {arg.replace("l2", "*").replace("jaccard", "*") for arg in different} == {
        f"--model.loss={files / '*.yaml'}",
        "--name=*",
        "--trainer.logger.name=*",
    }


def test_a_run_is_another_one_when_its_fingerprint_or_seed_changes(files):
    run, _, of_other_seed, _ = Plan.load(write(files)).runs([])
    folders = {
        task.folder.name for task in (run.task(files, "a"), run.task(files, "b"), of_other_seed.task(files, "a"))
    }
    assert len({folder.rpartition("-")[2] for folder in folders}) == 3
    assert run.task(files, "a") == run.task(files, "a")


def test_runs_of_an_arm_have_the_same_settings_unless_an_option_names_the_seed(files):
    first, jaccard, second, _ = Plan.load(write(files)).runs(["--more=1"])
    assert first.settings == second.settings != jaccard.settings
    first, _, second, _ = Plan.load(write(files, options={"any": "{seed}"})).runs([])
    assert first.settings != second.settings


def test_an_arm_may_differ_in_more_than_its_loss(files):
    arm = {"loss": "l2.yaml", "options": {"model.schedule": None}}
    runs = tasks(Plan.load(write(files, arms={"l2_constant": arm})))
    assert [run.name for run in runs[:3]] == ["l2", "jaccard", "l2_constant"]
    assert "--model.schedule=null" in runs[2].args
    assert "--model.schedule=null" not in runs[0].args


def test_with_folds_every_run_is_trained_once_per_fold(files):
    runs = tasks(Plan.load(write(files, folds=3)))
    assert [(run.name, run.seed, run.fold) for run in runs[:7]] == [
        *(("l2", 0, 0), ("jaccard", 0, 0), ("l2", 0, 1), ("jaccard", 0, 1), ("l2", 0, 2), ("jaccard", 0, 2)),
        ("l2", 7, 0),
    ]
    assert len(runs) == len({run.folder for run in runs}) == 12
    assert {"--data.folds=3", "--data.fold=1"} <= set(runs[2].args)
    assert runs[2].folder.name.startswith("seed-0-fold-1-")
    assert runs[2].label == "l2 seed 0 fold 1"


def test_options_can_name_the_run(files):
    options = {"trainer.logger+": {"class_path": "Logger", "init_args": {"name": "{name}", "version": "seed-{seed}"}}}
    run = tasks(Plan.load(write(files, options=options)))[3]
    (logger,) = (arg.removeprefix("--trainer.logger+=") for arg in run.args if arg.startswith("--trainer.logger+="))
    assert yaml.safe_load(logger)["init_args"] == {"name": "jaccard", "version": "seed-7"}


@pytest.mark.parametrize(
    ("changes", "error", "rule"),
    [
        ({"losses": ["nowhere.yaml"]}, FileNotFoundError, "names a file that does not exist: .*nowhere.yaml"),
        ({"losses": "l2.yaml"}, ValueError, "losses must be a list, got 'l2.yaml'"),
        ({"losses": [3]}, ValueError, "losses must be a list of texts, got 3 in it"),
        ({"configs": None}, ValueError, "a comparison needs configs"),
        ({"seeds": []}, ValueError, "seeds must be at least one and all different, got \\[\\]"),
        ({"seeds": [1, 1]}, ValueError, "got \\[1, 1\\]"),
        ({"seeds": [0.5]}, ValueError, "seeds must be whole numbers, got 0.5"),
        ({"seeds": ["one"]}, ValueError, "seeds must be whole numbers, got 'one'"),
        ({"seeds": [-1]}, ValueError, "seeds must be >= 0 and <= 4294967295, got -1"),
        ({"seeds": 3}, ValueError, "seeds must be a list, got 3"),
        ({"losses": ["l2.yaml", "l2.yaml"]}, ValueError, "losses and arms must be at least one and all different"),
        ({"arms": {"l2": {"loss": "l2.yaml"}}}, ValueError, "losses and arms must be at least one and all different"),
        ({"arms": {"L2": {"loss": "l2.yaml"}}}, ValueError, "losses and arms must be at least one and all different"),
        ({"arms": {"one": {"options": {}}}}, ValueError, "arm one needs loss"),
        ({"arms": {"one": None}}, ValueError, "arm one must be a mapping of loss, options, got None"),
        ({"arms": {"one": {"loss": "l2.yaml", "option": {}}}}, ValueError, "arm one has no option; its keys are loss,"),
        ({"arms": {"../../up": {"loss": "l2.yaml"}}}, ValueError, "an arm's name is a folder's: .* got '../../up'"),
        ({"arms": {"..": {"loss": "l2.yaml"}}}, ValueError, "an arm's name is a folder's"),
        ({"arms": {3: {"loss": "l2.yaml"}}}, ValueError, "an arm's name is a folder's: .* got 3"),
        ({"tune": {"trials": 3, "search": {"lr": [1, 2]}}}, ValueError, "3 trials, but l2 has 2 point"),
        ({"tune": {"trials": 0, "search": {"lr": [1, 2]}}}, ValueError, "0 trials"),
        ({"tune": {"trials": 1, "arms": {"l3": {}}}}, ValueError, "tune.arms names l3, the arms are l2, jaccard"),
        ({"tune": {"trials": 1, "search": {"lr": 1}}}, ValueError, "lr must be a list of values or a range as"),
        ({"tune": {"search": {}}}, ValueError, "tune needs trials"),
        (one_trial({"low": 1}), ValueError, "the range of lr needs low < high, both numbers"),
        (one_trial({"low": 1, "high": 1}), ValueError, "the range of lr needs low < high"),
        (one_trial({"low": "1e-4", "high": 1}), ValueError, "the range of lr needs low < high"),
        (one_trial({"low": 1, "high": 2, "step": 1}), ValueError, "the range of lr needs low < high"),
        (one_trial({"low": 0, "high": 1, "log": True}), ValueError, "needs low > 0 where log is true"),
        (one_trial([1], halving=[2, 1]), ValueError, "tune.halving must ascend"),
        (one_trial([1], halving=[0]), ValueError, "tune.halving must be >= 1, got 0"),
        ({"processes": 0}, ValueError, "processes must be >= 1, got 0"),
        ({"processes": "two"}, ValueError, "processes must be a whole number, got 'two'"),
        ({"folds": 2}, ValueError, "folds must be >= 3, got 2"),
        ({"folds": 3, "tune": {"trials": 1, "search": {"lr": [1]}}}, ValueError, "folds and tune exclude each other"),
        ({"epochs": 3}, ValueError, "a comparison has no epochs; its keys are configs, data"),
    ],
)
def test_an_invalid_plan_is_refused(files, changes, error, rule):
    with pytest.raises(error, match=rule):
        Plan.load(write(files, **changes))


def test_a_missing_or_broken_plan_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such comparison: .*nowhere\.yaml"):
        Plan.load(tmp_path / "nowhere.yaml")
    for content in ("a: [1", "", "- 1", "text"):
        (tmp_path / "broken.yaml").write_text(content)
        with pytest.raises(ValueError, match=r"broken\.yaml is not a comparison: "):
            Plan.load(tmp_path / "broken.yaml")


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[3] / "configs" / "compare").glob("*.yaml")), ids=str)
def test_the_comparisons_of_the_project_are_fit(path):
    assert len(tasks(Plan.load(path))) >= 4
