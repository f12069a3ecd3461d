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


def test_a_run_is_another_one_when_its_files_options_data_or_code_change(files):
    plan = Plan.load(write(files))
    run = tasks(plan)[0]
    assert tasks(plan)[0] == run
    changed = [
        tasks(plan, fingerprint="other data")[0],
        tasks(plan, extra=["--more=1"])[0],
        tasks(Plan.load(write(files, options={})))[0],
    ]
    (files / "l2.yaml").write_text("# changed\n")
    changed.append(tasks(plan)[0])
    assert len({run.folder, *(other.folder for other in changed)}) == 5


def test_a_run_is_the_same_one_in_another_place_and_in_other_company(files, tmp_path_factory):
    run = tasks(Plan.load(write(files)))[0]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for file in files.iterdir():
        (elsewhere / file.name).write_bytes(file.read_bytes())
    alone = tasks(Plan.load(write(elsewhere, losses=["l2.yaml"], seeds=[0])), out="other")[0]
    assert alone.identity == run.identity
    assert alone.folder.name == run.folder.name


def test_an_arm_may_differ_in_more_than_its_loss(files):
    arm = {"loss": "l2.yaml", "options": {"model.schedule": None}}
    runs = tasks(Plan.load(write(files, arms={"l2_constant": arm})))
    assert [run.name for run in runs[:3]] == ["l2", "jaccard", "l2_constant"]
    assert "--model.schedule=null" in runs[2].args
    assert "--model.schedule=null" not in runs[0].args


def test_options_can_name_the_run(files):
    options = {"trainer.logger+": {"class_path": "Logger", "init_args": {"name": "{name}", "version": "seed-{seed}"}}}
    run = tasks(Plan.load(write(files, options=options)))[3]
    (logger,) = (arg.removeprefix("--trainer.logger+=") for arg in run.args if arg.startswith("--trainer.logger+="))
    assert yaml.safe_load(logger)["init_args"] == {"name": "jaccard", "version": "seed-7"}


@pytest.mark.parametrize(
    ("changes", "error", "rule"),
    [
        ({"losses": ["nowhere.yaml"]}, FileNotFoundError, "names a file that does not exist: .*nowhere.yaml"),
        ({"seeds": []}, ValueError, "seeds must be at least one and all different, got \\[\\]"),
        ({"seeds": [1, 1]}, ValueError, "got \\[1, 1\\]"),
        ({"losses": ["l2.yaml", "l2.yaml"]}, ValueError, "losses and arms must be at least one and all different"),
        ({"arms": {"l2": {"loss": "l2.yaml"}}}, ValueError, "losses and arms must be at least one and all different"),
        ({"arms": {"one": {"options": {}}}}, ValueError, "is not a comparison .*loss"),
        ({"tune": {"trials": 3, "search": {"lr": [1, 2]}}}, ValueError, "3 trials, but l2 has 2 point"),
        ({"tune": {"trials": 0, "search": {"lr": [1, 2]}}}, ValueError, "0 trials"),
        ({"tune": {"trials": 1, "arms": {"l3": {}}}}, ValueError, "tune.arms names l3, the arms are l2, jaccard"),
        ({"processes": 0}, ValueError, "processes must be >= 1, got 0"),
        ({"epochs": 3}, ValueError, "is not a comparison .*epochs"),
        ({"seeds": ["one"]}, ValueError, "is not a comparison .*one"),
    ],
)
def test_an_unfit_plan_is_refused(files, changes, error, rule):
    with pytest.raises(error, match=rule):
        Plan.load(write(files, **changes))


def test_a_missing_or_broken_plan_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such comparison: .*nowhere\.yaml"):
        Plan.load(tmp_path / "nowhere.yaml")
    (tmp_path / "broken.yaml").write_text("a: [1")
    with pytest.raises(ValueError, match=r"broken\.yaml is not a comparison"):
        Plan.load(tmp_path / "broken.yaml")


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[3] / "configs" / "compare").glob("*.yaml")), ids=str)
def test_the_comparisons_of_the_project_are_fit(path):
    assert len(tasks(Plan.load(path))) >= 4
