"""Pair predictions with their truth, by the names of the files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seg.data.pairing import by_stem

KINDS = ("mask", "probability", "labels")
_SHOWN = 10

Files = dict[str, list[Path]]


@dataclass(frozen=True)
class Pairs:
    """Predictions and truths of the same names.

    Attributes:
        files: name -> (prediction, truth), in the order of the names.
        by_seg_predict: whether the predictions are named as `seg predict` names them, NAME_mask.png.
        not_predicted: names of truths that `seg predict` was not asked to predict.
    """

    files: dict[str, tuple[Path, Path]]
    by_seg_predict: bool
    not_predicted: list[str]


def pair_with_truth(predictions: Path, truth: Path, kind: str) -> Pairs:
    """Return the predictions with their truths.

    Predictions have the names of the truth, or those that `seg predict` writes: NAME_mask, NAME_probability and
    NAME_labels in one folder, of which only the kind asked for is used. The reading that finds more names is taken.

    Args:
        predictions: folder of PNG, TIFF or JPEG files.
        truth: folder of PNG or TIFF files.
        kind: one of `KINDS`.

    Raises:
        FileNotFoundError: a folder does not exist or has no such file.
        ValueError: a name is used twice or has no counterpart; lists all of them.
    """
    found, truths = by_stem(predictions), by_stem(truth)
    if not found:
        raise FileNotFoundError(f"no PNG, TIFF or JPEG file in {predictions}")
    stripped = {other: _without_suffix(found, other) for other in KINDS}
    common = {other: len(files.keys() & truths.keys()) for other, files in stripped.items()}
    plain = len(found.keys() & truths.keys())
    others = [other for other in KINDS if common[other]]
    if others and not common[kind] + plain:
        raise ValueError(f"no {kind} in {predictions}: add --predicted {' or --predicted '.join(others)}")
    by_seg_predict = common[kind] > plain
    return _pair(stripped[kind] if by_seg_predict else found, truths, predictions, truth, by_seg_predict)


def _pair(chosen: Files, truths: Files, predictions: Path, truth: Path, by_seg_predict: bool) -> Pairs:
    missing = sorted(truths.keys() - chosen.keys())
    problems = [*_doubled(chosen), *_doubled(truths), *_alone(sorted(chosen.keys() - truths.keys()), truth)]
    problems += [] if by_seg_predict else _alone(missing, predictions)
    if problems:
        raise ValueError("predictions and truth do not fit:\n  " + "\n  ".join(problems))
    files = {name: (chosen[name][0], truths[name][0]) for name in sorted(chosen)}
    return Pairs(files, by_seg_predict, missing)


def shorten(names: list[str]) -> str:
    """Return the first ten names and how many there are in all."""
    more = f" ... ({len(names)} in all)" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _without_suffix(found: Files, kind: str) -> Files:
    """Return the files of one kind, and those of no kind, by the names of their images."""
    named: Files = {}
    for stem, paths in found.items():
        name, _, last = stem.rpartition("_")
        if last == kind or last not in KINDS:
            named.setdefault(name if last == kind else stem, []).extend(paths)
    return named


def _doubled(files: Files) -> Iterator[str]:
    for paths in files.values():
        if len(paths) > 1:
            yield f"the same name: {', '.join(map(str, paths))}"


def _alone(names: list[str], folder: Path) -> list[str]:
    return [f"without a counterpart of the same name in {folder}: {', '.join(names)}"] if names else []
