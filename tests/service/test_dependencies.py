"""The service must run where nothing of the training is installed."""

import subprocess
import sys

PROGRAM = """
import sys
for name in ("albumentations", "cv2", "jsonargparse", "matplotlib", "pytorch_lightning", "torchmetrics"):
    sys.modules[name] = None  # an import of it fails
import seg.__main__
import service.app
import service.commands
import service.promote
from seg.inference.predictor import Predictor
seg.__main__.main(["--help"])
"""


def test_service_and_command_line_need_no_training_library():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout


def test_what_answers_requests_loads_neither_pytorch_nor_what_builds_networks():
    heavy = {"captum", "onnx", "safetensors.torch", "timm", "torch", "torchvision"}
    program = f"import sys, seg.inference.predictor, service.app; print({heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"  # a killed worker's clients would wait for them, in three times the memory
