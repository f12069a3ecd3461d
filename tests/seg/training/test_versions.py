import subprocess
from pathlib import Path

import pytest

from seg.training.versions import revision, versions


def commit(root: Path) -> None:
    identity = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    for args in (["init", "-q"], ["add", "-f", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(root), *args], check=True)


@pytest.fixture
def package(tmp_path) -> Path:
    """The folder of an installed package, in the environment of a user's project."""
    folder = tmp_path / "project" / "env" / "site-packages"
    (folder / "seg" / "training").mkdir(parents=True)
    (folder / "seg" / "training" / "versions.py").write_text("")
    return folder


def test_the_commit_of_the_own_repository_is_recorded(package):
    commit(package)
    head = subprocess.run(["git", "-C", str(package), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert head.stdout.startswith(revision(package)["git"])


def test_a_repository_around_the_environment_is_not_ours(package, tmp_path):
    commit(tmp_path / "project")
    assert revision(package) == {}


def test_a_repository_that_does_not_hold_the_package_is_not_ours(package):
    (package / "seg" / "training" / "versions.py").unlink()
    (package / "other.py").write_text("")
    commit(package)
    assert revision(package) == {}


def test_without_git_there_are_versions_without_a_commit(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git" not in versions()
    assert versions()["septum"]
