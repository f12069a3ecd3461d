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


def test_what_answers_requests_loads_no_network_library_before_pytorch_has_to_serve():
    program = "import sys, seg.inference.predictor, service.app; print({'timm', 'torchvision'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (
        done.stdout.strip() == "set()"
    )  # they take longer to load than all else, which a killed worker's clients wait for
