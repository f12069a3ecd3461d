"""Figures of how losses rate wrong predictions."""

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from losses import SegmentationLoss
from seg.data.reading import read_image_file
from seg.data.synthetic import SyntheticCells
from seg.data.writing import write_file
from seg.loss_gallery.catalogue import build, library
from seg.loss_gallery.predictions import SURE, as_target, masks_by_prevalence, typical_predictions

#: Shares of the picture that are boundary.
SHARES = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
_RARE = 0.05
_FLAT = ("black", "grey", "white")
_WRONG = (*_FLAT, "shifted", "broken", "blurred")
_STYLES = {
    "black": ("black", "-"),
    "grey": ("0.55", "-"),
    "white": ("#c2a000", "-"),
    "perfect": ("#1a7f37", ":"),
    "shifted": ("#0969da", "-"),
    "broken": ("#cf222e", "-"),
    "blurred": ("#8250df", "--"),
}
_ZOOM = slice(96, 160)


def draw_gallery(args: argparse.Namespace) -> Path:
    """Draw the losses and write the table of the wrong predictions they prefer.

    Args:
        args: arguments of `seg losses plot`.

    Returns:
        The table, DIR/README.md; beside it preferences.csv and a picture per loss.

    Raises:
        ValueError: a loss cannot be built, or the mask does not fit.
    """
    named = {_stem(name): build(name) for name in args.names or [entry.name for entry in library()]}
    masks = masks_by_prevalence(_read_mask(args.mask, args.boundary_value), SHARES)
    values = {}
    for name, loss in named.items():
        values[name] = _values(loss, masks)
        write_file(args.out / f"{name}.png", _draw(name, loss, masks, values[name]))
    write_file(args.out / "preferences.csv", _as_csv(values).encode())
    table: Path = args.out / "README.md"
    write_file(table, _as_markdown(values, args.mask is None).encode())
    return table


def _stem(name: str) -> str:
    return Path(name).stem if name.endswith(".yaml") else name.rsplit(".", 1)[-1]


def _read_mask(path: Path | None, boundary_value: int) -> NDArray[np.bool_]:
    if path is None:
        return next(iter(SyntheticCells(count=1, size_px=128, cell_diameter_px=26.0))).mask
    picture = read_image_file(path)
    if picture.ndim != 2 or boundary_value not in picture:
        raise ValueError(f"{path} must have one channel and the value {boundary_value} (--boundary-value) somewhere")
    mask: NDArray[np.bool_] = picture == boundary_value
    return mask


def _values(loss: SegmentationLoss, masks: list[NDArray[np.bool_]]) -> dict[str, list[float]]:
    """Return prediction -> its value on each mask."""
    rows = []
    with torch.no_grad():
        for mask in masks:
            rows.append(
                {name: loss(logits, as_target(mask)).item() for name, logits in typical_predictions(mask).items()}
            )
    return {name: [row[name] for row in rows] for name in rows[0]}


def preferred(values: dict[str, list[float]], number: int, among: Sequence[str] = _WRONG) -> str:
    """Return the wrong prediction with the lowest value.

    Args:
        values: prediction -> its value on each mask.
        number: of the mask.
        among: the predictions that are compared.
    """
    return min(among, key=lambda name: values[name][number])


def _draw(name: str, loss: SegmentationLoss, masks: list[NDArray[np.bool_]], values: dict[str, list[float]]) -> bytes:
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(11, 5.6), layout="constrained", dpi=72)
        top, bottom = figure.subfigures(2, 1, height_ratios=[1.25, 1], squeeze=False).flat
        top.suptitle(name, fontsize=13, fontweight="bold")
        left, right = top.subplots(1, 2)
        rare = masks[SHARES.index(_RARE)]
        _draw_pixel(left, loss, rare)
        _draw_prevalence(right, values)
        _draw_gradients(bottom, loss, rare)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw_pixel(axes: Axes, loss: SegmentationLoss, mask: NDArray[np.bool_]) -> None:
    """Plot the value against the probability of one boundary pixel, all others perfect."""
    target = as_target(mask)
    row, column = np.argwhere(mask)[mask.sum() // 2]
    probabilities = np.linspace(1 / (1 + np.exp(SURE)), 1 - 1 / (1 + np.exp(SURE)), 31)
    costs = []
    with torch.no_grad():
        logits = typical_predictions(mask)["perfect"].double()
        loss.double()
        for probability in probabilities:
            logits[0, 0, row, column] = np.log(probability / (1 - probability))
            costs.append(loss(logits, target).item())
        loss.float()
    relative = (np.array(costs) - costs[-1]) / (costs[0] - costs[-1])
    grey = float(np.interp(0.5, probabilities, relative))
    axes.plot(probabilities, relative, color="black")
    axes.plot([0.5], [grey], "o", color="#cf222e")
    axes.annotate(
        f"p = 0.5 costs {grey:.2f} of a certain error", (0.5, grey), (0.36, min(grey + 0.25, 1.0)), color="#cf222e"
    )
    axes.set(
        xlabel="p of one boundary pixel, all others correct",
        ylabel="relative loss, 1 = certain error",
        ylim=(-0.05, 1.1),
    )


def _draw_prevalence(axes: Axes, values: dict[str, list[float]]) -> None:
    shares = 100 * np.array(SHARES)
    for name, costs in values.items():
        color, line = _STYLES[name]
        axes.plot(shares, costs, line, color=color, label=name, marker=".")
    axes.set(xscale="log", xlabel="boundary, % of the picture", ylabel="value")
    cheap = [
        f"{share:g}"
        for share, black, shifted in zip(shares, values["black"], values["shifted"], strict=True)
        if black < shifted
    ]
    if cheap:
        axes.set_title(f"black costs less than a shift by one pixel at {', '.join(cheap)} % boundary", fontsize=9)
    axes.set_xticks(shares, [f"{share:g}" for share in shares])
    axes.minorticks_off()
    axes.invert_xaxis()
    axes.legend(fontsize=8, ncols=2)


def _draw_gradients(figure: "mpl.figure.SubFigure", loss: SegmentationLoss, mask: NDArray[np.bool_]) -> None:
    """Draw each prediction above its negative gradient."""
    target, zoom = as_target(mask), (_ZOOM, _ZOOM)
    grid = figure.subplots(2, len(_WRONG))
    for column, name in enumerate(_WRONG):
        logits = typical_predictions(mask)[name]
        descent = -_gradient(loss, logits, target)[0, 0].numpy()[zoom]
        largest = max(float(np.abs(descent).max()), 1e-30)
        grid[0, column].imshow(logits.sigmoid()[0, 0].numpy()[zoom], cmap="gray", vmin=0, vmax=1)
        grid[0, column].set_title(name, fontsize=9)
        grid[1, column].imshow(descent / largest, cmap="RdBu_r", vmin=-1, vmax=1)
        grid[1, column].set_xlabel(f"largest {largest:.0e}", fontsize=8)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
    grid[0, 0].set_ylabel("prediction")
    grid[1, 0].set_ylabel("-gradient: red up")


def _gradient(loss: SegmentationLoss, logits: Tensor, target: Tensor) -> Tensor:
    free = logits.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(free, target), free)
    return gradient


def _as_csv(values: dict[str, dict[str, list[float]]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["loss", "boundary_share", "prefers", *_STYLES])
    for name, costs in values.items():
        for number, share in enumerate(SHARES):
            writer.writerow([name, share, preferred(costs, number), *(f"{costs[key][number]:.6g}" for key in _STYLES)])
    return text.getvalue()


def _as_markdown(values: dict[str, dict[str, list[float]]], synthetic: bool) -> str:
    shown = [SHARES.index(share) for share in (0.5, 0.2, 0.05, 0.01)]
    lines = [
        "# Wrong predictions that losses prefer",
        "",
        "The wrong prediction with the lowest loss as the boundary becomes rarer, on "
        f"{'synthetic' if synthetic else 'the given'} lines. Black, grey and white are constant, shifted is the mask "
        "moved by one pixel, broken lacks a fifth of the boundary, blurred is the mask after a Gaussian of 2 px. "
        "The columns flat compare black, grey and white alone. "
        "The pictures show the cost of one pixel, the values of all predictions, and the negative gradient.",
        "",
        "| loss | "
        + " | ".join(f"{SHARES[number]:.0%} boundary" for number in shown)
        + " | flat, 50 % | flat, 5 % | grey / black at 5 % |",
        "|---" * (len(shown) + 4) + "|",
    ]
    rare = SHARES.index(_RARE)
    for name, costs in values.items():
        cells = [preferred(costs, number) for number in shown]
        cells += [preferred(costs, number, _FLAT) for number in (0, rare)]
        ratio = costs["grey"][rare] / costs["black"][rare] if costs["black"][rare] else float("inf")
        lines.append(f"| [{name}]({name}.png) | {' | '.join(cells)} | {ratio:.2f} |")
    return "\n".join(lines) + "\n"
