"""The whole audit of one run, and its verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from seg.analysis.groups import scores_by_group
from seg.audit.attribution import Attribution, attribute
from seg.audit.cases import Case, Image, load_cases
from seg.audit.context import Context, exchange_context
from seg.audit.cues import Cue, probe_cues
from seg.audit.invariance import Curve, invariance_curves
from seg.audit.occlusion import Occlusion, occlude
from seg.audit.regions import find_regions
from seg.model.module import BoundaryModule
from seg.model.run_predictor import Predict, load_model, predict_by
from seg.network.unet import build_network
from seg.record import RunRecord
from seg.runs import choose_run, find_runs


class ShortcutFoundError(RuntimeError):
    """A network decides by what it should not look at."""


@dataclass(frozen=True)
class Audit:
    """Everything that was seen.

    Attributes:
        cases: the images.
        occlusions: one per region; none where sizes differ.
        context: what exchanged surroundings change.
        cues: properties of whole images.
        curves: scores of altered images.
        groups: group -> mean score, worst first; empty where each image is its own.
        attribution: where the network looks; None: not examined.
    """

    cases: Sequence[Case]
    occlusions: list[Occlusion]
    context: Context
    cues: list[Cue]
    curves: list[Curve]
    groups: dict[str, float]
    attribution: Attribution | None = None

    @property
    def causes(self) -> list[str]:
        """What the network decides by although it should not, the strongest evidence first."""
        regions = sorted((each for each in self.occlusions if each.flagged), key=lambda each: -each.share)
        found = [each.region for each in regions] + [cue.name for cue in self.cues if cue.flagged]
        found += ["the surroundings"] if self.context.flagged else []
        return found + (["what is far from the boundary"] if self.attribution and self.attribution.flagged else [])

    @property
    def verdict(self) -> list[str]:
        """Sentences, the most important first."""
        evidence: list[Occlusion | Cue | Context | Attribution] = [*self.occlusions, *self.cues, self.context]
        evidence += [self.attribution] if self.attribution else []
        flagged = [each.sentence for each in evidence if each.flagged]
        if flagged:
            return [f"Shortcut: the network decides by {', '.join(self.causes)}.", *map(_sentence, flagged)]
        seen = f"{len(self.cases)} test images"
        return [f"No shortcut was found on {seen}. That does not prove that there is none.", *self._doubts()]

    def _doubts(self) -> list[str]:
        told = [cue.sentence for cue in self.cues if cue.tells]
        sizes = [] if self.occlusions else ["the images have several sizes: no region could be covered"]
        looked = [self.attribution.sentence] if self.attribution else []
        return [_sentence(text) for text in (*told, *looked, *sizes)]


def audit_cases(
    cases: Sequence[Case],
    predict: Predict,
    threshold: float,
    augmentation: Sequence[dict[str, Any]] = (),
    groups: dict[str, float] | None = None,
) -> Audit:
    """Examine a network on some images.

    Args:
        cases: at least two.
        predict: the network.
        threshold: probability from which a pixel is boundary.
        augmentation: of the training, as its configuration has it.
        groups: group -> mean score.
    """
    regions, predict = find_regions(cases), _remembering(cases, predict)
    return Audit(
        cases,
        [occlude(cases, predict, name, region) for name, region in regions.items()],
        exchange_context(cases, predict),
        probe_cues(cases, predict),
        invariance_curves(cases, predict, threshold, augmentation),
        groups or {},
    )


def _remembering(cases: Sequence[Case], predict: Predict) -> Predict:
    """Ask the network only once about images that are as they were."""
    known = {case.image.tobytes(): predict(case.image) for case in cases}

    def ask(image: Image) -> Image:
        answer = known.get(image.astype(np.float32).tobytes())
        return predict(image) if answer is None or answer.shape != image.shape[1:] else answer

    return ask


def audit_run(folder: Path, images: int) -> tuple[Path, RunRecord, Audit]:
    """Examine the run in a folder, or the best run of a comparison.

    Args:
        folder: of the run or the comparison.
        images: largest number of test images to use.

    Raises:
        FileNotFoundError: there is no run.
        ValueError: the run is not finished, or has fewer than two test images.
    """
    runs = find_runs(folder)
    run = choose_run(runs)
    record = runs[run]
    model, cases = load_model(run, record), load_cases(run, record, images)
    augmentation = record.config.raw["data"].get("transforms") or []
    audit = audit_cases(cases, predict_by(model, record.tta), record.used_threshold, augmentation, score_groups(record))
    return run, record, replace(audit, attribution=_attribution(cases, model))


def _attribution(cases: Sequence[Case], model: BoundaryModule) -> Attribution | None:
    """Return where a model looks; None without captum."""
    if find_spec("captum") is None:
        return None
    untrained = build_network(replace(model.network_config, encoder_weights=None), model.seed)
    return attribute(cases, model.network, untrained)


def score_groups(record: RunRecord) -> dict[str, float]:
    """Return the mean score of each group of test images, worst first; none where each image is its own."""
    return {group: arms[record.name] for group, arms in scores_by_group([record], record.rank_by).items()}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
