"""From an image to the probability of a boundary, with a model that an artifact holds."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from seg.data.reading import read_image_file
from seg.data.scaling import IntensityScaling, prepare
from seg.data.writing import decode_probability
from seg.network.unet import NetworkConfig, PaddedNetwork, build_network

WEIGHTS = "model.safetensors"
ARTIFACT = "artifact.json"
MANIFEST = "manifest.json"
GOLDEN_IMAGE = "golden_image.png"
GOLDEN_PROBABILITY = "golden_probability.png"

#: Other processors round differently; more than this is another model.
GOLDEN_TOLERANCE = 1e-3


class Predictor:
    """A trained network with everything that was decided together with it.

    Args:
        network: the trained network; it is put into evaluation mode.
        info: the artifact's description (artifact.json).

    Attributes:
        threshold: probability from which a pixel is boundary.
        boundary_value: of the boundary in masks, 0 or 255.
        info: as given.
    """

    def __init__(self, network: PaddedNetwork, info: dict[str, Any]) -> None:
        self.network = network.eval()
        self.info = info
        self.threshold = float(info["threshold"])
        self.boundary_value = int(info["boundary_value"])
        self._scaling = IntensityScaling(**info["scaling"])
        self._channels = NetworkConfig(**info["network"]).in_channels

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """Load an artifact after checking that it is whole and answers as it did when it was made.

        Raises:
            FileNotFoundError: the folder or its manifest is missing.
            ValueError: names the file that is missing or altered, or the golden image is answered differently.
        """
        verify(folder)
        predictor = cls.from_files(folder)
        expected = decode_probability((folder / GOLDEN_PROBABILITY).read_bytes())
        difference = np.abs(predictor.probability(read_image_file(folder / GOLDEN_IMAGE)) - expected).max()
        if difference > GOLDEN_TOLERANCE:
            raise ValueError(
                f"{folder}: the golden image gets probabilities {difference:.1g} away from the recorded ones"
            )
        return predictor

    @classmethod
    def from_files(cls, folder: Path) -> "Predictor":
        """Build from weights and description, unchecked: for `load` and for whoever makes the artifact."""
        info = json.loads((folder / ARTIFACT).read_text(encoding="utf-8"))
        network = build_network(NetworkConfig(**info["network"]))
        network.load_state_dict(load_file(folder / WEIGHTS))
        return cls(network, info)

    def probability(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Return the probability of a boundary, (H, W) in [0, 1].

        Args:
            image: (H, W) or (H, W, 3) of any type, as it was read.
        """
        batch = torch.from_numpy(prepare(image, self._scaling, self._channels))[None]
        with torch.inference_mode():
            probability: NDArray[np.float32] = self.network(batch).sigmoid()[0, 0].numpy()
        return probability


def verify(folder: Path) -> None:
    """Check that an artifact is whole and unaltered.

    Raises:
        FileNotFoundError: it has no manifest.
        ValueError: names the file that is missing or altered.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise FileNotFoundError(f"{folder} is not an artifact: it has no {MANIFEST}")
    for name, expected in json.loads(manifest.read_text(encoding="utf-8")).items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{path} is missing: promote the model again")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ValueError(f"{path} is not the file that was promoted (sha256 differs): promote the model again")
