"""Keeps the weights of the epoch that is chosen on validation."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from numpy.typing import NDArray
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from seg.instances.tuning import exceeds_chance
from seg.model.module import BoundaryModule

_PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")


class RunCheckpoint(ModelCheckpoint):
    """A ModelCheckpoint that keeps the last epoch which no other one exceeds by more than chance.

    On few images the ranking metric goes up and down from epoch to epoch, and the highest may be that of an early
    epoch, far from trained. So a later epoch replaces the kept one unless the best is better on the validation images
    by more than half a standard error of the difference. This holds for the ranking metric; with another `monitor`, or
    a `save_top_k` other than 1, the choice is Lightning's.

    The state holds paths relative to its folder, so that a run may be moved or copied. Lightning's are absolute: in
    another folder it would forget which epoch was chosen, or load its weights from the old folder.
    """

    _best: NDArray[np.float64] | None = None  # the ranking metric of each validation image in the best epoch

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        """Return whether the weights of this epoch are kept."""
        scores = self._image_scores(trainer)
        if current is None or current.isnan() or scores is None:
            return super().check_monitor_top_k(trainer, current)
        if self._best is None or len(self._best) != len(scores):
            chosen = super().check_monitor_top_k(trainer, current)
        else:
            chosen = trainer.strategy.reduce_boolean_decision(not exceeds_chance(self._best - scores))
        if chosen and (self._best is None or scores.mean() > self._best.mean()):
            self._best = scores
        return chosen

    def _image_scores(self, trainer: pl.Trainer) -> NDArray[np.float64] | None:
        """Return the ranking metric of each validation image; None if something else decides."""
        model = trainer.lightning_module
        if not isinstance(model, BoundaryModule) or self.monitor != f"val/{model.rank_by}" or self.save_top_k != 1:
            return None
        scores = model.tables["val"].at(model.used_threshold)[model.rank_by]
        return scores.double().cpu().numpy()  # as after a resume

    def state_dict(self) -> dict[str, Any]:
        """Return the state with relative paths, and the scores of the best epoch."""
        state = _map_paths(super().state_dict(), lambda path: os.path.relpath(path, self.dirpath))
        return state | {"dirpath": None, "best_scores": None if self._best is None else self._best.tolist()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state, with paths in the folder of this run."""
        folder = Path(self.dirpath or "")
        scores = state_dict.get("best_scores")
        self._best = None if scores is None else np.array(scores)
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
