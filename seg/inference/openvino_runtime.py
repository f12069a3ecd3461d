"""The only place that imports OpenVINO and NNCF, which otherwise write a tracking id and report to Google Analytics."""

import os
import sys
from functools import cache
from importlib import import_module
from typing import Any


def import_openvino() -> Any:
    """Return the module `openvino`, which has no way to report its use.

    Raises:
        ModuleNotFoundError: OpenVINO is not installed.
    """
    _block_telemetry()
    return import_module("openvino")


def import_nncf() -> Any:
    """Return the module `nncf`, which has no way to report its use.

    Raises:
        ModuleNotFoundError: NNCF is not installed.
    """
    _block_telemetry()
    return import_module("nncf")


@cache
def openvino_core() -> Any:
    """Return the one core of OpenVINO in this process, which lives as long as it.

    A core gives the thread that first compiles with it a stack for its signals, and frees that stack with itself: freed
    by another thread, e.g. when a service has loaded a new model, that thread would crash at its next signal.

    Raises:
        ModuleNotFoundError: OpenVINO is not installed.
    """
    return import_openvino().Core()


def thread_options() -> dict[str, str]:
    """Return the option with which OpenVINO takes as many threads as OMP_NUM_THREADS says, as PyTorch does.

    Without it both take all cores by themselves.
    """
    told = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return {"INFERENCE_NUM_THREADS": told} if told.isdecimal() and int(told) > 0 else {}


def _block_telemetry() -> None:
    os.environ["NNCF_CI"] = "1"
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # both do without where it is not installed
