import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from seg.__main__ import main
from seg.data.doctor import command, data_key, unchanged
from seg.data.doctor.data_key import key_of_files, list_files
from seg.data.folder import ImageFolder
from seg.data.manifest import Manifest
from seg.data.module import BoundaryDataModule
from seg.data.split import BlockSplit
from seg.data.synthetic import SyntheticCells


@pytest.fixture
def config(tmp_path):
    for sample in SyntheticCells(count=5, size_px=96, cell_diameter_px=25.0):
        for kind, picture in (("images", sample.image), ("masks", sample.mask)):
            (tmp_path / "here" / kind).mkdir(exist_ok=True, parents=True)
            Image.fromarray(picture).save(tmp_path / "here" / kind / f"{sample.name}.png")
    source = {"root": str(tmp_path / "elsewhere"), "masks": "masks", "boundary_value": 255}
    content = {
        "source": {"class_path": "seg.data.folder.ImageFolder", "init_args": source},
        "split": {"class_path": "seg.data.split.BlockSplit", "init_args": {"val": 1, "test": 1}},
        "crop_px": 32,
    }
    (tmp_path / "data.yaml").write_text(yaml.safe_dump(content))
    (tmp_path / "comparison.yaml").write_text("data: data.yaml\nlosses: [loss.yaml]\n")
    return tmp_path


def test_good_data_ends_with_exit_code_0_also_by_way_of_a_comparison(config, capsys):
    for name in ("data.yaml", "comparison.yaml"):
        args = ["data", "doctor", str(config / name), f"--data.source.init_args.root={config / 'here'}"]
        assert main(args) == 0
        printed = capsys.readouterr().out.splitlines()
        assert printed[0].startswith("5 image(s) read, ")
        assert printed[-1] == "no errors, 0 warning(s)"


def test_a_page_is_written_on_request(config, capsys):
    args = ["data", "doctor", str(config / "data.yaml"), f"--data.source.init_args.root={config / 'here'}"]
    assert main([*args, "--out", str(config / "page.html")]) == 0
    assert f"page: {config / 'page.html'}" in capsys.readouterr().out
    assert "Data: data" in (config / "page.html").read_text()


def test_errors_and_warnings_are_printed_and_errors_end_with_exit_code_1(config, capsys):
    (config / "here" / "masks" / "synthetic-0003.png").unlink()
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(config / "here" / "masks" / "synthetic-0001.png")
    args = ["data", "doctor", str(config / "data.yaml"), "--data.source.init_args.root", str(config / "here")]
    assert main(args) == 1
    out, err = capsys.readouterr()
    assert "ERROR   files: " in out
    assert "WARNING empty masks: without any boundary, is nothing annotated there? synthetic-0001" in out
    assert "seg data: error: 1 error(s) and 1 warning(s) in the data of" in err


def test_a_configuration_that_is_invalid_or_names_no_folder_is_wrong_usage(config, capsys):
    assert main(["data", "doctor", str(config / "data.yaml")]) == 2
    assert "elsewhere/images" in capsys.readouterr().err
    assert main(["data", "doctor", str(config / "data.yaml"), "--data.crops", "3"]) == 2
    assert "crops" in capsys.readouterr().err
    assert main(["data", "doctor", str(config / "nowhere.yaml")]) == 2
    assert "nowhere.yaml" in capsys.readouterr().err


def test_data_that_has_not_changed_is_examined_once(config, capsys, monkeypatch):
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(config / "here" / "masks" / "synthetic-0001.png")
    args = ["data", "doctor", str(config / "data.yaml"), "--data.source.init_args.root", str(config / "here")]
    assert main(args) == 0
    first = capsys.readouterr().out
    assert "WARNING empty masks" in first
    with monkeypatch.context() as patched:
        patched.setattr(command, "examine", lambda data: pytest.fail("examined again"))
        assert main(args) == 0
    assert capsys.readouterr().out == first
    shutil.copy(config / "here" / "masks" / "synthetic-0002.png", config / "here" / "masks" / "synthetic-0001.png")
    assert main(args) == 0
    assert "WARNING same mask" in capsys.readouterr().out  # a file has changed
    assert main([*args, "--data.split.init_args.val=4"]) == 1  # an option has


def test_errors_are_kept_too_and_what_cannot_be_read_is_made_anew(config, capsys):
    (config / "here" / "masks" / "synthetic-0003.png").unlink()
    args = ["data", "doctor", str(config / "data.yaml"), f"--data.source.init_args.root={config / 'here'}"]
    for _ in range(2):
        assert main(args) == 1
    first, second = capsys.readouterr().out.split("4 image(s) read")[1:]
    assert first == second
    for kept in (Path(os.environ["SEPTUM_CACHE"]) / "doctor").iterdir():
        kept.write_text("{")
    assert main(args) == 1
    assert capsys.readouterr().out.endswith(first)


def test_a_cache_that_cannot_be_written_keeps_nothing(config, monkeypatch):
    (config / "file").touch()
    monkeypatch.setenv("SEPTUM_CACHE", str(config / "file"))
    args = ["data", "doctor", str(config / "data.yaml"), f"--data.source.init_args.root={config / 'here'}"]
    assert main(args) == 0


def test_a_table_that_the_configuration_names_counts_as_a_file(config):
    rows = [f"here/images/synthetic-000{n}.png,here/masks/synthetic-000{n}.png,{'tvs'[n % 3]}" for n in range(5)]
    (config / "table of files.csv").write_text("image,mask,split\n" + "\n".join(rows))
    source = Manifest(str(config / "table of files.csv"), boundary_value=255)
    data, options = BoundaryDataModule(source, BlockSplit(1, 1)), yaml.safe_dump({"path": str(source.path)})
    keys = [key_of_files(options, list_files(data, options))]
    (config / "table of files.csv").write_text("image,mask,split\n" + "\n".join(rows) + " ")
    keys.append(key_of_files(options, list_files(data, options)))
    assert len(set(keys)) == 2
    assert list_files(BoundaryDataModule(SyntheticCells(5), BlockSplit(1, 1)), "") is None


ASK = """
import sys
from seg.__main__ import main
code = main(sys.argv[1:])
slow = {"torch", "pytorch_lightning", "albumentations", "numpy", "jsonargparse"}
print(sorted(slow & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def test_what_is_known_is_told_without_importing_torch(config):
    args = ["data", "doctor", str(config / "data.yaml"), f"--data.source.init_args.root={config / 'here'}"]
    assert main(args) == 0
    asked = subprocess.run([sys.executable, "-c", ASK, *args], capture_output=True, text=True, check=True)
    assert asked.stdout.startswith("5 image(s) read, ")
    assert asked.stderr == "[]\n"


@pytest.fixture
def asked(config, monkeypatch):
    """Ask with a configuration of the source in a file of its own; return how to ask whether nothing has changed."""
    source = {"root": "here", "images": "image*/**/*.png", "masks": "mask*/**/*.png", "boundary_value": 255}
    content = yaml.safe_load((config / "data.yaml").read_text()) | {"source": "source.yaml"}
    (config / "source.yaml").write_text(
        yaml.safe_dump({"class_path": "seg.data.folder.ImageFolder", "init_args": source})
    )
    (config / "data.yaml").write_text(yaml.safe_dump(content))
    (config / "here" / "images" / "empty" / "night").mkdir(parents=True)
    monkeypatch.chdir(config)
    more = ["--data.split.init_args.gap=1"]
    assert command.examine_once(Path("data.yaml"), more).findings == []
    assert unchanged.recall_unchanged(Path("data.yaml"), more).images == 5
    assert unchanged.recall_unchanged(Path("data.yaml"), []) is None
    return lambda: unchanged.recall_unchanged(Path("data.yaml"), more) is not None


def _append(path: str) -> None:
    Path(path).write_text(Path(path).read_text() + "\n# changed\n")


CHANGES = {
    "configuration": lambda: _append("data.yaml"),
    "configuration of the source": lambda: _append("source.yaml"),
    "image": lambda: Image.fromarray(np.zeros((96, 96), np.uint8)).save("here/images/synthetic-0001.png"),
    "mask removed": lambda: Path("here/masks/synthetic-0001.png").unlink(),
    "new image": lambda: shutil.copy("here/images/synthetic-0001.png", "here/images/more.png"),
    "image in an empty folder": lambda: shutil.copy("here/images/synthetic-0001.png", "here/images/empty/night/a.png"),
    "new folder": lambda: Path("here/images2").mkdir(),
    "another working folder": lambda: os.chdir("here"),
    "what was kept": lambda: shutil.rmtree(Path(os.environ["SEPTUM_CACHE"]) / "doctor"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_noticed(asked, change):
    assert asked()
    CHANGES[change]()
    assert not asked()


def test_nothing_is_taken_for_unchanged_while_there_are_errors(config, monkeypatch):
    (config / "here" / "masks" / "synthetic-0003.png").unlink()
    args = ["data", "doctor", str(config / "data.yaml"), f"--data.source.init_args.root={config / 'here'}"]
    assert main(args) == 1
    assert unchanged.recall_unchanged(config / "data.yaml", args[3:]) is None


def test_a_store_is_not_searched_for_folders(config):
    (config / "here" / "a.zarr" / "0" / "c").mkdir(parents=True)
    (config / "here" / "a.zarr" / "zarr.json").touch()
    watched = unchanged.Watched.of(config / "data.yaml", [], [], [config / "here"])
    assert watched.folders == [str(config / "here" / name) for name in (".", "a.zarr", "images", "masks")]


def test_what_was_found_is_forgotten_once_a_plug_in_is_installed(config, monkeypatch):
    source = ImageFolder(str(config / "here"), masks="masks", boundary_value=255)
    files = list_files(BoundaryDataModule(source, BlockSplit(1, 1)), "")
    before = key_of_files("", files)
    monkeypatch.setattr(data_key, "installed_plugins", lambda: ["bioio-czi"])
    assert key_of_files("", files) != before
