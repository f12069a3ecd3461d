"""What turns probabilities into cells, whichever way it does."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from seg.instances.labels import Labels


class Decoder(ABC):
    """From probabilities to cells.

    A decoder is a frozen dataclass: its fields, all of plain types, are what tuning chooses on validation and what
    record and artifact keep.
    """

    @abstractmethod
    def decode(self, probability: NDArray[np.float32], image: NDArray[np.float32] | None = None) -> Labels:
        """Return the cells of a picture, numbered from 1 without gaps; 0 belongs to no cell.

        Args:
            probability: (K, H, W) in [0, 1]; channel 0 is the boundary, channel 1, if any, the inside of the cells.
            image: (C, H, W), the network's input, in [-1, 1].

        Raises:
            ValueError: the decoder needs the image or a channel that is not there.
        """

    @property
    def needs_image(self) -> bool:
        """Whether `decode` looks at the image."""
        return False

    @abstractmethod
    def search_space(self) -> Mapping[str, Sequence[Any]]:
        """Return field -> the values that tuning tries, the fields that matter most first."""


def describe_decoder(decoder: Decoder) -> dict[str, Any]:
    """Return a decoder as class path and arguments, as configuration, record and artifact have it."""
    kind = type(decoder)
    return {"class_path": f"{kind.__module__}.{kind.__qualname__}", "init_args": asdict(decoder)}  # type: ignore[call-overload]


def build_decoder(description: Mapping[str, Any]) -> Decoder:
    """Build a decoder from class path and arguments.

    Raises:
        ValueError: there is no such class, it is no decoder, or an argument does not fit.
    """
    path = str(description["class_path"])
    module, _, name = path.rpartition(".")
    try:
        kind = getattr(import_module(module), name)
        if not issubclass(kind, Decoder):
            raise TypeError("it is no seg.instances.decoder.Decoder")
        decoder: Decoder = kind(**description.get("init_args", {}))
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"cannot build the decoder {path}: {error}") from error
    return decoder


def change_decoder(description: Mapping[str, Any], numbers: Mapping[str, float]) -> Decoder:
    """Build a decoder with other numbers.

    Args:
        description: class path and arguments.
        numbers: argument -> value.

    Raises:
        ValueError: as `build_decoder`; an argument is unknown or no number, or must be whole.
    """
    hints = get_type_hints(type(build_decoder(description)))
    kinds = {name: set(get_args(hint) or (hint,)) & {int, float} for name, hint in hints.items()}
    known = [name for name, kind in kinds.items() if kind]
    for name, value in numbers.items():
        if name not in known:
            raise ValueError(f"the decoder has no number {name!r}, it has {', '.join(known)}")
        if float not in kinds[name] and value % 1:
            raise ValueError(f"{name} must be a whole number, got {value:g}")
    changed = {name: value if float in kinds[name] else int(value) for name, value in numbers.items()}
    return build_decoder({**description, "init_args": description.get("init_args", {}) | changed})
