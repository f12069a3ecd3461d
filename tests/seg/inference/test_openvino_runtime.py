"""Nothing of the product tries to leave the machine, or leaves a tracking id in the user's home."""

import os
import subprocess
import sys

import pytest

from seg.inference.openvino_runtime import thread_options

WATCH = """
import os, sys
log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
watched = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
def note(event, arguments):
    if event in watched:
        os.write(log, f"{event} {arguments}\\n".encode())
sys.addaudithook(note)
"""

ENGINE = """
from pathlib import Path
import numpy as np, torch
from seg.inference.engine import OpenVinoEngine
path = Path(sys.argv[2])
layer = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3, padding=1), torch.nn.Sigmoid()).eval()
sizes = {"image": {2: "h", 3: "w"}}
example = (torch.zeros(1, 1, 32, 32),)
torch.onnx.export(layer, example, str(path), dynamo=False, input_names=["image"], dynamic_axes=sizes)
print(OpenVinoEngine(path)(np.zeros((1, 1, 32, 64), np.float32)).shape)
"""

#: Of the product; each in a process of its own.
PARTS = {
    "export and predict": ENGINE,
    "quantize": ENGINE
    + """
from seg.inference.quantize import write_quantized
write_quantized([np.zeros((1, 1, 32, 32), np.float32)], path, path.with_suffix(".xml"))
""",
    "training": "import seg.data.dataset",
    "service": "import service.app, service.promote; service.promote.bentoml.models.list()",
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_nothing_is_looked_up_or_connected_to_and_no_tracking_id_is_written(tmp_path, part):
    home, log = tmp_path / "home", tmp_path / "log"
    home.mkdir()
    log.touch()
    kept = {"HOME": str(home), "BENTOML_HOME": str(tmp_path / "bentoml")}
    environment = {name: value for name, value in os.environ.items() if "ALBUMENTATIONS" not in name} | kept
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", WATCH + part, str(log), str(tmp_path / "model.onnx")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert log.read_text() == ""
    assert not (home / "intel").exists()


@pytest.mark.parametrize(("told", "threads"), [("3", "3"), ("4,2", "4"), ("0", None), ("", None), ("many", None)])
def test_openvino_takes_as_many_threads_as_pytorch_is_told_to(monkeypatch, told, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert thread_options() == ({} if threads is None else {"INFERENCE_NUM_THREADS": threads})
