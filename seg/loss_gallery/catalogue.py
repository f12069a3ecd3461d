"""Build, describe and check losses by name."""

import inspect
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from jsonargparse import ArgumentError, ArgumentParser
from rich.console import Console
from rich.table import Table

import losses
from losses import (
    BceLoss,
    CompositeLoss,
    DiceLoss,
    GradientBalancedLoss,
    PerceptualLoss,
    ScnpLoss,
    SegmentationLoss,
    Term,
)
from losses.contract import examine
from seg.network.features import TimmFeatures


def _bce_and_dice() -> dict[str, Term]:
    return {"bce": Term(BceLoss()), "dice": Term(DiceLoss())}


#: Examples of the losses with required arguments.
_EXAMPLES: dict[str, Callable[[], SegmentationLoss]] = {
    "CompositeLoss": lambda: CompositeLoss(_bce_and_dice()),
    "GradientBalancedLoss": lambda: GradientBalancedLoss(_bce_and_dice()),
    "PerceptualLoss": lambda: PerceptualLoss(TimmFeatures()),
    "ScnpLoss": lambda: ScnpLoss(BceLoss()),
}


@dataclass(frozen=True)
class Entry:
    """Name, summary, formula and source of a loss, from its docstring."""

    name: str
    summary: str
    formula: str
    source: str


def library() -> list[Entry]:
    """Return the entries of all losses of the library."""
    found = [getattr(losses, name) for name in losses.__all__]
    return [_describe(loss) for loss in found if issubclass(loss, SegmentationLoss) and not inspect.isabstract(loss)]


def _describe(loss: type[SegmentationLoss]) -> Entry:
    text = inspect.cleandoc(loss.__doc__ or "")
    formula = re.search(r"^L = (.+?)(?:;|, p = sigmoid|\.(?:\s|$))", text, re.DOTALL | re.MULTILINE)
    source = re.search(r"^Source:\n(.+)", text, re.DOTALL | re.MULTILINE)
    return Entry(
        name=loss.__name__,
        summary=text.split("\n", maxsplit=1)[0],
        formula=" ".join(formula[1].split()) if formula else "",
        source=" ".join(source[1].split()) if source else "",
    )


def build(name: str, options: list[str] | None = None) -> SegmentationLoss:
    """Build a loss.

    Args:
        name: a class of `losses`, a class path, or a configuration file.
        options: its parameters, e.g. ["--loss.init_args.smooth", "7"].

    Raises:
        ValueError: there is no such loss, or it cannot be built with these options.
    """
    if name in _EXAMPLES and not options:
        return _EXAMPLES[name]()
    if name.endswith((".yaml", ".yml")) and not Path(name).is_file():
        raise ValueError(f"cannot build the loss {name}: there is no such file")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(SegmentationLoss, "loss")
    path = f"losses.{name}" if name in losses.__all__ else name
    try:
        loss: SegmentationLoss = parser.instantiate_classes(parser.parse_args(["--loss", path, *(options or [])])).loss
    except ArgumentError as error:
        raise ValueError(f"cannot build the loss {name}: {_reason(str(error))}") from error
    return loss


def _reason(message: str) -> str:
    """Return what jsonargparse says of the loss, without the types that it tried."""
    text = " ".join(message.split())
    found = re.search(
        r"Errors: - (?:Problem with given class_path '[^']+': )?(.+?) - Expected a <class 'NoneType'>", text
    )
    reason = found[1] if found else text
    return f"{reason} (searched: the current folder, PYTHONPATH)" if reason.startswith("No module named") else reason


def print_catalogue() -> None:
    """Print every loss with description, formula, range, cost and source."""
    table = Table("loss", "description", "formula; p = sigmoid(logits)", "range", "cost", "source", show_lines=True)
    unit = cost_ms(build("L2Loss"))
    for entry in library():
        loss = build(entry.name)
        lowest, highest = loss.bounds
        cost = f"{cost_ms(loss) / unit:.1f} x L2"
        table.add_row(entry.name, entry.summary, entry.formula, f"{lowest:g} to {highest:.3g}", cost, entry.source)
    console = Console()
    console.print(table)
    console.print(f"cost: forward and backward on 8 x 1 x 256 x 256, L2 takes {unit:.1f} ms here")


def cost_ms(loss: SegmentationLoss, repeats: int = 3) -> float:
    """Return the milliseconds of forward and backward on 8 x 1 x 256 x 256.

    Args:
        loss: on the CPU.
        repeats: the fastest one counts.
    """
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(8, 1, 256, 256, generator=generator).requires_grad_()
    target = torch.zeros(8, 1, 256, 256)
    target[..., ::20, :] = target[..., ::25] = 1
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        loss(logits, target).backward()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def print_examination(name: str, options: list[str], channels: int) -> None:
    """Print which rules of the contract a loss keeps.

    Args:
        name: as for `build`.
        options: as for `build`.
        channels: K, the channels of the mask.

    Raises:
        ValueError: it breaks a rule.
    """
    findings = examine(build(name, options), channels)
    console = Console()
    for rule, wrong in findings.items():
        console.print(f"[red]no [/]  {rule}: {wrong}" if wrong else f"[green]yes[/]  {rule}", highlight=False)
    broken = sum(bool(wrong) for wrong in findings.values())
    if broken:
        raise ValueError(f"{name} breaks {broken} of {len(findings)} rules")
