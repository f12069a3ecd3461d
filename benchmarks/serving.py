"""What serving costs, as ratios against peers that were measured in the same run, on one thread.

    python -m benchmarks.serving engines --encoder resnet34 --size 512
    python -m benchmarks.serving tiling

`engines`: one image of --size; each engine in turn, several rounds, the best of each. Targets for EfficientNet-Lite0 at
256: ours in float32 at least 1.9 times as fast as eager PyTorch, in int8 at least 3.4 times.

`tiling`: one image of 4096 x 4096. The floor is the time that the engine alone takes for as many pixels as the tiles
have, halos included: what is above it went into cutting and putting together. Targets: at least 0.93 of the floor, at
most 40 MB beyond input, output and the loaded engine, at least 1.4 times as fast as MONAI's sliding window (overlap
0.25) with the same engine, mean |dp| at most 1e-3 from an untiled run. Halos are the other cost: the table also says
how many pixels were computed per pixel of the image.

Times are those of the processor (process_time), so that other programs disturb them little. Weights are those of
ImageNet (Lite0) or random: speed does not depend on them, |dp| does; --artifact takes a trained network for it.
"""

import argparse
import copy
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from seg.inference.choice import ARTIFACT, load_network
from seg.inference.engine import OpenVinoEngine
from seg.inference.export import export_onnx
from seg.inference.quantize import write_quantized
from seg.inference.tiling import Tiling, partition, predict_array
from seg.network.unet import LITE0, NetworkConfig, PaddedNetwork, build_network

Array = NDArray[np.float32]
Run = Callable[[Array], Array]

SIDE_PX = 4096
DECODER = {"decoder_channels": [128, 64, 32, 16, 8]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["engines", "tiling"])
    parser.add_argument("--encoder", default=LITE0, help="default: %(default)s")
    parser.add_argument("--size", type=int, default=256, help="of the image in pixels (engines)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--artifact", type=Path, help="a promoted model's folder, instead of --encoder")
    args = parser.parse_args()
    torch.set_num_threads(1)
    network = _network(args.encoder, args.artifact)
    with tempfile.TemporaryDirectory() as folder:
        if args.what == "engines":
            _compare_engines(network, args.size, args.rounds, Path(folder))
        else:
            _compare_tilings(network, Path(folder))


def _network(encoder: str, artifact: Path | None) -> PaddedNetwork:
    if artifact is not None:
        return load_network(artifact, json.loads((artifact / ARTIFACT).read_text()))
    weights = "packaged" if encoder == LITE0 else None
    return build_network(NetworkConfig(encoder=encoder, encoder_weights=weights, options=DECODER)).eval()


def _eager(network: PaddedNetwork, layout: torch.memory_format, compiled: bool = False) -> Run:
    """Return the network as segmentation-models-pytorch makes it."""
    module = torch.nn.Sequential(network.network, torch.nn.Sigmoid()).eval().to(memory_format=layout)
    if compiled:
        torch._inductor.config.freezing = True
    run = torch.compile(module) if compiled else module

    def predict(image: Array) -> Array:
        with torch.no_grad() if compiled else torch.inference_mode():  # freezing asks for no_grad
            return run(torch.from_numpy(image).contiguous(memory_format=layout)).numpy()

    return predict


def _onnx_runtime(network: PaddedNetwork, path: Path) -> Run:
    """Return the network as it is, neither folded nor rewritten, in ONNX Runtime."""
    import onnxruntime  # noqa: PLC0415

    module = torch.nn.Sequential(network.network, torch.nn.Sigmoid()).eval()
    example = (torch.zeros(1, 1, 256, 256),)
    axes = {"image": {2: "height", 3: "width"}}
    torch.onnx.export(module, example, str(path), dynamo=False, input_names=["image"], dynamic_axes=axes)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image})[0]


def _ours(network: PaddedNetwork, folder: Path) -> tuple[OpenVinoEngine, OpenVinoEngine]:
    export_onnx(network, 1, folder / "ours.onnx")
    crops = [_noise(256) for _ in range(16)]
    write_quantized(crops, folder / "ours.onnx", folder / "ours.xml")
    return OpenVinoEngine(folder / "ours.onnx"), OpenVinoEngine(folder / "ours.xml", exact=False)


def _compare_engines(network: PaddedNetwork, size: int, rounds: int, folder: Path) -> None:
    float32, int8 = _ours(network, folder)
    runs: dict[str, Run] = {
        "eager": _eager(copy.deepcopy(network), torch.contiguous_format),
        "channels_last": _eager(copy.deepcopy(network), torch.channels_last),
        "torch.compile": _eager(copy.deepcopy(network), torch.channels_last, compiled=True),
        "ONNX Runtime": _onnx_runtime(copy.deepcopy(network), folder / "plain.onnx"),
        "ours fp32": float32,
        "ours int8": int8,
    }
    image = _noise(size)
    for run in runs.values():
        run(image)
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            best[name] = min(best[name], _seconds(lambda run=run: run(image)))
    for name, seconds in best.items():
        print(f"{name:14} {best['eager'] / seconds:5.2f} x eager   {seconds * 1e3:7.1f} ms")


def _compare_tilings(network: PaddedNetwork, folder: Path) -> None:
    export_onnx(network, 1, folder / "ours.onnx")
    engine, image, tiling = OpenVinoEngine(folder / "ours.onnx"), _tissue(), Tiling()
    segments = partition(SIDE_PX, tiling, network.stride_px)
    side = segments[0].seen.stop
    tile = np.ascontiguousarray(image[:, :side, :side])[None]
    engine(tile)
    before = _reset_peak()
    answer: list[Array] = []
    ours = _seconds(lambda: answer.append(predict_array(image, engine, network.stride_px, tiling)))
    beyond = _peak() - before - answer[0].nbytes
    floor = min(_seconds(lambda: engine(tile)) for _ in range(3)) * len(segments) ** 2
    print(f"{len(segments)} x {len(segments)} tiles of {side} px, halo {tiling.halo_px} px")
    print(f"of the floor            {floor / ours:.2f}")
    print(f"pixels per pixel        {(len(segments) * side / SIDE_PX) ** 2:.2f}")
    print(f"beyond in- and output   {beyond / 1e6:.0f} MB")
    same, eager = _monai(image, engine), _monai(image, _eager(copy.deepcopy(network), torch.contiguous_format))
    print(f"MONAI, same engine      {_seconds(same) / ours:.2f} x ours")
    print(f"MONAI, eager PyTorch    {_seconds(eager) / ours:.2f} x ours")
    difference = np.abs(engine(image[None])[0, 0] - answer[0])
    print(f"|dp| from untiled       mean {difference.mean():.1e}, largest {difference.max():.2g}")


def _monai(image: Array, run: Run) -> Callable[[], object]:
    from monai.inferers import sliding_window_inference  # noqa: PLC0415

    batch = torch.from_numpy(image)[None]

    def network(tiles: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(run(tiles.numpy()))

    return lambda: sliding_window_inference(batch, (512, 512), 1, network, overlap=0.25)


def _noise(size: int) -> Array:
    return np.random.default_rng(0).uniform(-1, 1, (1, 1, size, size)).astype(np.float32)


def _tissue() -> Array:
    """Return synthetic tissue, (1, SIDE_PX, SIDE_PX) in [-1, 1], made of one piece and its mirror images."""
    from seg.data.scaling import IntensityScaling, prepare  # noqa: PLC0415
    from seg.data.synthetic import SyntheticCells  # noqa: PLC0415

    piece = SyntheticCells(count=1, size_px=1024, cell_diameter_px=40.0)[0].image
    image = np.pad(piece, (0, SIDE_PX - 1024), mode="symmetric")
    return prepare(image, IntensityScaling(), 1)


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _reset_peak() -> int:
    """Forget the largest memory so far (Linux) and return what is in use, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main()
