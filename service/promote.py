"""From the best run of a comparison to a model in BentoML's model store."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bentoml

from seg.inference.artifact import write_artifact
from seg.inference.predictor import Predictor
from seg.record import RunRecord
from seg.runs import choose_members, choose_run, find_runs

MODEL_NAME = "septum"


@dataclass(frozen=True)
class Promotion:
    """What was promoted: the tag, the run's folder and its record, and what was measured of its engines."""

    tag: str
    run: Path
    record: RunRecord
    engine: dict[str, dict[str, Any]]


def promote(folder: Path, loss: str | None = None, int8: bool = False, ensemble: int | None = None) -> Promotion:
    """Store the best run on validation, or an ensemble of runs, checked, as a model.

    Args:
        folder: of `seg compare` or `seg fit`.
        loss: the arm to choose from; the best one on validation if None.
        int8: also quantize the network, and serve that.
        ensemble: store the mean of the best so many runs on validation, 0: of all runs of the loss; None: one run.

    Raises:
        FileNotFoundError: there is no run in the folder, or its checkpoint is gone.
        ValueError: no run is finished, or none of that loss, too few for an ensemble, or int8 costs too much accuracy.
    """
    runs = find_runs(folder)
    with tempfile.TemporaryDirectory() as temporary:
        artifact, run = Path(temporary) / "artifact", Path(temporary) / "ensemble"
        if ensemble is None:
            run = choose_run(runs, loss)
            record = runs[run]
        else:
            from seg.training.ensemble import write_ensemble  # noqa: PLC0415  # a training must have been here

            record = write_ensemble(choose_members(runs, loss, ensemble or None), run)
        write_artifact(run, artifact, int8)
        predictor = Predictor.load(artifact)
        labels = {"loss": record.name, "seed": str(record.seed), "rank_by": record.rank_by}
        with bentoml.models.create(MODEL_NAME, labels=labels) as model:
            shutil.copytree(artifact, model.path, dirs_exist_ok=True)
    return Promotion(
        tag=str(model.tag), run=run if ensemble is None else folder, record=record, engine=predictor.info.engine
    )


def find_stored(tag: str) -> Path:
    """Return the folder of a stored model; `--model.start_from septum:TAG` finds it here.

    Args:
        tag: e.g. septum:latest.

    Raises:
        FileNotFoundError: there is none.
    """
    try:
        return Path(bentoml.models.get(tag).path)
    except bentoml.exceptions.BentoMLException as error:
        raise FileNotFoundError(f"no model {tag} is stored: `seg promote DIR` stores one") from error
