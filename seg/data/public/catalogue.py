"""Which public data sets there are, where, and under which license."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class DataSet:
    """A public data set.

    Attributes:
        name: on the command line.
        about: what it shows.
        license: under which it may be used.
        url: of the folder of its files, pinned to one version.
        hashes: file below the data set's folder -> sha256.
        remote: file below the folder -> path below the URL.
        config: of the data, for `seg fit --data`.
    """

    name: str
    about: str
    license: str
    url: str
    hashes: dict[str, str]
    remote: Callable[[str], str]
    config: str


def _registry(name: str) -> dict[str, str]:
    text = (files("seg.data.public") / f"{name}.txt").read_text(encoding="utf-8")
    return dict(line.split() for line in text.splitlines())


def _isbi2012_remote(name: str) -> str:
    kind, _, file = name.partition("/")
    return f"{'image' if kind == 'images' else 'label'}/{int(file.removesuffix('.png'))}.png"


ISBI2012 = DataSet(
    name="isbi2012",
    about="30 serial sections of the ventral nerve cord of a fly larva, 512x512 pixels, with membranes (ISBI 2012)",
    license="free for testing segmentation software, not for commercial use; Arganda-Carreras et al., Frontiers in "
    "Neuroanatomy 2015",
    url="https://raw.githubusercontent.com/zhixuhao/unet/b45af4d458437d8281cc218a07fd4380818ece4a/data/membrane/train",
    hashes=_registry("isbi2012"),
    remote=_isbi2012_remote,
    config="configs/data/isbi2012.yaml",
)

#: Name -> data set.
DATA_SETS = {data_set.name: data_set for data_set in (ISBI2012,)}
