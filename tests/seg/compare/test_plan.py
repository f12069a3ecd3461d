from pathlib import Path

import pytest
import yaml

from seg.compare.plan import Plan


@pytest.fixture
def files(tmp_path):
    for name in ("base", "data", "l2", "jaccard"):
        (tmp_path / f"{name}.yaml").write_text(f"# {name}\n")
    return tmp_path


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
    runs = Plan.load(write(files)).runs(Path("out"), ["--more=1"])
    assert [(run.name, run.seed) for run in runs] == [("l2", 0), ("jaccard", 0), ("l2", 7), ("jaccard", 7)]
    assert runs[3].folder == Path("out/runs/jaccard/seed-7")
    assert runs[0].args[0] == "fit"
    assert "--trainer.max_epochs=3" in runs[0].args
    assert "--data.transforms=[]" in runs[0].args
    assert "--more=1" in runs[0].args
    assert str(files / "jaccard.yaml") in runs[1].args


def test_the_runs_of_a_seed_differ_in_nothing_but_loss_and_name(files):
    l2, jaccard, *_ = Plan.load(write(files)).runs(Path("out"), [])
    different = set(l2.args) ^ set(jaccard.args)
    assert {arg.replace("l2", "*").replace("jaccard", "*") for arg in different} == {
        str(files / "*.yaml"),
        "--name=*",
        "--trainer.logger.name=*",
    }


def test_a_run_is_another_one_when_a_file_it_reads_changes(files):
    run = Plan.load(write(files)).runs(Path("out"), [])[0]
    before = run.identity()
    assert run.identity() == before
    (files / "l2.yaml").write_text("# changed\n")
    assert run.identity() != before


@pytest.mark.parametrize(
    ("changes", "error", "rule"),
    [
        ({"losses": ["nowhere.yaml"]}, FileNotFoundError, "names a file that does not exist: .*nowhere.yaml"),
        ({"seeds": []}, ValueError, "seeds must be at least one and all different, got \\[\\]"),
        ({"seeds": [1, 1]}, ValueError, "got \\[1, 1\\]"),
        ({"losses": ["l2.yaml", "l2.yaml"]}, ValueError, "losses must be at least one and all different"),
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
    assert len(Plan.load(path).runs(Path("out"), [])) >= 4
