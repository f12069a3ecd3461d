"""From the best run of a comparison to a model in BentoML's model store."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bentoml

from seg.analysis.replacement import Replacement
from seg.analysis.score_intervals import score_intervals
from seg.inference.artifact import write_artifact
from seg.inference.predictor import Predictor
from seg.record import RunRecord
from seg.runs import choose_members, choose_run, find_runs
from service.models import MODEL_NAME


@dataclass(frozen=True)
class Promotion:
    """What was promoted.

    Attributes:
        tag: of the stored model.
        run: folder of the run, or of the ensemble's comparison.
        record: of the run or the ensemble.
        engine: engine -> what was measured of it.
        replacement: the model beside the one that was the latest; None: there was none that takes such images.
        of_other_data: whether that one was trained on other data, perhaps on some of these test images.
    """

    tag: str
    run: Path
    record: RunRecord
    engine: dict[str, dict[str, Any]]
    replacement: Replacement | None = None
    of_other_data: bool = False


def promote(
    folder: Path,
    loss: str | None = None,
    int8: bool = False,
    ensemble: int | None = None,
    if_better: bool = False,
) -> Promotion:
    """Store the best run on validation, or an ensemble of runs, checked, as a model.

    Args:
        folder: of `seg compare` or `seg fit`.
        loss: the arm to choose from; the best one on validation if None.
        int8: also quantize the network, and serve that.
        ensemble: store the mean of the best so many runs on validation, 0: of all runs of the loss; None: one run.
        if_better: store it only if it is better than the latest model on the test images of the run.

    Raises:
        FileNotFoundError: there is no run in the folder, or its checkpoint is gone.
        ValueError: no run is finished, or none of that loss, too few for an ensemble, int8 costs too much accuracy, or
            it is not better.
    """
    from service.replacement import compare_models, load_latest  # noqa: PLC0415  # what scores is installed for training

    runs = find_runs(folder)
    with tempfile.TemporaryDirectory() as temporary:
        artifact, run = Path(temporary) / "artifact", Path(temporary) / "ensemble"
        if ensemble is None:
            run = choose_run(runs, loss)
            record = runs[run]
        else:
            from seg.training.ensemble import write_ensemble  # noqa: PLC0415  # a training must have been here

            record = write_ensemble(choose_members(runs, loss, ensemble or None), run)
        write_artifact(run, artifact, int8, score_intervals(record))
        predictor, latest = Predictor.load(artifact), load_latest(record)
        replacement = compare_models(predictor, latest, run, record) if latest else None
        if if_better and replacement and replacement.verdict != "better":
            raise ValueError(f"{replacement}. Nothing is stored: leave --if-better out to store it all the same")
        labels = {"loss": record.name, "seed": str(record.seed), "rank_by": record.rank_by}
        with bentoml.models.create(MODEL_NAME, labels=labels) as model:
            shutil.copytree(artifact, model.path, dirs_exist_ok=True)
    return Promotion(
        tag=str(model.tag),
        run=run if ensemble is None else folder,
        record=record,
        engine=predictor.info.engine,
        replacement=replacement,
        of_other_data=latest is not None and latest.info.provenance.data_fingerprint != record.data.fingerprint,
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
