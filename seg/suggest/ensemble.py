"""Ask all runs of some comparisons about unlabelled images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seg.data.folder import read_images
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling, prepare
from seg.model.run_predictor import Predict, load_predict
from seg.record import RunRecord, find_runs
from seg.suggest.disagreement import Image, mutual_information
from seg.suggest.diversity import describe_image, rank_diverse


@dataclass(frozen=True)
class Suggestion:
    """An image to annotate.

    Attributes:
        sample: the image.
        disagreement: mean mutual information of its pixels, in bits.
        boundary: mean of the predicted probability.
        where: mutual information of each pixel, (H, W).
    """

    sample: Sample
    disagreement: float
    boundary: float
    where: Image = field(repr=False)


def suggest(folders: Sequence[Path], images: Path, count: int) -> list[Suggestion]:
    """Return the images to annotate, the best first.

    Args:
        folders: of comparisons or runs; all their finished runs are asked.
        images: folder of unlabelled images.
        count: of images to suggest, >= 1.

    Raises:
        FileNotFoundError: there is no run or no image.
        ValueError: there are fewer than two finished runs, or count is not positive.
    """
    if count < 1:
        raise ValueError(f"the number of images to suggest must be >= 1, got {count}")
    runs = {path: record for folder in folders for path, record in find_runs(folder).items()}
    finished = {path: record for path, record in runs.items() if record.status == "finished"}
    if len(finished) < 2:
        raise ValueError(f"it takes at least 2 finished runs to disagree, found {len(finished)}")
    asked = [(record, load_predict(path, record)) for path, record in finished.items()]
    found = [_ask(sample, asked) for sample in read_images(images)]
    order = rank_diverse(
        np.array([suggestion.disagreement for suggestion, _ in found]), np.array([vector for _, vector in found])
    )
    return [found[place][0] for place in order[:count]]


def _ask(sample: Sample, asked: Sequence[tuple[RunRecord, Predict]]) -> tuple[Suggestion, Image]:
    inputs = [
        prepare(sample.image, IntensityScaling(**record.config.scaling), record.config.channels) for record, _ in asked
    ]
    probabilities = np.stack([predict(image) for image, (_, predict) in zip(inputs, asked, strict=True)])
    where, mean = mutual_information(probabilities), probabilities.mean(axis=0)
    suggestion = Suggestion(sample, float(where.mean()), float(mean.mean()), where)
    return suggestion, describe_image(inputs[0], mean).astype(np.float32)
