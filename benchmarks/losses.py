"""Time the losses: as a share of the network's training step, and against the same loss of a library.

`python -m benchmarks.losses` works on 8 x 1 x 256 x 256 with one thread, all losses in turn; medians over the rounds.
Per-image losses are compared with the library's own reduction.
"""

import statistics
import time
from collections.abc import Callable

import kornia
import monai
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from losses import PerceptualLoss, SegmentationLoss
from seg.loss_gallery.catalogue import build, library
from seg.network.features import TimmFeatures
from seg.network.unet import NetworkConfig, build_network

ROUNDS = 9
PEERS: dict[str, tuple[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "L1Loss": ("torch", lambda z, t: nn.functional.l1_loss(z.sigmoid(), t)),
    "L2Loss": ("torch", lambda z, t: nn.functional.mse_loss(z.sigmoid(), t)),
    "SmoothL1Loss": ("torch", lambda z, t: nn.functional.smooth_l1_loss(z.sigmoid(), t, beta=0.5)),
    "BceLoss": ("smp", smp.losses.SoftBCEWithLogitsLoss()),
    "BalancedBceLoss": ("kornia", lambda z, t: kornia.losses.binary_focal_loss_with_logits(z, t, 0.5, 0.0).mean()),
    "FocalLoss": ("smp", smp.losses.FocalLoss("binary", alpha=0.5)),
    "JaccardLoss": ("smp", smp.losses.JaccardLoss("binary", smooth=1)),
    "DiceLoss": ("smp", smp.losses.DiceLoss("binary", smooth=1)),
    "GeneralizedDiceLoss": ("MONAI", monai.losses.GeneralizedDiceLoss(sigmoid=True)),
    "TverskyLoss": ("smp", smp.losses.TverskyLoss("binary", alpha=0.3, beta=0.7, smooth=1)),
    "FocalTverskyLoss": ("smp", smp.losses.TverskyLoss("binary", alpha=0.3, beta=0.7, smooth=1, gamma=0.75)),
    "LogCoshDiceLoss": ("smp", lambda z, t: smp.losses.DiceLoss("binary", smooth=1)(z, t).cosh().log()),
    "LovaszHingeLoss": ("smp", smp.losses.LovaszLoss("binary", per_image=True)),
    "MccLoss": ("smp", lambda z, t: smp.losses.MCCLoss()(z.sigmoid(), t)),
    "HausdorffLoss": ("MONAI", monai.losses.HausdorffDTLoss(sigmoid=True)),
    "SoftClDiceLoss": ("MONAI", monai.losses.SoftDiceclDiceLoss(sigmoid=True, iter_=3)),
    "CompositeLoss": ("MONAI", monai.losses.DiceCELoss(sigmoid=True)),
}


def milliseconds(job: Callable[[], Tensor]) -> float:
    start = time.perf_counter()
    job().backward()
    return 1000 * (time.perf_counter() - start)


def example() -> tuple[Tensor, Tensor]:
    """Return random logits and a mask of 3 px lines that cover a quarter of it."""
    logits = torch.randn(8, 1, 256, 256, generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = torch.zeros(8, 1, 256, 256)
    for offset in range(3):
        target[..., offset::24, :] = target[..., offset::24] = 1
    return logits, target


def main() -> None:
    torch.set_num_threads(1)
    network = build_network(NetworkConfig(options={"decoder_channels": [128, 64, 32, 16, 8]})).train()
    image = torch.randn(8, 1, 256, 256)
    logits, target = example()
    losses: dict[str, SegmentationLoss] = {entry.name: build(entry.name) for entry in library()}
    losses["PerceptualLoss, stride_px 2"] = PerceptualLoss(TimmFeatures(), stride_px=2)
    jobs: dict[str, Callable[[], Tensor]] = {"network": lambda: network(image).square().mean()}
    for name, loss in losses.items():
        jobs[name] = lambda loss=loss: loss(logits, target)
        if name in PEERS:
            jobs[f"peer of {name}"] = lambda peer=PEERS[name][1]: peer(logits, target)
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(ROUNDS + 1):
        for name, job in jobs.items():
            if name == "network" and number > 3:
                continue  # long steps vary little
            taken = milliseconds(job)
            if number:
                times[name].append(taken)
    step = statistics.median(times["network"])
    print(f"network: {step:.0f} ms a step")
    print(f"{'loss':30} {'ms':>8} {'of step':>8}   against")
    for name in losses:
        ours = statistics.median(times[name])
        versus = ""
        if name in PEERS:
            pairs = zip(times[name], times[f"peer of {name}"], strict=True)
            versus = f"{statistics.median(own / other for own, other in pairs):5.2f} x {PEERS[name][0]}"
        print(f"{name:30} {ours:8.1f} {ours / step:8.2%}   {versus}")


if __name__ == "__main__":
    main()
