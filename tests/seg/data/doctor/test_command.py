import numpy as np
import pytest
import yaml
from PIL import Image

from seg.__main__ import main
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
