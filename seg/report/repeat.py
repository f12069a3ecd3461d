"""How to train a run of a comparison again."""

from typing import Any


def repeat(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of the same training into a new folder, runs/NAME/version_N, and to no other logger.

    Args:
        config: resolved, as the record has it.
    """
    logger = {
        "class_path": "pytorch_lightning.loggers.CSVLogger",
        "init_args": {"save_dir": "runs", "name": config.get("name") or "repeat"},
    }
    return config | {"trainer": config.get("trainer", {}) | {"logger": logger}, "ckpt_path": None}
