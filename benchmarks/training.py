"""Speed of a training step, as a multiple of a plain loop's.

`python -m benchmarks.training` trains with one thread: a plain loop over the network of configs/base.yaml as
segmentation-models-pytorch builds it, the same in channels_last, Septum's network with the optimizer of that file, and
MONAI's BasicUNet for comparison. They take turns; printed is the quotient of the medians of processor time, and the
arithmetic relative to the plain loop's.
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import segmentation_models_pytorch as smp
import torch
import yaml
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.measure import seconds
from seg.network.unet import NetworkConfig, build_network

BASE = Path(__file__).parents[1] / "configs" / "base.yaml"


def plain(config: NetworkConfig) -> nn.Module:
    """Return the network as segmentation-models-pytorch builds it, with random weights."""
    return smp.create_model("unet", config.encoder, None, in_channels=1, classes=1, **config.options)  # type: ignore[no-any-return]


def monai() -> nn.Module:
    """Return MONAI's BasicUNet with about as much arithmetic."""
    from monai.networks.nets import BasicUNet  # noqa: PLC0415

    return BasicUNet(2, 1, 1, features=(16, 16, 32, 64, 128, 16))


def trainer(network: nn.Module, image: torch.Tensor, mask: torch.Tensor, **options: Any) -> Callable[[], None]:
    """Return a function that trains one step; the options are those of AdamW."""
    optimizer = torch.optim.AdamW(network.train().parameters(), **options)

    def step() -> None:
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(network(image), mask).backward()
        optimizer.step()

    return step


def flops(network: nn.Module, image: torch.Tensor) -> int:
    """Return the arithmetic of one forward pass."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(image)
    return counter.get_total_flops()


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--batch", type=int, default=8, help="images of a step")
    parser.add_argument("--crop", type=int, default=128, help="side of the images, in pixels")
    parser.add_argument("--rounds", type=int, default=12, help="steps of each that are measured")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    model = yaml.safe_load(BASE.read_text())["model"]
    config = NetworkConfig(**model["network"])
    image = torch.rand(args.batch, 1, args.crop, args.crop)
    mask = (torch.rand_like(image) > 0.9).float()
    networks = {
        "plain loop": plain(config),
        "channels_last": plain(config).to(memory_format=torch.channels_last),
        "Septum": build_network(config),
        "MONAI BasicUNet": monai(),
    }
    work = {name: flops(network, image) for name, network in networks.items()}
    inputs = dict.fromkeys(networks, image) | {"channels_last": image.contiguous(memory_format=torch.channels_last)}
    options = {"Septum": model["optimizer"]["init_args"]}
    steps = {name: trainer(each, inputs[name], mask, **options.get(name, {})) for name, each in networks.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(args.rounds + 1):
        for name, step in steps.items():
            taken = seconds(step)
            if turn:
                times[name].append(taken)
    reference = statistics.median(times["plain loop"])
    for name, taken in times.items():
        ratio, share = reference / statistics.median(taken), work[name] / work["plain loop"]
        print(f"{name:16} {ratio:5.2f} times the plain loop's speed, {share:.2f} of its arithmetic")


if __name__ == "__main__":
    main()
