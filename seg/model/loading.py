"""Builds the model of a run from its config.yaml."""

from pathlib import Path
from typing import Any

import yaml

from seg.run_config import network_of

CONFIG = "config.yaml"


def read_model_config(checkpoint: Path, config: str | Path | None) -> dict[str, Any]:
    """Return the arguments of the model, without initial weights, which the checkpoint replaces.

    Args:
        checkpoint: in the folder of a run, or one folder below.
        config: the run's config.yaml; None looks for it there.

    Raises:
        FileNotFoundError: there is none.
    """
    candidates = (
        [Path(config)] if config else [folder / CONFIG for folder in (checkpoint.parent, checkpoint.parent.parent)]
    )
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise FileNotFoundError(
            f"no {CONFIG} of the run that wrote {checkpoint}: {' or '.join(map(str, candidates))}; give hparams_file"
        )
    resolved = yaml.safe_load(found.read_text(encoding="utf-8"))
    model: dict[str, Any] = resolved["model"]
    model["network"] = network_of(model, resolved["data"]) | {"encoder_weights": None}
    return model | {"start_from": None}
