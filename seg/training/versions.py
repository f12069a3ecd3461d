"""Versions of what the result of a training depends on: packages, and Septum's own git commit."""

import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("septum", "torch", "pytorch-lightning", "segmentation-models-pytorch", "timm", "albumentations", "numpy")


def versions() -> dict[str, str]:
    """Return package -> version, and under "git" the commit if Septum runs from its repository."""
    return package_versions() | revision(Path(__file__).parents[2])


def package_versions() -> dict[str, str]:
    """Return package -> version."""
    return {package: metadata.version(package) for package in PACKAGES}


def revision(project: Path) -> dict[str, str]:
    """Return {"git": commit} if `project` is the root of a git repository that holds this package, else {}.

    A repository around the environment, e.g. the user's own, says nothing about Septum.
    """
    top = _git(project, "rev-parse", "--show-toplevel")
    tracked = _git(project, "ls-files", "--error-unmatch", "seg/training/versions.py")
    if not (top and tracked and Path(top).resolve() == project.resolve()):
        return {}
    described = _git(project, "describe", "--always", "--dirty")
    return {"git": described} if described else {}


def _git(folder: Path, *args: str) -> str:
    """Return what git prints, "" if it fails or is not installed."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *args], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
