"""A model that is to be promoted beside the one that was promoted before."""

from pathlib import Path

import bentoml
import numpy as np
from numpy.typing import NDArray

from seg.analysis.replacement import Replacement
from seg.analysis.units import Units
from seg.data.case_files import IMAGE, read_labels, read_mask, read_valid
from seg.data.stored_input import read_picture
from seg.inference.predictor import Predictor
from seg.metrics.scored_image import ScoredImage
from seg.metrics.table import METRICS
from seg.record import RunRecord

LATEST = "septum:latest"


def load_latest(record: RunRecord) -> Predictor | None:
    """Return the latest stored model; None where there is none, it is damaged, or it takes other images.

    Args:
        record: of the run that may replace it.
    """
    try:
        predictor = Predictor.load(bentoml.models.get(LATEST).path)
    except (bentoml.exceptions.BentoMLException, OSError, ValueError):
        return None
    alike = predictor.info.network.in_channels == record.config.channels
    return predictor if alike and predictor.info.boundary_value == record.data.boundary_value else None


def compare_models(new: Predictor, old: Predictor, run: Path, record: RunRecord) -> Replacement:
    """Predict the test images of a run with two models, and compare the scores.

    Args:
        new: made of the run.
        old: the model before.
        run: its folder, with the pictures of its test.
        record: of the run.
    """
    assert record.test is not None
    folders = [run / "test" / name for name in record.test.images]
    units = Units.of([record], record.test.images)
    return Replacement.of(record.rank_by, _score(new, folders, record), _score(old, folders, record), units)


def _score(model: Predictor, folders: list[Path], record: RunRecord) -> NDArray[np.float64]:
    threshold = np.array([model.info.threshold_for(model.averages(None))], np.float32)
    metric, values = METRICS[record.rank_by], []
    for folder in folders:
        picture = read_picture(folder / IMAGE)
        probabilities = model.probabilities(picture)
        image = ScoredImage(
            probabilities[0],
            read_mask(folder),
            threshold,
            record.config.tolerance_px,
            cells=read_labels(folder),
            predicted_cells=model.decode(probabilities, picture) if metric.of_cells else None,
            valid=read_valid(folder),
        )
        values.append(float(np.ravel(image.compute(metric.formula))[0]))
    return np.array(values)
