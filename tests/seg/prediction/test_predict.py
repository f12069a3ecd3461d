"""`seg predict` into every format, twice into one folder."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from seg.__main__ import main
from seg.data.writing import decode_probability, encode_image
from seg.prediction.output import Wanted

LOSS = Path(__file__).parents[3] / "configs" / "loss" / "jaccard.yaml"
RNG = np.random.default_rng(0)
STACK = RNG.integers(0, 255, (2, 96, 130), dtype=np.uint8)


@pytest.fixture(scope="module")
def args(tiny, tmp_path_factory) -> list[str]:
    """Return the arguments of a prediction with a trained run."""
    folder = tmp_path_factory.mktemp("predict")
    common = [
        f"--config={tiny / 'base.yaml'}",
        f"--data={tiny / 'data.yaml'}",
        f"--model.loss={LOSS}",
        f"--trainer.logger.save_dir={folder}",
        "--trainer.logger.name=run",
        "--trainer.enable_progress_bar=false",
    ]
    assert main(["fit", *common, "--trainer.logger.version=one"]) == 0
    (checkpoint,) = (folder / "run" / "one" / "checkpoints").glob("epoch*.ckpt")
    return ["predict", *common, f"--ckpt_path={checkpoint}"]


@pytest.fixture
def images(tmp_path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(encode_image(STACK[0]))
    tifffile.imwrite(
        folder / "s.tif", STACK, photometric="minisblack", resolution=(20_000, 20_000), resolutionunit="CENTIMETER"
    )
    return folder


def whole(args, images, out) -> dict[str, np.ndarray]:
    """Return the probabilities that are predicted whole."""
    assert main([*args, f"--data.predict={images}", f"--out={out}", "--measure"]) == 0
    files = out.glob("*_probability.png")
    return {file.name.removesuffix("_probability.png"): decode_probability(file.read_bytes()) for file in files}


@pytest.mark.slow
def test_a_second_start_skips_images_and_keeps_their_measurements(args, images, tmp_path, capsys):
    out = tmp_path / "out"
    first = whole(args, images, out)
    rows, lines = (out / "cells.csv").read_text(), (out / "predict.log").read_text()
    (out / "a_mask.png").unlink()
    assert whole(args, images, out).keys() == first.keys() == {"a", "s-0000", "s-0001"}
    assert sorted((out / "cells.csv").read_text().splitlines()) == sorted(rows.splitlines())
    assert (out / "predict.log").read_text().removeprefix(lines).count("\n") == 1
    (images / "a.png").write_bytes(encode_image(STACK[1]))
    assert np.abs(whole(args, images, out)["a"] - first["s-0001"]).max() < 1e-3  # corrected since it was predicted
    assert main([*args, f"--data.predict={images}", f"--out={out}", "--format=tiff"]) == 2
    assert "holds predictions of another model or format: choose another --out" in capsys.readouterr().err


@pytest.mark.slow
def test_stores_and_tiffs_hold_what_pngs_do(args, images, tmp_path):
    expected = whole(args, images, tmp_path / "png")
    for form in ("ome-zarr", "tiff"):
        asked = [*args, f"--data.predict={images}", f"--out={tmp_path / form}", f"--format={form}", "--labels"]
        assert main([*asked, "--measure"]) == 0
        assert (tmp_path / form / "cells.csv").read_text() == (tmp_path / "png" / "cells.csv").read_text()
    values = zarr.open_array(str(tmp_path / "ome-zarr" / "s_probability.zarr" / "0"), mode="r")[:] / 65_535
    assert np.allclose(values, np.stack([expected["s-0000"], expected["s-0001"]]), atol=1e-4)
    for name, probability in expected.items():
        assert np.allclose(tifffile.imread(tmp_path / "tiff" / f"{name}_probability.tif"), probability, atol=1e-4)
    cells = [zarr.open_array(str(tmp_path / "ome-zarr" / "a_probability.zarr" / "labels" / "cells" / "0"), mode="r")[:]]
    cells.append(tifffile.imread(tmp_path / "tiff" / "a_labels.tif"))
    assert np.array_equal(*cells)


@pytest.mark.slow
def test_stores_need_images_and_a_checkpoint(args, images, tmp_path, capsys):
    checkpoint = args[-1].removeprefix("--ckpt_path=")
    assert main([*args, f"--out={tmp_path / 'out'}", "--format=ome-zarr"]) == 2
    assert "--format ome-zarr needs --data.predict" in capsys.readouterr().err
    more = [f"--data.predict={images}", f"--out={tmp_path / 'out'}", "--format=ome-zarr", "--ckpt_path=null"]
    assert main([*args, *more]) == 2
    assert "the network would be untrained" in capsys.readouterr().err
    assert main([*args, *more, f"--model.start_from={checkpoint}"]) == 2
    assert "large images need --ckpt_path" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_beside_needs_images(tmp_path):
    with pytest.raises(ValueError, match="--out beside needs --data.predict"):
        Wanted(out="beside").folder(tmp_path, None)
    assert Wanted(out="beside").folder(tmp_path, str(tmp_path / "a.tif")) == tmp_path / "predictions"
    assert Wanted().folder(tmp_path / "run", None) == tmp_path / "run" / "predictions"
