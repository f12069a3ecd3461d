"""What one image costs, as ratios against peers that were measured in the same run, on one thread of one core.

    python -m benchmarks.serving
    python -m benchmarks.serving --encoder resnet34 --size 512

Each engine in turn, several rounds, the best of each, also for images of six sizes in turn. Their peer is eager
PyTorch with the network as segmentation-models-pytorch builds it. Targets for EfficientNet-Lite0: in float32 3.0 and
2.8 times as fast at 256 and 512, in int8 4.9 and 4.5 times. Large images: `python -m benchmarks.tiling`.

Times are those of the processor, so that other programs disturb them little. Weights are random (ResNet-34) or those
of ImageNet: speed does not depend on them.
"""

import argparse
import tempfile
from pathlib import Path

import segmentation_models_pytorch as smp

from benchmarks.measure import seconds
from benchmarks.peers import Array, Run, engines, noise, pin_to_one_core
from seg.inference.any_size import for_any_size
from seg.inference.artifact_info import ArtifactInfo
from seg.inference.engine_choice import load_network
from seg.network.unet import LITE0, NetworkConfig, PaddedNetwork, build_network

DECODER = {"decoder_channels": [128, 64, 32, 16, 8]}
MIXED = (64, 96, 128, 192, 256, 320)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", nargs="+", default=[LITE0, "resnet34"], help="default: %(default)s")
    parser.add_argument("--size", nargs="+", type=int, default=[256, 512], help="of the image, px (default: 256 512)")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    pin_to_one_core()
    for encoder in args.encoder:
        with tempfile.TemporaryDirectory() as folder:
            network = smp.create_model("unet", encoder, None, in_channels=1, **DECODER)
            runs = engines(load(encoder), network, Path(folder))
            for size in args.size:
                runs = {name: run for name, run in runs.items() if works(name, run, noise(size))}
                compare(f"{encoder}, {size} x {size}", runs, [noise(size)], args.rounds)
            ours = {f"{name}, as served": for_any_size(run) for name, run in runs.items() if name.startswith("ours")}
            static = [name for name in runs if name.startswith(("torch.compile", "ours"))]
            runs = {name: run for name, run in runs.items() if name not in static}
            compare(f"{encoder}, six sizes in turn", runs | ours, [noise(size) for size in MIXED], args.rounds // 3)


def compare(title: str, runs: dict[str, Run], images: list[Array], rounds: int) -> None:
    """Print how long each engine takes for all images together."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(max(1, rounds)):
        for name, run in runs.items():
            best[name] = min(best[name], seconds(lambda run=run: [run(image) for image in images]))
    print(title)
    for name, taken in best.items():
        print(f"  {name:28} {best['eager'] / taken:5.2f} x eager   {taken * 1e3:7.1f} ms", flush=True)


def works(name: str, run: Run, image: Array) -> bool:
    """Run an engine once; tell why one does not work here."""
    try:
        run(image)
    except Exception as error:  # of compilers that this machine lacks
        print(f"  {name:28} does not work here: {str(error).strip().splitlines()[0]}", flush=True)
        return False
    return True


def load(encoder: str, artifact: Path | None = None) -> PaddedNetwork:
    """Return a promoted network, or an untrained one."""
    if artifact is not None:
        return load_network(artifact, ArtifactInfo.load(artifact).network)
    weights = "packaged" if encoder == LITE0 else None
    return build_network(NetworkConfig(encoder=encoder, encoder_weights=weights, options=DECODER)).eval()


if __name__ == "__main__":
    main()
