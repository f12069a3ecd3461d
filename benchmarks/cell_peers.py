"""Other ways to cells, each trained on the same images as Septum: the peers of `benchmarks.cells`.

A peer is trained on images (H, W) in [0, 1] and labels (H, W), chooses what there is to choose on validation images,
and returns a function from an image to labels.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.ndimage import label as number
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

from benchmarks.bare_loop import instantiate
from losses import BceLoss, CompositeLoss, DiceLoss
from losses.composite import Term
from seg.data.module import BoundaryDataModule
from seg.instances.decoder import Decoder
from seg.instances.starts import usual_decoders
from seg.instances.tuning import CellCase, tune_decoder
from seg.network.unet import NetworkConfig, PaddedNetwork, build_network
from seg.training.cell_tuning import IMAGES, TRIALS

Image, Labels = NDArray[np.float32], NDArray[np.integer]
ToCells = Callable[[Image], Labels]
CROP_PX, BATCH = 128, 8
BASE = Path(__file__).parents[1] / "configs" / "base.yaml"
#: Of BasicUNet, with which it takes about as much arithmetic as the network of configs/base.yaml.
MONAI_WIDTHS = (16, 16, 32, 64, 128, 16)


class Annotated(NamedTuple):
    """An image in [0, 1] and its cells, both (H, W)."""

    image: Image
    cells: Labels


class Task(NamedTuple):
    """What a peer learns from.

    Attributes:
        train: images to train on.
        val: images to choose on.
        score: of found cells against true ones; larger is better.
        steps: of the training.
        seed: of the training.
        folder: for the peer's files.
        data: the same images, as Septum trains on them.
    """

    train: list[Annotated]
    val: list[Annotated]
    score: Callable[[Labels, Labels], float]
    steps: int
    seed: int
    folder: Path
    data: BoundaryDataModule

    def few_val(self) -> list[Annotated]:
        """Return as many validation images as `seg fit` chooses a decoder on."""
        return self.val[:: -(-len(self.val) // IMAGES)]

    def best(self, ways: Sequence[ToCells]) -> ToCells:
        """Return the way to cells with the best mean score on the validation images."""

        def mean(way: ToCells) -> float:
            return float(np.mean([self.score(way(each.image), each.cells) for each in self.val]))

        return max(ways, key=mean)


def otsu(task: Task) -> ToCells:
    """Otsu's threshold, then a watershed of the distance to the background."""
    return task.best([partial(_otsu, sigma_px=sigma, apart_px=px) for sigma, px in product((0.5, 1, 2), (3, 5, 8, 12))])


def _otsu(image: Image, sigma_px: float, apart_px: int) -> Labels:
    smooth = gaussian_filter(image, sigma_px)
    region = smooth > threshold_otsu(smooth)
    distance = gaussian_filter(distance_transform_edt(region), 1.0)
    peaks = peak_local_max(distance, min_distance=apart_px, labels=number(region)[0])
    seeds = np.zeros(image.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    cells: Labels = watershed(-distance, seeds, mask=region)
    return cells


def stardist(task: Task) -> ToCells:
    """StarDist (Schmidt et al., MICCAI 2018) as its example trains it, without weights of another training."""
    import tensorflow as tf  # noqa: PLC0415
    from stardist.models import Config2D, StarDist2D  # noqa: PLC0415

    tf.keras.utils.set_random_seed(task.seed)
    epochs = max(1, task.steps // 50)
    config = Config2D(
        n_rays=32,
        grid=(2, 2),
        train_patch_size=(CROP_PX, CROP_PX),
        train_batch_size=BATCH,
        train_epochs=epochs,
        train_steps_per_epoch=task.steps // epochs,
        train_tensorboard=False,
    )
    model = StarDist2D(config, name="stardist", basedir=str(task.folder))
    images, cells = map(list, zip(*task.train, strict=True))
    model.train(images, cells, validation_data=tuple(map(list, zip(*task.val, strict=True))), augmenter=_turned)
    model.optimize_thresholds(*map(list, zip(*task.val, strict=True)))
    return lambda image: model.predict_instances(image)[0]  # type: ignore[no-any-return]


def _turned(image: Image, cells: Labels) -> tuple[Image, Labels]:
    """Flip, turn, brighten and darken, as StarDist's example does."""
    turns, flip = np.random.randint(4), np.random.randint(2)  # StarDist seeds this generator
    image, cells = (np.rot90(each, turns)[:: 1 - 2 * flip] for each in (image, cells))
    return image * np.random.uniform(0.6, 2) + np.random.uniform(-0.2, 0.2), cells


def cellpose(task: Task) -> ToCells:
    """Cellpose 3 (Stringer et al., Nature Methods 2021) from random weights."""
    from cellpose import io, models, train  # noqa: PLC0415

    io.logger_setup()
    torch.manual_seed(task.seed)
    np.random.seed(task.seed)
    model = models.CellposeModel(gpu=False, pretrained_model=False, diam_mean=30.0)
    train.train_seg(
        model.net,
        train_data=[each.image for each in task.train],
        train_labels=[each.cells.astype(np.int32) for each in task.train],
        channels=[0, 0],
        n_epochs=max(1, task.steps * BATCH // len(task.train)),
        learning_rate=0.005,
        weight_decay=1e-4,
        bsize=CROP_PX,
        save_path=str(task.folder),
    )

    def cells(image: Image, flow: float, probability: float) -> Labels:
        size = model.net.diam_labels.item()
        options: dict[str, Any] = {"diameter": size, "flow_threshold": flow, "cellprob_threshold": probability}
        return model.eval(image, channels=[0, 0], **options)[0]  # type: ignore[no-any-return]

    settings = product((0.4, 0.8), (-1.0, 0.0, 1.0))
    ways = [partial(cells, flow=flow, probability=probability) for flow, probability in settings]
    return task._replace(val=task.few_val()).best(ways)


def septum(task: Task) -> ToCells:
    """The network of configs/base.yaml with the usual decoder."""
    config = yaml.safe_load(BASE.read_text())["model"]["network"]
    return unet(task, build_network(NetworkConfig(**config, classes=len(task.data.targets)), task.seed))


def monai(task: Task) -> ToCells:
    """MONAI's BasicUNet of as much arithmetic, from random weights, with the usual decoder."""
    from monai.networks.nets import BasicUNet  # noqa: PLC0415

    torch.manual_seed(task.seed)
    return unet(task, PaddedNetwork(BasicUNet(2, 1, len(task.data.targets), features=MONAI_WIDTHS), 16))


def unet(task: Task, network: PaddedNetwork) -> ToCells:
    """Train a network with the optimizer and schedule of configs/base.yaml; choose the decoder on validation images."""
    train(task, network)
    cases = [CellCase(probability(network, each.image), each.image[None], each.cells) for each in task.few_val()]
    decoders = usual_decoders(len(task.data.targets), tissue=len(task.data.targets) == 1)
    decoder = tune_decoder(decoders, cases, task.score, TRIALS).decoder
    return lambda image: cells_of(network, decoder, image)


def train(task: Task, network: PaddedNetwork) -> None:
    """Minimize BCE + Dice."""
    config = yaml.safe_load(BASE.read_text())["model"]
    loss = CompositeLoss({"bce": Term(BceLoss()), "dice": Term(DiceLoss())})
    optimizer = torch.optim.AdamW(network.train().parameters(), **config["optimizer"]["init_args"])
    schedule = instantiate(config["schedule"]).configure(optimizer, task.steps)["scheduler"]
    for batch in task.data.train_dataloader():
        optimizer.zero_grad()
        loss(network(batch["image"]), batch["mask"]).backward()
        optimizer.step()
        schedule.step()
    network.eval()


def probability(network: PaddedNetwork, image: Image) -> Image:
    """Return the probabilities, (K, H, W)."""
    with torch.inference_mode():
        return network(torch.from_numpy(image * 2 - 1)[None, None])[0].sigmoid().numpy()  # type: ignore[no-any-return]


def cells_of(network: PaddedNetwork, decoder: Decoder, image: Image) -> Labels:
    return decoder.decode(probability(network, image), image[None])
