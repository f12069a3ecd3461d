"""The whole way: compare, report, promote, serve, ask."""

import contextlib
import csv
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml
from PIL import Image

from seg.__main__ import main
from seg.data.reading import read_image
from seg.record import RunRecord
from seg.runs import find_runs

LOSS = Path(__file__).parents[1] / "configs" / "loss"


@pytest.fixture(scope="module")
def compared(tiny, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    assert main(["compare", str(tiny / "compare.yaml"), "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bentoml")
    os.environ["BENTOML_HOME"] = str(folder)
    yield folder
    del os.environ["BENTOML_HOME"]


def test_a_comparison_trains_every_loss_and_writes_the_report(compared):
    runs = find_runs(compared)
    assert [path.relative_to(compared).as_posix()[:-11] for path in runs] == ["runs/jaccard/seed-0", "runs/l2/seed-0"]
    assert {record.status for record in runs.values()} == {"finished"}
    assert len({record.data.fingerprint for record in runs.values()}) == 1
    assert all((path / "log.txt").stat().st_size for path in runs)
    for name in ("report.html", "report.md", "report.csv"):
        assert (compared / name).stat().st_size > 200


def test_a_run_of_a_comparison_equals_the_same_fit_alone(compared, tiny, tmp_path):
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", "--trainer.max_epochs=1"]
    args += [f"--model.loss={LOSS / 'l2.yaml'}", f"--trainer.logger.save_dir={tmp_path}", "--trainer.logger.name=run"]
    # one thread, as in a comparison: the order of a sum depends on their number
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "seg", *args], env=environment, check=True, capture_output=True)
    alone = RunRecord.load(tmp_path / "run" / "version_0")
    (of_comparison,) = (record for record in find_runs(compared).values() if record.name == "l2")
    assert alone.test == of_comparison.test


@pytest.mark.slow
def test_the_same_command_again_trains_nothing_and_a_new_loss_only_itself(compared, tiny):
    before = {path: (path / "record.json").stat().st_mtime_ns for path in find_runs(compared)}
    assert main(["compare", str(tiny / "compare.yaml"), "--out", str(compared)]) == 0
    more = yaml.safe_load((tiny / "compare.yaml").read_text())
    more["losses"].append(str(LOSS / "bce_dice.yaml"))
    (tiny / "more.yaml").write_text(yaml.safe_dump(more))
    assert main(["compare", str(tiny / "more.yaml"), "--out", str(compared)]) == 0
    after = {path: (path / "record.json").stat().st_mtime_ns for path in find_runs(compared)}
    assert {path: after[path] for path in before} == before
    assert [path.parent.name for path in after.keys() - before.keys()] == ["bce_dice"]


@pytest.mark.slow
def test_runs_of_other_options_are_kept_and_not_mixed(compared, tiny):
    before = find_runs(compared)
    one = yaml.safe_load((tiny / "compare.yaml").read_text()) | {"losses": [str(LOSS / "l2.yaml")]}
    (tiny / "one.yaml").write_text(yaml.safe_dump(one))
    assert main(["compare", str(tiny / "one.yaml"), "--out", str(compared), "--model.tolerance_px=3"]) == 0
    (path,) = find_runs(compared)
    assert path not in before
    assert all((path / "record.json").is_file() for path in before)
    assert main(["compare", str(tiny / "compare.yaml"), "--out", str(compared)]) == 0
    assert find_runs(compared) == {path: before[path] for path in before if before[path].name != "bce_dice"}


@pytest.mark.slow
def test_a_failed_run_does_not_stop_the_others_and_is_reported(tiny, tmp_path, capsys, monkeypatch):
    (tmp_path / "their_losses.py").write_text(
        "from losses import L2Loss\n"
        "class NanLoss(L2Loss):\n"
        "    def per_image(self, logits, target):\n"
        "        return super().per_image(logits, target) * (float('nan') if self.progress > 0.3 else 1)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "nan.yaml").write_text("class_path: their_losses.NanLoss\n")
    plan = yaml.safe_load((tiny / "compare.yaml").read_text())
    plan |= {"configs": [str(tiny / "base.yaml")], "data": str(tiny / "data.yaml"), "processes": 1}
    plan["losses"] = [str(tmp_path / "nan.yaml"), str(LOSS / "l2.yaml")]
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "seg", "compare", str(tmp_path / "plan.yaml"), "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "1 of 2 runs failed: nan seed 0" in done.stderr
    assert {record.name: record.status for record in find_runs(out).values()} == {"nan": "diverged", "l2": "finished"}
    assert "the loss became nan" in (out / "report.html").read_text()


def test_wrong_options_stop_a_comparison_at_once(tiny, tmp_path, capsys):
    args = ["compare", str(tiny / "compare.yaml"), "--out", str(tmp_path / "out"), "--trainer.max_epoches=1"]
    assert main(args) == 2
    assert "max_epoches" in capsys.readouterr().err


def test_nothing_to_serve_and_nothing_to_promote_are_explained(store, tmp_path, capsys):
    assert main(["serve", "septum:none"]) == 2
    assert "no model septum:none: there is none yet: `seg promote DIR` stores one" in capsys.readouterr().err
    assert main(["promote", str(tmp_path)]) == 2
    assert "no run (record.json)" in capsys.readouterr().err


@pytest.mark.slow
def test_models_are_listed_compared_and_joined(compared, store, capsys):
    assert main(["promote", str(compared), "--loss", "l2"]) == 0
    assert main(["promote", str(compared), "--loss", "l2", "--if-better"]) == 2
    assert "cannot be told apart from the one before on the same 2 test images" in capsys.readouterr().err
    assert main(["promote", str(compared), "--ensemble", "2"]) == 0
    written = capsys.readouterr().out
    assert re.search(r"promoted septum:\w+: the mean of (l2|jaccard), seed 0; (l2|jaccard), seed 0, from", written)
    assert "the new model" in written
    assert main(["models"]) == 0
    header, latest, before, about = capsys.readouterr().out.splitlines()
    assert header.split() == ["tag", "stored", "loss", "seed", "ranked", "by", "validation", "test"]
    assert latest.startswith("septum:")
    assert ("mean of 2" in latest, latest.endswith("(latest)")) == (True, True)
    assert ("(latest)" in before, "seg serve TAG" in about) == (False, True)


def wait_until_ready(server: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/readyz", timeout=2):
            return
        time.sleep(0.2)
    pytest.fail(f"the service is not ready, exit code {server.poll()}")


@pytest.fixture(scope="module")
def served(compared, store):
    assert main(["promote", str(compared), "--loss", "l2"]) == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "seg", "serve", "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(server, url)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def ask_for(url: str, what: str, data: bytes) -> bytes:
    with urllib.request.urlopen(f"{url}/predict?format={what}", data, timeout=30) as answer:
        return answer.read()


def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of a CSV without the columns that are empty in them."""
    return [{name: value for name, value in row.items() if value} for row in csv.DictReader(io.StringIO(table))]


def ask(url: str, data: bytes, what: str = "mask") -> np.ndarray:
    return read_image(ask_for(url, what, data))


def save_in_every_way(section: np.ndarray, folder: Path) -> None:
    """One section as microscopes, cameras and programs write it; section.png is the plain one."""
    plain = Image.fromarray(section)
    turned = Image.Exif()
    turned[274] = 6  # to be shown after a quarter turn to the right
    plain.save(folder / "section.png")
    plain.convert("RGB").save(folder / "section_rgb.png")
    plain.convert("RGB").quantize(256).save(folder / "section_palette.png")
    Image.fromarray(np.rot90(section)).save(folder / "section_turned.png", exif=turned)
    tifffile.imwrite(folder / "section_16_bit.tif", section.astype(np.uint16) * 257)
    tifffile.imwrite(folder / "section_12_bit.tif", section.astype(np.uint16) * 16)
    tifffile.imwrite(folder / "section_float.tif", section.astype(np.float32))
    tifffile.imwrite(folder / "section_white_is_zero.tif", 255 - section, photometric="miniswhite")


@pytest.mark.slow
def test_the_service_answers_what_seg_predict_writes(served, compared, tiny, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    rng = np.random.default_rng(0)
    for name, size in (("square", (64, 64)), ("odd", (45, 83)), ("pixel", (1, 1))):
        Image.fromarray(rng.integers(0, 255, size, dtype=np.uint8)).save(images / f"{name}.png")
    save_in_every_way(rng.integers(0, 256, (64, 96), dtype=np.uint8), images)
    (run,) = (path for path, record in find_runs(compared).items() if record.name == "l2")
    args = ["predict", f"--config={run / 'config.yaml'}", f"--ckpt_path={run / RunRecord.load(run).checkpoint}"]
    args += [f"--data.predict={images}", f"--trainer.logger.save_dir={tmp_path}", "--trainer.logger.name=new"]
    assert main([*args, "--trainer.logger.version=once", "--labels", "--measure"]) == 0
    predictions = tmp_path / "new" / "once" / "predictions"
    table = rows_of((predictions / "cells.csv").read_text())
    for path in images.iterdir():
        written = read_image((predictions / f"{path.stem}_mask.png").read_bytes())
        assert np.array_equal(ask(served, path.read_bytes()), written)
        cells = read_image((predictions / f"{path.stem}_labels.tif").read_bytes())
        assert np.array_equal(ask(served, path.read_bytes(), "labels"), cells)
        measured = [row | {"image": path.stem} for row in rows_of(ask_for(served, "csv", path.read_bytes()).decode())]
        assert measured == [row for row in table if row["image"] == path.stem]
        if path.stem.startswith("section"):
            assert np.array_equal(written, ask(served, (images / "section.png").read_bytes())), path.name


@pytest.mark.slow
def test_the_service_survives_a_bad_image(served, tmp_path):
    with pytest.raises(urllib.error.HTTPError, match="415"):
        ask(served, b"nothing")
    with urllib.request.urlopen(f"{served}/model", timeout=5) as answer:
        assert b"losses.L2Loss" in answer.read()


@pytest.mark.slow
def test_an_altered_model_is_refused_at_the_start(served, store, tmp_path):
    copy = tmp_path / "store"
    shutil.copytree(store, copy)
    weights = max(copy.rglob("model.safetensors"), key=lambda path: path.stat().st_mtime)
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    command = [sys.executable, "-m", "seg", "serve", "--port", "0"]
    environment = os.environ | {"BENTOML_HOME": str(copy)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode != 0
    assert "model.safetensors is not the file that was promoted" in done.stdout + done.stderr


@pytest.mark.slow
def test_the_demo_asks_the_latest_model_and_stops_it(served, store, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "service.demo", str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    image, mask = (read_image((tmp_path / f"demo_{name}.png").read_bytes()) for name in ("image", "mask"))
    assert image.shape == mask.shape == (256, 256)
    assert set(np.unique(mask)) <= {0, 255}
