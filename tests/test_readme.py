"""What the documents say is there."""

import re
from pathlib import Path

import pytest

from losses import SegmentationLoss
from losses.contract import examine
from seg.__main__ import main
from seg.training.resume import LAST
from service.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)


def test_the_two_commands_come_first_and_exist():
    kind, first = BLOCKS[0]
    targets = re.findall(r"^make (\w+)", first, flags=re.MULTILINE)
    assert (kind, targets) == ("sh", ["demo", "test"])
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"\n{target}:" in makefile for target in targets)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


DOCUMENTS = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_linked_and_named_file_exists(document):
    text = (ROOT / document).read_text()
    folder = (ROOT / document).parent
    linked = [folder / path for path in re.findall(r"\]\(([^)#]+)\)", text)]
    named = [ROOT / path for path in re.findall(r"(?<![\w/.])configs/[\w/]+\.yaml", text)]
    assert [str(path) for path in (*linked, *named) if not path.exists()] == []


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


def test_every_command_that_is_shown_is_a_command(capsys):
    shown = set(re.findall(r"^seg (\w+)", "\n".join(block for _, block in BLOCKS), flags=re.MULTILINE))
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert {"fit", "compare", "promote", "serve"} <= shown
    assert all(f"\n    {command} " in text for command in shown)


def test_the_fit_commands_that_are_shown_are_accepted(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    training = (ROOT / "docs" / "training.md").read_text().replace(" \\\n", " ")
    lines = re.findall(r"^ *(seg fit .*)$", f"{README}\n{training}", flags=re.MULTILINE)
    settings = ("smooth: 7.0", f"ckpt_path: runs/fit/version_0/{LAST}", "until_epoch: 5")
    for line, setting in zip(lines, settings, strict=True):
        there = line.replace("runs/fit/version_0/config.yaml", "configs/base.yaml")
        with pytest.raises(SystemExit) as exit_:
            main([*there.split()[1:], "--print_config"])
        assert exit_.value.code == 0
        assert setting in capsys.readouterr().out


def test_the_loss_that_is_shown_keeps_the_contract():
    (code,) = [block for kind, block in BLOCKS if kind == "python"]
    names: dict = {}
    exec(code, names)
    (loss,) = [value for name, value in names.items() if name.endswith("Loss") and value is not SegmentationLoss]
    assert set(examine(loss()).values()) == {""}


def test_every_loss_of_the_table_is_the_one_of_its_file():
    rows = re.findall(r"^\|.*`(losses\.\w+)` \| \[\w+\.yaml\]\((configs/loss/\w+\.yaml)\)", README, flags=re.MULTILINE)
    assert len(rows) == 4
    for class_path, path in rows:
        assert f"class_path: {class_path}\n" in (ROOT / path).read_text()


def test_every_variable_that_is_named_is_a_setting():
    names = set(re.findall(r"SEPTUM_(\w+)", README))
    assert names
    assert {name.lower() for name in names} <= set(Settings.model_fields)
