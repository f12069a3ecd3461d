"""Keeps the best weights of a run."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint

_PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")


class RunCheckpoint(ModelCheckpoint):
    """A ModelCheckpoint whose state holds paths relative to its folder, so that a run may be moved or copied.

    Lightning's holds absolute paths: in another folder it would forget which epoch was the best, or load its weights
    from the old folder.
    """

    def state_dict(self) -> dict[str, Any]:
        """Return the state with relative paths."""
        state = super().state_dict()
        return _map_paths(state, lambda path: os.path.relpath(path, self.dirpath)) | {"dirpath": None}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state, with paths in the folder of this run."""
        folder = Path(self.dirpath or "")
        super().load_state_dict(_map_paths(state_dict, lambda path: str(folder / path)) | {"dirpath": self.dirpath})

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Copy the best weights if the training resumes from a checkpoint in another folder.

        Raises:
            FileNotFoundError: names the weights that are missing.
        """
        if trainer.is_global_zero and trainer.ckpt_path:
            for path in self._kept():
                other = Path(trainer.ckpt_path).parent / path.name
                if not path.exists() and other.is_file():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(other, path)
        trainer.strategy.barrier()
        if missing := [str(path) for path in self._kept() if not path.exists()]:
            raise FileNotFoundError(
                f"the best weights so far are missing: {', '.join(missing)}: restore them, or start again without "
                "--ckpt_path"
            )

    def _kept(self) -> list[Path]:
        return [Path(path) for path in sorted({*self.best_k_models, self.best_model_path} - {""})]


def _map_paths(state: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    changed = {key: change(state[key]) if state[key] else "" for key in _PATHS}
    return state | changed | {"best_k_models": {change(path): score for path, score in state["best_k_models"].items()}}
