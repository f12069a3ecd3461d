import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from seg.compare.fingerprint import fingerprint
from seg.compare.imports import Imports
from seg.compare.probe import fingerprints_of
from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_image, encode_mask, write_file
from seg.training.versions import versions

ROOT = Path(__file__).parents[3]
LOSS = ROOT / "configs" / "loss"


def test_versions_name_what_a_training_depends_on():
    assert {"septum", "torch", "pytorch-lightning"} <= versions().keys()


@pytest.fixture
def args(tiny, tmp_path, monkeypatch):
    """Return a function from further options to the arguments of a run with the L2 loss."""
    monkeypatch.chdir(tmp_path)
    run = ("fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", f"--model.loss={LOSS / 'l2.yaml'}")
    return lambda *more: (*run, *more)


def test_a_commit_that_changes_none_of_its_modules_leaves_a_run_alone(args, monkeypatch):
    (before,) = fingerprints_of([args()])
    monkeypatch.setattr("seg.training.versions.revision", lambda project: {"git": "another-dirty"})
    assert versions()["git"] == "another-dirty"
    assert list(fingerprints_of([args()])) == [before]


@pytest.fixture
def loss(args, tmp_path):
    """Return a function from the text of a loss's YAML to the arguments of a run with it."""

    def write(text: str) -> tuple[str, ...]:
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        file.write_text(text)
        return args(f"--model.loss={file}")

    return write


SAME = [
    "class_path: losses.TverskyLoss\ninit_args: {alpha: 0.3, beta: 0.7}\n",
    "# of false and of missed boundary\ninit_args:\n  beta: 0.70\n  alpha: 0.3\nclass_path: losses.TverskyLoss\n",
    "class_path: TverskyLoss\ninit_args: {alpha: 0.3, smooth: 1, beta: 0.7}\n",  # smooth: the default
]
SUM = "class_path: losses.CompositeLoss\ninit_args: {{terms: {{{}: {{loss: {}}}, {}: {{loss: {}}}}}}}\n"


def test_how_a_configuration_is_written_does_not_count(args, loss):
    typed = args("--model.loss=losses.TverskyLoss", "--model.loss.init_args.beta", "0.7", "--name", "other")
    typed = (*typed, "--model.loss.init_args.alpha=0.3", "--seed_everything=5", "--trainer.logger.init_args.name=else")
    assert len(set(fingerprints_of([*map(loss, SAME), typed]))) == 1


def test_a_value_the_order_of_a_sum_and_a_missing_value_count(args, loss):
    runs = [
        args(),
        args("--model.schedule=null"),
        args("--data.crop_px=48"),
        loss(SAME[0]),
        loss(SAME[0].replace("0.7", "0.8")),
        loss(SUM.format("a", "losses.L2Loss", "b", "losses.DiceLoss")),
        loss(SUM.format("b", "losses.DiceLoss", "a", "losses.L2Loss")),
    ]
    assert len(set(fingerprints_of(runs))) == len(runs)


THEIR_LOSS = "from losses import L2Loss\nfrom .helper import factor\n\nclass TheirLoss(L2Loss):\n    pass\n"


def test_each_arm_depends_on_the_modules_of_its_own_loss(args, tmp_path, monkeypatch):
    write_file(tmp_path / "their_losses" / "__init__.py", b"from .loss import TheirLoss\n")
    write_file(tmp_path / "their_losses" / "loss.py", THEIR_LOSS.encode())
    write_file(tmp_path / "their_losses" / "helper.py", b"factor = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    files = [args(f"--model.loss={LOSS / name}.yaml") for name in ("l2", "bce_dice", "perceptual")]
    found = [
        set(yaml.safe_load(text)["code"])
        for text in fingerprints_of([*files, args("--model.loss=their_losses.TheirLoss")])
    ]
    shared = set.intersection(*found)
    assert {"losses.base", "seg.training.cli", "seg.training.recorder", "seg.training.resume"} <= shared
    l2, bce_dice, perceptual, theirs = (modules - shared for modules in found)
    assert l2 == {"losses.l2"}
    assert {"losses.bce", "losses.dice"} <= bce_dice
    assert {"losses.l2", "losses.perceptual", "losses.frozen", "seg.network.features"} <= perceptual
    assert not {"losses.bce", "losses.dice"} & perceptual
    assert theirs == {"losses.l2", "their_losses.loss", "their_losses.helper"}


COUNTING = """
from seg.data.synthetic import SyntheticCells

class CountingCells(SyntheticCells):
    def __init__(self, count: int) -> None:
        super().__init__(count, 64, 20.0)
        with open("reads.txt", "a") as file:
            file.write(f"{count} ")
"""


def test_the_data_of_every_arm_count_and_equal_data_are_read_once(args, tmp_path, monkeypatch):
    (tmp_path / "their_counting.py").write_text(COUNTING)
    monkeypatch.syspath_prepend(tmp_path)
    data = ["--data.source=their_counting.CountingCells", "--data.source.init_args.count"]
    runs = [args(*data, "5"), args(*data, "6"), args(*data, "5", f"--model.loss={LOSS / 'jaccard.yaml'}")]
    five, six, again = (yaml.safe_load(text)["data"] for text in fingerprints_of(runs))
    assert five == again != six
    assert (tmp_path / "reads.txt").read_text() == "5 6 "


def test_data_count_by_their_content_and_not_by_their_place(args, tmp_path):
    for sample in SyntheticCells(5, 64, 20.0):
        write_file(tmp_path / "here" / "images" / f"{sample.name}.png", encode_image(sample.image))
        write_file(tmp_path / "here" / "masks" / f"{sample.name}.png", encode_mask(sample.mask, 255))
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    source = {"class_path": "seg.data.folder.ImageFolder", "init_args": {"masks": "masks", "boundary_value": 255}}
    runs = []
    for place in ("here", "there"):
        source["init_args"]["root"] = str(tmp_path / place)
        runs.append(args(f"--data.source={yaml.safe_dump(source, default_flow_style=True, width=1000).strip()}"))
    here, there = fingerprints_of(runs)
    assert here == there
    (tmp_path / "there" / "masks" / "synthetic-0000.png").write_bytes(encode_mask(sample.mask, 255))
    assert list(fingerprints_of(runs))[1] != here


def test_a_file_that_is_named_counts_by_its_content(tmp_path):
    weights = tmp_path / "weights.pt"
    weights.write_bytes(b"one")
    before = fingerprint({"encoder": str(weights)}, {}, Imports())
    (tmp_path / "moved.pt").write_bytes(b"one")
    assert fingerprint({"encoder": str(tmp_path / "moved.pt")}, {}, Imports()) == before
    weights.write_bytes(b"two")
    assert fingerprint({"encoder": str(weights)}, {}, Imports()) != before


def test_the_version_of_a_package_that_a_class_comes_from_counts():
    config = {"callbacks": [{"class_path": "skimage.Anything"}, {"class_path": "pathlib.Path"}]}
    packages = yaml.safe_load(fingerprint(config, {}, Imports()))["packages"]
    assert packages.keys() - versions().keys() == {"scikit-image"}


def test_the_module_of_a_function_that_is_an_argument_counts(tmp_path, monkeypatch):
    (tmp_path / "their_weights.py").write_text("def weigh():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    config = {"weights": ["their_weights.weigh", "images.png", "features.3"]}
    code = yaml.safe_load(fingerprint(config, {}, Imports()))["code"]
    assert code.keys() - Imports().hashes(["seg.training.cli"]).keys() == {"their_weights"}


FOLDERS = """
import sys
from pathlib import Path
from seg.compare.plan import Plan
from seg.compare.run import inspect_inputs

if __name__ == "__main__":
    plan = Plan.load(Path(sys.argv[1]))
    runs = plan.runs([])
    make_task, _ = inspect_inputs(plan, runs, None)
    print(*(make_task(run, Path("runs")).folder for run in runs))
"""


@pytest.mark.slow
def test_only_runs_whose_code_has_changed_are_new(tiny, tmp_path):
    for package in ("seg", "losses"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "folders.py").write_text(FOLDERS)

    def folders() -> dict[str, str]:
        command = [sys.executable, "folders.py", str(tiny / "compare.yaml")]
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return {Path(folder).parent.name: folder for folder in done.stdout.split()}

    def edit(file: str) -> None:
        with (tmp_path / file).open("a") as source:
            source.write("# edited\n")

    before = folders()
    edit("losses/__init__.py")
    edit("losses/dice.py")
    edit("losses/l2.py")
    after = folders()
    assert (after["jaccard"], after["l2"] != before["l2"]) == (before["jaccard"], True)
    edit("seg/training/recorder.py")
    assert not set(folders().values()) & {*before.values(), *after.values()}
