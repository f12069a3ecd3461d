"""`python -m benchmarks.answer_memory`: the most memory that an answer takes in each format, in bytes per pixel.

Each format answers a large image in a process of its own, with our tiles, decoder and measurements, but with a stand-in
for the network, whose own memory is thus not counted. Told is what the process grew by at most, so image, probabilities
and cells are in it, and the same without the answer itself. The image has many cells (synthetic tissue), or one that
covers all of it. Target: less than 20 bytes per pixel in every format.
"""

import argparse
import functools
import subprocess
import sys
import tempfile
from pathlib import Path

import imagecodecs
import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.measure import peak, reset_peak
from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling
from seg.data.synthetic import SyntheticCells
from seg.inference.artifact_info import ArtifactInfo, NetworkInfo, Provenance
from seg.inference.engine import Array
from seg.inference.novelty import learn
from seg.inference.predictor import Predictor
from service.answer import answer
from service.formats import FORMATS
from service.query import Query
from service.served_model import ServedModel

TISSUE_PX = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS), help="default: all")
    parser.add_argument("--cells", nargs="+", choices=PICTURES, default=list(PICTURES), help="default: both")
    parser.add_argument("--side", type=int, default=8000, help="of the image, px (default: %(default)s)")
    parser.add_argument("--image", type=Path, help=argparse.SUPPRESS)  # of the process that answers
    args = parser.parse_args()
    if args.image is not None:
        measure(args.image, args.formats[0])
        return
    for cells in args.cells:
        with tempfile.TemporaryDirectory() as folder:
            image = Path(folder) / "image.png"
            image.write_bytes(imagecodecs.png_encode(PICTURES[cells](args.side), level=1))
            for name in args.formats:
                print(f"{args.side} x {args.side}, {cells:4} {name:18}", end="", flush=True)
                own = [sys.executable, "-m", "benchmarks.answer_memory", "--formats", name, "--image", str(image)]
                subprocess.run(own, check=True)


def many(side: int) -> np.ndarray:
    """Return synthetic tissue whose boundaries are bright, as the stand-in takes them."""
    return np.tile(_tissue(), (-(-side // TISSUE_PX),) * 2)[:side, :side]


@functools.cache
def _tissue() -> np.ndarray:
    truth = SyntheticCells(count=1, size_px=TISSUE_PX, seed=0)[0].mask
    blurred = gaussian_filter((truth > 0).astype(np.float32), 1)
    return (255 * blurred / blurred.max()).astype(np.uint8)


def one(side: int) -> np.ndarray:
    """Return one cell with a boundary around it."""
    image = np.zeros((side, side), np.uint8)
    image[[0, -1]] = image[:, [0, -1]] = 255
    return image


PICTURES = {"many": many, "one": one}


class StandIn:
    """Answers an image in [-1, 1] with its own brightness."""

    exact = True

    def __call__(self, image: Array) -> Array:
        """Return the brightness as probability."""
        return (image + np.float32(1)) * np.float32(0.5)


def measure(path: Path, name: str) -> None:
    """Print what an answer takes."""
    model, query = ServedModel("septum:standin", _predictor(), "openvino"), Query(format=FORMATS[name])
    small = imagecodecs.png_encode(many(256))
    answer(model, query, small, 1 << 16, lambda: None)  # what is loaded once
    data = path.read_bytes()
    before = reset_peak()
    found = answer(model, query, data, 1 << 30, lambda: None)
    grown, pixels = peak() - before, found.pixels
    without = (grown - len(found.body)) / pixels
    print(f"{grown / pixels:6.1f} bytes per pixel, {without:6.1f} without the answer", flush=True)


def _predictor() -> Predictor:
    scaling = IntensityScaling(0, 100)
    info = ArtifactInfo(
        network=NetworkInfo("unet", "none", 1, 1, {}),
        stride_px=32,
        scaling=scaling,
        boundary_value=255,
        threshold=0.5,
        rank_by="iou",
        scores={},
        provenance=Provenance("l2", "losses.L2Loss", "losses.L2Loss", 0, 1, "2026-01-01", None, "f" * 64, {}),
        reference=learn([many(256), many(300)], [], scaling, 1, Planes()),
    )
    return Predictor(StandIn(), info)


if __name__ == "__main__":
    main()
