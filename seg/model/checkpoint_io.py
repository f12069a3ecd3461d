"""Reads and writes checkpoints: nothing is half written, nothing in a file is executed."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write a checkpoint beside its place and rename it, so that the previous one stays valid until then."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write the checkpoint.

        Args:
            checkpoint: what to save.
            path: of the file; its folder is created.
            storage_options: accepted for Lightning, not used.

        Raises:
            OSError: it cannot be written; the previous one is unchanged.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        try:
            with partial.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = lambda storage, _: storage, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint, see `read_checkpoint`.

        Args:
            path: of the file.
            map_location: device of the tensors.
            weights_only: accepted for Lightning; always True.
        """
        return read_checkpoint(Path(path), map_location)


def read_checkpoint(path: Path, map_location: Any = "cpu") -> dict[str, Any]:
    """Return the content of a checkpoint; nothing in it is executed.

    Args:
        path: of the file.
        map_location: device of the tensors.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or holds more than weights.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        reason = "is damaged" if is_damaged(path) else "holds more than weights"
        raise ValueError(f"the checkpoint {path} {reason}: it is not loaded") from error
    except (RuntimeError, EOFError, OSError) as error:
        if path.is_file() and is_damaged(path):
            raise ValueError(f"the checkpoint {path} is damaged: it is not loaded") from error
        raise
    return content


def is_damaged(path: Path) -> bool:
    """Return whether the file is no whole checkpoint: truncated, or with a part whose CRC differs."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is not None
    except (zipfile.BadZipFile, EOFError, NotImplementedError):
        return True


def set_damaged_aside(path: Path) -> None:
    """Rename a damaged checkpoint to <name>.damaged and say so, so that its run starts again."""
    if path.is_file() and is_damaged(path):
        aside = path.with_name(path.name + ".damaged")
        os.replace(path, aside)
        print(f"the checkpoint {path} is damaged: kept as {aside.name}, the run starts again")
