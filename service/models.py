"""The stored models, and `seg models`, which lists them as a table."""

from collections.abc import Iterator
from pathlib import Path

import bentoml

from seg.data.writing import write_file
from seg.inference.artifact_info import ArtifactInfo

MODEL_NAME = "septum"
_DESCRIPTION = "model.yaml"
_COLUMNS = ("tag", "stored", "loss", "seed", "ranked by", "validation", "test")


def stored_models(name: str) -> list[bentoml.Model]:
    """Return the stored models of this name, the latest first and the others by their age.

    One that is being stored or deleted at the moment is left out.

    Args:
        name: the part of their tags before the colon.
    """
    try:
        latest = bentoml.models.get(name)
    except bentoml.exceptions.BentoMLException:
        return []
    folders = [each for each in Path(latest.path).parent.iterdir() if (each / _DESCRIPTION).is_file()]
    others = [bentoml.models.get(f"{name}:{folder.name}") for folder in folders if folder.name != latest.tag.version]
    return [latest, *sorted(others, key=lambda model: model.info.creation_time, reverse=True)]


def make_latest(tag: str) -> str:
    """Have `septum:latest` stand for a stored model until the next promotion; return its tag.

    Args:
        tag: e.g. the one before the latest.

    Raises:
        ValueError: there is no such model.
    """
    models = {name: model for model in stored_models(MODEL_NAME) for name in (str(model.tag), model.tag.version)}
    if tag not in models:
        known = ", ".join(str(model.tag) for model in stored_models(MODEL_NAME)) or "none"
        raise ValueError(f"there is no model {tag} to go back to: there are {known}")
    folder = Path(models[tag].path)
    write_file(folder.parent / "latest", folder.name.encode())
    return str(models[tag].tag)


def list_models() -> Iterator[str]:
    """Yield a line per stored model, the latest first; one sentence where there is none."""
    models = stored_models(MODEL_NAME)
    if not models:
        yield "no model is stored yet: `seg promote DIR` stores one"
        return
    rows = [_COLUMNS, *(_row(model) for model in models)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield line + ("  (latest)" if number == 1 else "")
    yield "`seg serve TAG` serves any of them; `seg models --latest TAG` goes back to the one before the latest."


def _row(model: bentoml.Model) -> tuple[str, ...]:
    stored = f"{model.info.creation_time:%Y-%m-%d %H:%M}"
    try:
        info = ArtifactInfo.load(Path(model.path))
    except (OSError, ValueError):
        return (str(model.tag), stored, "damaged or of another Septum", *[""] * (len(_COLUMNS) - 3))
    scores = [info.scores.get(split, {}).get(info.rank_by) for split in ("validation", "test")]
    several = info.provenance.members
    return (
        str(model.tag),
        stored,
        info.provenance.name,
        f"mean of {len(several)}" if several else str(info.provenance.seed),
        info.rank_by,
        *("" if score is None else f"{score:.4f}" for score in scores),
    )
