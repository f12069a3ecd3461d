"""Versions of the packages that decide about the result of a training."""

from importlib import metadata

PACKAGES = ("septum", "torch", "pytorch-lightning", "segmentation-models-pytorch", "timm", "albumentations", "numpy")


def versions() -> dict[str, str]:
    """Return package -> version."""
    return {package: metadata.version(package) for package in PACKAGES}
