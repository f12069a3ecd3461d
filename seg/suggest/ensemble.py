"""Ask all runs of some comparisons about unlabelled images."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from seg.data.planes import Planes
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling, prepare
from seg.data.volumes import read_images
from seg.model.run_predictor import Predict, load_predict
from seg.record import RunRecord
from seg.runs import find_runs
from seg.suggest.disagreement import Image, mutual_information
from seg.suggest.diversity import Vector, describe_image, rank_diverse


@dataclass(frozen=True)
class Suggestion:
    """An image to annotate.

    Attributes:
        sample: the image, without neighboring sections.
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
        ValueError: there are fewer than two finished runs, they read different channels, or count is not positive.
    """
    if count < 1:
        raise ValueError(f"the number of images to suggest must be >= 1, got {count}")
    runs = {path: record for folder in folders for path, record in find_runs(folder).items()}
    finished = {path: record for path, record in runs.items() if record.status == "finished"}
    if len(finished) < 2:
        raise ValueError(f"it takes at least 2 finished runs to disagree, found {len(finished)}")
    planes = _planes(list(finished.values()))
    asked = [
        (IntensityScaling(**record.config.scaling), load_predict(path, record)) for path, record in finished.items()
    ]
    channels = next(iter(finished.values())).config.channels
    found = [_ask(sample, asked, planes, channels) for sample in read_images(images, planes)]
    order = rank_diverse(
        np.array([suggestion.disagreement for suggestion, _ in found]), np.array([vector for _, vector in found])
    )
    return [found[place][0] for place in order[:count]]


def _planes(records: Sequence[RunRecord]) -> Planes:
    """Return the channels and neighboring sections that all runs read."""
    every = {Planes.of_run(record.config) for record in records}
    inputs = {record.config.channels for record in records}
    if len(every) > 1 or len(inputs) > 1:
        raise ValueError("the runs read different channels, sections or projections: give runs that read the same")
    return every.pop()


def _ask(
    sample: Sample, asked: Sequence[tuple[IntensityScaling, Predict]], planes: Planes, channels: int
) -> tuple[Suggestion, Vector]:
    inputs = [prepare(sample.image, scaling, channels, planes.scaled_alone) for scaling, _ in asked]
    probabilities = np.stack([predict(image) for image, (_, predict) in zip(inputs, asked, strict=True)])
    where, mean = mutual_information(probabilities), probabilities.mean(axis=0)
    seen = replace(sample.whole(), image=planes.own(sample.image))
    return Suggestion(seen, float(where.mean()), float(mean.mean()), where), describe_image(inputs[0], mean)
