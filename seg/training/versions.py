"""Versions of the packages on which the result of a training depends."""

from importlib import metadata

PACKAGES = ("septum", "torch", "pytorch-lightning", "segmentation-models-pytorch", "timm", "albumentations", "numpy")


def versions() -> dict[str, str]:
    """Return package -> version."""
    return {package: metadata.version(package) for package in PACKAGES}
