"""How well each group of test images is predicted."""

from collections.abc import Iterable
from statistics import fmean

from seg.record import RunRecord


def scores_by_group(runs: Iterable[RunRecord], metric: str) -> dict[str, dict[str, float]]:
    """Return group -> arm -> mean over the group's test images and the arm's runs; the worst group comes first.

    With as many folds as groups, each group is scored by networks that have not seen it (leave-one-group-out).

    Args:
        runs: of a comparison or a single one; those without test scores do not count.
        metric: key in `METRICS`.

    Returns:
        Nothing where there is one group only, or where each image is its own.
    """
    scores: dict[str, dict[str, list[float]]] = {}
    images = set()
    for run in runs:
        for image, score in zip(run.test.images, run.test.metrics[metric], strict=True) if run.test else ():
            images.add(image)
            scores.setdefault(run.data.groups.get(image, image), {}).setdefault(run.name, []).append(score)
    if not 1 < len(scores) < len(images):
        return {}
    means = {group: {arm: fmean(each) for arm, each in arms.items()} for group, arms in scores.items()}
    return dict(sorted(means.items(), key=lambda item: fmean(item[1].values())))


def left_out(runs: Iterable[RunRecord]) -> bool:
    """Return whether every group was scored by networks that were trained on none of its images.

    Args:
        runs: of a comparison or a single one.
    """
    return all(not _groups(run, run.data.train) & _groups(run, run.data.test) for run in runs)


def _groups(run: RunRecord, images: Iterable[str]) -> set[str]:
    return {run.data.groups.get(image, image) for image in images}
