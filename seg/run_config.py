"""What the project reads of a run's resolved configuration; another key that it needs becomes a field here."""

from dataclasses import dataclass, field
from typing import Any

#: Written by earlier versions, whose runs and artifacts are still read; `model.freeze` took its place.
FORMER = "freeze_encoder"


@dataclass(frozen=True)
class ClassConfig:
    """A class and its arguments, as the command line writes them down.

    Attributes:
        class_path: full, e.g. "losses.JaccardLoss".
        init_args: by name.
    """

    class_path: str
    init_args: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "ClassConfig":
        """Read {"class_path": ..., "init_args": ...}; KeyError without the first."""
        return cls(raw["class_path"], raw.get("init_args") or {})

    @property
    def name(self) -> str:
        """The class without its modules."""
        return self.class_path.rpartition(".")[2]


@dataclass(frozen=True)
class RunConfig:
    """The configuration of `seg fit` with which a run was trained.

    Attributes:
        raw: all of it, as in config.yaml; records keep this and nothing else.
        loss: with which it was trained.
        schedule: of the learning rate; None: it is constant.
        network: arguments of `seg.network.unet.NetworkConfig`.
        scaling: arguments of `seg.data.scaling.IntensityScaling`.
        channels: of the network's input.
        file_channels: that an image has of a file, see `seg.data.planes.Channels`.
        context: neighboring sections on either side that it has.
        projection: of a stack, that makes an image; None: each section is one.
        tolerance_px: of the boundary F1, in pixels.
        steps_per_epoch: optimiser steps.
        max_epochs: None where the trainer was given another end.
        fold: of a cross-validation, that was tested; None: there is none.
    """

    raw: dict[str, Any] = field(repr=False)
    loss: ClassConfig
    schedule: ClassConfig | None
    network: dict[str, Any]
    scaling: dict[str, Any]
    channels: int
    file_channels: int | list[int | str]
    context: int
    projection: str | None
    tolerance_px: float
    steps_per_epoch: int
    max_epochs: int | None
    fold: int | None = None

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "RunConfig":
        """Read a resolved configuration.

        Raises:
            ValueError: it lacks a key.
        """
        try:
            model, data, trainer = raw["model"], raw["data"], raw["trainer"]
            return cls(
                raw=raw,
                loss=ClassConfig.of(model["loss"]),
                schedule=ClassConfig.of(model["schedule"]) if model["schedule"] else None,
                network=network_of(model, data),
                scaling=data["scaling"],
                channels=channels_of(data)["in_channels"],
                file_channels=data["channels"],
                context=data.get("context", 0),
                projection=data.get("projection"),
                tolerance_px=float(model["tolerance_px"]),
                steps_per_epoch=data["steps_per_epoch"],
                max_epochs=trainer["max_epochs"],
                fold=data["fold"] if data.get("folds") else None,
            )
        except KeyError as error:
            raise ValueError(f"the configuration lacks {error}") from error


def channels_of(data: dict[str, Any]) -> dict[str, int]:
    """Return the arguments of the network that follow from those of the data: config.yaml leaves them out."""
    inputs = count_inputs(data["channels"], data.get("context", 0))
    return {"in_channels": inputs, "classes": len(data.get("targets", ("boundary",)))}


def network_of(model: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the network, without what only the training of earlier versions read.

    Args:
        model: of the configuration.
        data: of the configuration.
    """
    return {name: value for name, value in model["network"].items() if name != FORMER} | channels_of(data)


def count_inputs(channels: int | list[int | str], context: int = 0) -> int:
    """Return the number of channels of the network's input.

    Args:
        channels: of an image: how many, or which.
        context: neighboring sections on either side.
    """
    return (channels if isinstance(channels, int) else len(channels)) * (2 * context + 1)
