"""The whole audit of one run, and its verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from seg.analysis.groups import left_out, scores_by_group
from seg.audit.attribution import Attribution, attribute
from seg.audit.cases import Case, Image, load_cases, of_one_size
from seg.audit.context import Context, exchange_context
from seg.audit.cues import Cue, probe_cues
from seg.audit.far_regions import FarRegion, attribute_regions
from seg.audit.invariance import Curve, invariance_curves
from seg.audit.nuisances import Nuisance, probe_nuisances
from seg.audit.occlusion import Occlusion, occlude
from seg.audit.regions import BORDER, find_regions
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
        occlusions: one per region, of the images of the most frequent size.
        context: what exchanged surroundings change.
        cues: properties of whole images.
        curves: scores of altered images.
        groups: group -> mean score, worst first; empty where each image is its own.
        left_out: whether each group was scored by networks that were trained without it.
        attribution: where the network looks; None: not examined.
        far: what regions far from a boundary add to the answer there; none: not examined.
        nuisances: properties that could be a shortcut, whatever this network makes of them.
    """

    cases: Sequence[Case]
    occlusions: list[Occlusion]
    context: Context
    cues: list[Cue]
    curves: list[Curve]
    groups: dict[str, float]
    attribution: Attribution | None = None
    far: Sequence[FarRegion] = ()
    left_out: bool = False
    nuisances: Sequence[Nuisance] = ()

    @property
    def shortcuts(self) -> list[Occlusion]:
        """The regions that the network looks at, the strongest first; the border only where no corner explains it."""
        found = sorted((each for each in self.occlusions if each.flagged), key=lambda each: -each.effect)
        corner = max((each.effect for each in found if each.region.endswith("corner")), default=0.0)
        return [each for each in found if each.region != BORDER or each.effect > 2 * corner]

    @property
    def causes(self) -> list[str]:
        """What the network decides by although it should not, the strongest evidence first."""
        looked = sorted((each for each in self.far if each.flagged), key=lambda each: -each.share)
        names = dict.fromkeys([each.region for each in self.shortcuts] + [each.region for each in looked])
        found = [*names, *(cue.name for cue in self.cues if cue.flagged)]
        found += ["the surroundings"] if self.context.flagged else []
        return found + (["what is far from the boundary"] if self.attribution and self.attribution.flagged else [])

    @property
    def verdict(self) -> list[str]:
        """Sentences, the most important first."""
        evidence: list[Occlusion | FarRegion | Cue | Context | Attribution] = [*self.shortcuts, *self.far, *self.cues]
        evidence += [self.context, *([self.attribution] if self.attribution else [])]
        flagged = [each.sentence for each in evidence if each.flagged]
        if flagged:
            return [f"Shortcut: the network decides by {', '.join(self.causes)}.", *map(_sentence, flagged)]
        seen = f"{len(self.cases)} test images"
        return [f"No shortcut was found on {seen}. That does not prove that there is none.", *self._doubts()]

    def _doubts(self) -> list[str]:
        told = [cue.sentence for cue in self.cues if cue.tells]
        alike = len(of_one_size(self.cases))
        sizes = [f"the images have several sizes: regions were examined on {alike}"] if alike < len(self.cases) else []
        looked = [self.attribution.sentence] if self.attribution else []
        return [_sentence(text) for text in (*told, *looked, *sizes)]


def audit_cases(
    cases: Sequence[Case],
    predict: Predict,
    threshold: float,
    augmentation: Sequence[dict[str, Any]] = (),
    groups: dict[str, float] | None = None,
    left_out: bool = False,
    group_of: Mapping[str, str] | None = None,
) -> Audit:
    """Examine a network on some images.

    Args:
        cases: at least two.
        predict: the network.
        threshold: probability from which a pixel is boundary.
        augmentation: of the training, as its configuration has it.
        groups: group -> mean score.
        left_out: whether each group was scored by networks that were trained without it.
        group_of: name of an image -> its group.
    """
    predict, alike = _remembering(cases, predict), of_one_size(cases)
    return Audit(
        cases,
        occlude(alike, predict, find_regions(alike)) if len(alike) > 1 else [],
        exchange_context(alike, predict),
        probe_cues(cases, predict),
        invariance_curves(cases, predict, threshold, augmentation),
        groups or {},
        left_out=left_out,
        nuisances=probe_nuisances(cases, group_of or {}),
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
    tested = cross_validation(record, runs.values())
    groups, alone = score_groups(tested), left_out(tested)
    audit = audit_cases(
        cases,
        predict_by(model, record.tta),
        record.used_threshold,
        augmentation,
        groups,
        left_out=alone,
        group_of=record.data.groups,
    )
    if find_spec("captum") is None:
        return run, record, audit
    untrained = build_network(replace(model.network_config, encoder_weights=None), model.seed)
    far = look_far(cases, model.network.eval(), predict_by(model, tta=False))
    return run, record, replace(audit, attribution=attribute(cases, model.network, untrained), far=far)


def look_far(cases: Sequence[Case], network: nn.Module, predict: Predict) -> list[FarRegion]:
    """Attribute answers to the regions of the images of the most frequent size.

    Args:
        cases: of the audit.
        network: images (N, C, H, W) -> logits (N, K, H, W), in evaluation mode.
        predict: the same for one image, as probability.
    """
    alike = of_one_size(cases)
    return attribute_regions(alike, network, predict, find_regions(alike)) if len(alike) > 1 else []


def cross_validation(record: RunRecord, runs: Iterable[RunRecord]) -> list[RunRecord]:
    """Return the run, with the other folds and seeds of its arm where it is one of a cross-validation.

    Args:
        record: of the run.
        runs: of the comparison.
    """
    if record.config.fold is None:
        return [record]
    return [run for run in runs if run.name == record.name and run.config.fold is not None]


def score_groups(records: Sequence[RunRecord]) -> dict[str, float]:
    """Return the mean score of each group of test images, worst first; none where each image is its own.

    Args:
        records: of one arm.
    """
    scores = scores_by_group(records, records[0].rank_by)
    return {group: arms[records[0].name] for group, arms in scores.items()}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
