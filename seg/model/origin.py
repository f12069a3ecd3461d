"""The trained network that a training starts from: of a run, a checkpoint, an artifact or a model store."""

from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from seg.inference.artifact_info import ARTIFACT, ArtifactInfo
from seg.inference.engine_choice import WEIGHTS
from seg.model.loading import read_model_config
from seg.network.unet import NetworkConfig, PaddedNetwork
from seg.network.weights import read_network_weights
from seg.record import FILE_NAME, RunRecord

#: Entry points, store -> function from a tag like septum:latest to the folder of an artifact.
STORES = "seg.model_stores"

_COMPARED = ("architecture", "encoder", "options", "in_channels", "classes")
_FROM_DATA = {"in_channels": "data.channels", "classes": "the number of data.targets"}


@dataclass(frozen=True)
class Origin:
    """Trained weights and the network that they belong to.

    Attributes:
        weights: their file.
        network: arguments of `NetworkConfig`.
    """

    weights: Path
    network: dict[str, Any]

    @classmethod
    def find(cls, start_from: str) -> "Origin":
        """Find the weights.

        Args:
            start_from: folder of a run or an artifact, a checkpoint in the folder of its run, or STORE:TAG.

        Raises:
            FileNotFoundError: there is no such thing.
            ValueError: it is none of these, an ensemble, or its model store is not installed.
        """
        path = Path(start_from)
        if ":" in start_from and not path.exists():
            path = _stored(start_from)
        if (path / ARTIFACT).is_file():
            return cls._of_artifact(path)
        if (path / FILE_NAME).is_file():
            return cls._of_run(path)
        if path.is_file():
            return cls(path, read_model_config(path, None)["network"])
        if path.exists():
            raise ValueError(f"start_from {start_from} holds neither a run ({FILE_NAME}) nor an artifact ({ARTIFACT})")
        raise FileNotFoundError(f"start_from {start_from}: no such run, checkpoint or artifact")

    @classmethod
    def _of_artifact(cls, folder: Path) -> "Origin":
        info = ArtifactInfo.load(folder)
        if info.network.members > 1:
            raise ValueError(
                f"start_from {folder} is the mean of {info.network.members} networks, and a training takes one: "
                f"give the folder of a run ({'; '.join(info.provenance.members)})"
            )
        return cls(folder / WEIGHTS, info.network.of_member())

    @classmethod
    def _of_run(cls, folder: Path) -> "Origin":
        record = RunRecord.load(folder)
        if record.checkpoint is None:
            raise ValueError(f"start_from {folder} is a {record.status} run: it has no trained network")
        return cls(folder / record.checkpoint, record.config.network)

    def load_into(self, network: PaddedNetwork, config: NetworkConfig, start_from: str) -> None:
        """Load the weights in place.

        Args:
            network: that takes them.
            config: from which it was built.
            start_from: as it was asked for, for the message.

        Raises:
            ValueError: names everything in which the two networks differ.
        """
        wanted, found = asdict(config), asdict(NetworkConfig(**self.network))
        unfit = [
            f"{_FROM_DATA.get(name, f'model.network.{name}')} is {wanted[name]} here and was {found[name]} there"
            for name in _COMPARED
            if wanted[name] != found[name]
        ]
        if unfit:
            raise ValueError(f"start_from {start_from} does not fit: {'; '.join(unfit)}")
        network.load_state_dict(read_network_weights(self.weights))


def _stored(tag: str) -> Path:
    store = tag.partition(":")[0]
    found = entry_points(group=STORES, name=store)
    if not found:
        raise ValueError(f'start_from {tag}: no model store "{store}" is installed; septum needs septum[serve]')
    folder: Path = next(iter(found)).load()(tag)
    return folder
