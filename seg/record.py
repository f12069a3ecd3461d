"""`record.json` of a run, from which reports, choices and artifacts are made."""

import json
import os
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from seg.run_config import RunConfig

FILE_NAME = "record.json"

#: Raised where a field changes its meaning. A new field has a default instead: records without it can be read.
SCHEMA_VERSION = 1


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """Read a file that holds a JSON object.

    Args:
        path: of the file.
        remedy: what to do where it is damaged.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): {remedy}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is damaged (no JSON object): {remedy}")  # noqa: TRY004  # of the file, not of an argument
    return content


@dataclass(frozen=True)
class SplitScores:
    """Scores of one split at the run's threshold.

    Attributes:
        images: the names of the images.
        metrics: metric name -> one value per image, in the order of `images`.
    """

    images: list[str]
    metrics: dict[str, list[float]]

    def mean(self, metric: str) -> float:
        """Return the mean of `metric` over the images; KeyError if it was not computed."""
        values = self.metrics[metric]
        return sum(values) / len(values)


@dataclass(frozen=True)
class RunData:
    """The data that a run saw.

    Attributes:
        fingerprint: sha256 of images, masks and split.
        boundary_value: of the masks' two values, the one of the boundary.
        train, val, test: names of the images.
        groups: test image -> group; images of different groups are independent. An image without one is its own.
        serial: whether test images of a group are neighboring sections, in the order of `test`.
        windows_of: test image that is a window of a large one -> the large one.
    """

    fingerprint: str
    boundary_value: int
    train: list[str]
    val: list[str]
    test: list[str]
    groups: dict[str, str] = field(default_factory=dict)
    serial: bool = False
    windows_of: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Averaging:
    """What predictions averaged over flips and turns bring on the validation images, before the decoder is chosen.

    Attributes:
        plain, averaged: mean of the metric that ranks, each at its own best threshold.
        plain_seconds, averaged_seconds: that both validations took.
    """

    plain: float
    averaged: float
    plain_seconds: float
    averaged_seconds: float


@dataclass(frozen=True)
class RunRecord:
    """One training run: all that judging, repeating and serving it needs.

    Attributes:
        name: the arm of the comparison, e.g. "jaccard".
        loss: class path of the loss.
        seed: of weights, batches and augmentation.
        status: "finished", "untested" (trained to its end as a trial of hyper-parameters), "diverged" or "failed". Only
            finished runs are ranked.
        rank_by: the metric that chose epoch and threshold on validation; larger is better.
        threshold: probability from which a pixel is boundary, chosen on validation.
        threshold_tta: of predictions averaged over flips and turns, chosen on validation; None unless the run finished.
        tta: whether the scores and the decoder are of predictions averaged over flips and turns.
        validation, test: scores per image; None unless the run finished. An untested one has those of validation.
        optimistic: scores on the test images at thresholds that these images chose themselves.
        collapse: the verdict on the chosen weights, "none" without one; see seg.metrics.collapse.
        data: that it saw.
        versions: package -> version, and the git commit where there is one.
        started: ISO 8601, UTC.
        seconds: wall time of the training alone, interruptions left out.
        steps, checkpoint: optimiser steps done; the chosen weights, relative to the run's folder.
        config: the resolved configuration of the command line; the file holds its `raw`.
        start_gradient: length of the gradient, mean over the first steps; None where no step was done.
        timing: median seconds of a training step and of a validation, as {"step": s, "validation": s}.
        error: one sentence for a run that is not finished.
        decoder: class path and arguments of the decoder that validation chose; None where none was.
        decoder_choice: how it was chosen: metric, its mean on validation, number of trials, seconds.
        averaging: what averaged predictions bring and cost; None unless the run finished.
        members: of an ensemble, arm and seed of each of its runs; none: it is one network.
    """

    name: str
    loss: str
    seed: int
    status: str
    rank_by: str
    threshold: float
    validation: SplitScores | None
    test: SplitScores | None
    data: RunData
    versions: dict[str, str]
    started: str
    seconds: float
    steps: int
    checkpoint: str | None
    config: RunConfig = field(repr=False)
    optimistic: dict[str, float] = field(default_factory=dict)
    collapse: str = "none"
    timing: dict[str, float] = field(default_factory=dict)
    start_gradient: float | None = None
    threshold_tta: float | None = None
    tta: bool = False
    error: str | None = None
    decoder: dict[str, Any] | None = None
    decoder_choice: dict[str, Any] = field(default_factory=dict)
    averaging: Averaging | None = None
    members: list[str] = field(default_factory=list)

    @property
    def used_threshold(self) -> float:
        """The threshold of the scores."""
        return self.threshold if not self.tta or self.threshold_tta is None else self.threshold_tta

    def save(self, folder: Path) -> None:
        """Write `record.json` into the run's folder, whole or not at all."""
        content = {"schema_version": SCHEMA_VERSION} | asdict(self) | {"config": self.config.raw}
        partial = folder / (FILE_NAME + ".partial")
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, folder / FILE_NAME)

    @classmethod
    def load(cls, folder: Path) -> "RunRecord":
        """Read the record of the run in `folder`.

        Raises:
            FileNotFoundError: the folder holds no record.
            ValueError: the record is damaged, or of a version that cannot be read.
        """
        path = folder / FILE_NAME
        content = read_json(path, "train the run again")
        try:
            return cls._of(content)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not a run record of this version ({error}): train the run again") from error

    @classmethod
    def _of(cls, content: dict[str, Any]) -> "RunRecord":
        version = content.pop("schema_version", 1)  # which the first records do not tell
        if version > SCHEMA_VERSION:
            raise ValueError(f"schema version {version} is of a newer Septum, this one reads up to {SCHEMA_VERSION}")
        required = {each.name for each in fields(cls) if each.default is MISSING and each.default_factory is MISSING}
        missing, unknown = required - content.keys(), content.keys() - {each.name for each in fields(cls)}
        if missing or unknown:
            faults = [
                f"{fault} {', '.join(sorted(names))}"
                for fault, names in (("lacks", missing), ("has an unknown", unknown))
                if names
            ]
            raise ValueError(f"it {' and '.join(faults)}")
        for split in ("validation", "test"):
            content[split] = content[split] and SplitScores(**content[split])
        content["averaging"] = content.get("averaging") and Averaging(**content["averaging"])
        return cls(**content | {"data": RunData(**content["data"]), "config": RunConfig.of(content["config"])})
