"""What a large image costs in tiles, on one thread, against the engine alone and against MONAI.

    python -m benchmarks.tiling --artifact DIR --image PNG
    python -m benchmarks.tiling --artifact DIR --image PNG --side 8192

The floor is the time that the engine alone takes for the image's pixels in tiles of this size without overlap: what is
above it went into halos, cutting and putting together; the time for the same tiles, halos and all, is beside it. Both
sides take turns, and the median of the ratios is told. Targets at 4096 x 4096: at least 0.93 of the floor, at most
40 MB beyond input, output and the loaded engine, at least 1.4 times as fast as MONAI's sliding window (512, overlap
0.25) with the same engine, mean |dp| at most 1e-3 from an untiled run. MONAI and the untiled run, which need gigabytes,
are left out above 4096.

Weights are those of ImageNet, which do for speed; |dp| needs a trained network (--artifact, a promoted model's folder)
and an image of its kind (--image), which is mirrored up to --side. Without it the image is synthetic tissue.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import in_use, peak, reset_peak, seconds
from benchmarks.peers import Array, eager, monai, pin_to_one_core
from benchmarks.serving import load
from seg.data.reading import read_image_file
from seg.data.scaling import IntensityScaling, prepare
from seg.data.synthetic import SyntheticCells
from seg.inference.engine import OpenVinoEngine
from seg.inference.export import export_onnx
from seg.inference.tiling import Tiling, partition, predict_array
from seg.network.unet import LITE0, PaddedNetwork

_PEERS_UP_TO_PX = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, help="a promoted model's folder")
    parser.add_argument("--image", type=Path, help="gray, of the kind that the artifact was trained on")
    parser.add_argument("--side", type=int, default=4096, help="of the image in pixels (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    pin_to_one_core()
    network = load(LITE0, args.artifact)
    image = _mirrored(args.image, args.side)
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(network, 1, Path(folder) / "ours.onnx")
        _compare(network, OpenVinoEngine(Path(folder) / "ours.onnx"), image, args.rounds)


def _compare(network: PaddedNetwork, engine: OpenVinoEngine, image: Array, rounds: int) -> None:
    tiling = Tiling()
    segments = partition(image.shape[1], tiling, network.stride_px)
    side = segments[0].seen.stop
    tile, unloaded = np.ascontiguousarray(image[:, :side, :side])[None], in_use()
    engine(tile)
    before = reset_peak()
    answer = predict_array(image, engine, network.stride_px, tiling)
    beyond = peak() - before - answer.nbytes
    tiles = len(segments) ** 2
    overlap = tiles * tile.size / image.size
    times, shares = [], []
    for _ in range(rounds):
        times.append(seconds(lambda: predict_array(image, engine, network.stride_px, tiling)))
        shares.append(sum(seconds(lambda: engine(tile)) for _ in range(tiles)) / times[-1])
    ours = statistics.median(times)
    print(f"{tiles} tiles of {side} px, halo {tiling.halo_px} px: {overlap:.3f} pixels per pixel")
    print(f"time                    {ours:.2f} s")
    print(f"of the floor            {statistics.median(shares) / overlap:.3f}")
    print(f"of the same tiles alone {statistics.median(shares):.3f}")
    print(
        f"beyond in- and output   {beyond / 1e6:.0f} MB, and the engine {(before - unloaded) / 1e6:.0f} MB", flush=True
    )
    if image.shape[1] <= _PEERS_UP_TO_PX:
        print(f"MONAI, same engine      {seconds(monai(image, engine)) / ours:.2f} x ours", flush=True)
        print(f"MONAI, eager PyTorch    {seconds(monai(image, eager(network))) / ours:.2f} x ours", flush=True)
        difference = np.abs(engine(image[None])[0, 0] - answer)
        print(f"|dp| from untiled       mean {difference.mean():.1e}, largest {difference.max():.2g}")


def _mirrored(path: Path | None, side: int) -> Array:
    """Return an image (1, side, side) in [-1, 1], made of one piece and its mirror images."""
    tissue = SyntheticCells(count=1, size_px=1024, cell_diameter_px=40.0)
    piece = tissue[0].image if path is None else read_image_file(path)
    missing = [(0, max(0, side - length)) for length in piece.shape]
    return prepare(np.pad(piece[:side, :side], missing, mode="symmetric"), IntensityScaling(), 1)


if __name__ == "__main__":
    main()
