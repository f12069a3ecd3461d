"""Cells on real images: Septum beside other ways to them, trained on the same images with as many steps.

`python -m benchmarks.cells configs/data/nuclei.yaml otsu septum monai stardist cellpose --root FOLDER` trains each with
each seed on one thread and prints scores of the test images, which neither training nor choice has seen, and the time
that the training took. StarDist and Cellpose have requirements of their own: install `stardist tensorflow-cpu` and
`"cellpose<4"` in environments of their own, beside Septum. Steps are of 8 crops of 128 x 128 pixels.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import yaml
from scipy.ndimage import label

from benchmarks import cell_peers
from benchmarks.bare_loop import instantiate
from benchmarks.cell_peers import BATCH, CROP_PX, Annotated, Labels, Task
from seg.data.module import BoundaryDataModule
from seg.data.scaling import prepare
from seg.metrics.instance import instance_scores
from seg.metrics.rand import compare_cells

PEERS = {name: getattr(cell_peers, name) for name in ("otsu", "septum", "monai", "stardist", "cellpose")}


def load(config: Path, root: Path, steps: int, seed: int) -> BoundaryDataModule:
    """Return the data of a configuration, read and split.

    Args:
        config: of the data.
        root: folder of the source.
        steps: of a training.
        seed: of crops and augmentation.
    """
    content = yaml.safe_load(config.read_text())
    content["source"]["init_args"]["root"] = root
    content |= {"crop_px": CROP_PX, "batch_size": BATCH, "steps_per_epoch": steps, "channels": 1}
    data = BoundaryDataModule(**instantiate(content), seed=seed)
    data.setup("fit")
    return data


def annotated(data: BoundaryDataModule, indices: Sequence[int]) -> list[Annotated]:
    """Return images in [0, 1] with their cells; without labels, a cell is what the boundary encloses."""
    images = [(prepare(data.samples[index].image, data.scaling, 1)[0] + 1) / 2 for index in indices]
    return [Annotated(image, cells(data, index)) for image, index in zip(images, indices, strict=True)]


def cells(data: BoundaryDataModule, index: int) -> Labels:
    labels = data.samples[index].labels
    return np.asarray(label(~data.samples[index].mask)[0] if labels is None else labels)


def scores(found: Labels, true: Labels, tissue: bool) -> tuple[float, float]:
    """Return AP over 0.5:0.95 and at 0.5, or for tissue V_Rand and V_Info."""
    if tissue:
        rand = compare_cells(true, found)
        return rand.v_rand, rand.v_info
    instance = instance_scores(found, true)
    return instance.ap, instance.ap50


def run(name: str, data: BoundaryDataModule, steps: int, seed: int) -> str:
    """Train a peer, return a line of the table."""
    tissue = len(data.targets) == 1
    train, val, test = (annotated(data, each) for each in (data.training, data.indices.val, data.indices.test))
    with tempfile.TemporaryDirectory() as folder:
        task = Task(train, val, lambda found, true: scores(found, true, tissue)[0], steps, seed, Path(folder), data)
        began = time.process_time()
        way = PEERS[name](task)
        minutes = (time.process_time() - began) / 60
        first, second = np.mean([scores(way(each.image), each.cells, tissue) for each in test], axis=0)
    names = ("V_Rand", "V_Info") if tissue else ("AP 0.5:0.95", "AP 0.5")
    return f"{name:10} seed {seed}  {names[0]} {first:.3f}  {names[1]} {second:.3f}  {minutes:.1f} minutes"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cells", description=__doc__)
    parser.add_argument("data", type=Path, help="configuration of the data, e.g. configs/data/nuclei.yaml")
    parser.add_argument("peers", nargs="+", choices=sorted(PEERS))
    parser.add_argument("--root", type=Path, required=True, help="folder of the data")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for seed in range(args.seeds):
        for name in args.peers:
            print(run(name, load(args.data, args.root, args.steps, seed), args.steps, seed), flush=True)


if __name__ == "__main__":
    main()
