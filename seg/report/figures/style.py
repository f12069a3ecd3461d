"""The style of all figures, in the page and as files for a paper."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seg.data.writing import write_file

#: Okabe and Ito: told apart by color-blind readers, on white and on black.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
MARKERS = "osD^vPX"

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "septum",
    "font.size": 10,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
}


@dataclass(frozen=True)
class Drawing:
    """A figure in the page: SVG, the sentence below it, and the name of its files."""

    svg: str
    caption: str
    name: str


@contextmanager
def canvas(width: float, height: float, **subplots: Any) -> Iterator[tuple[Figure, Any]]:
    """Yield a figure and its axes in the style of all figures.

    Args:
        width: in inches.
        height: in inches.
        subplots: arguments of `Figure.subplots`.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(**subplots)


def looks(names: list[str]) -> dict[str, dict[str, str]]:
    """Return color and marker of each loss; the same names in the same order look the same in all figures."""
    return {
        name: {"color": COLORS[number % len(COLORS)], "marker": MARKERS[number % len(MARKERS)]}
        for number, name in enumerate(names)
    }


def legend_beside(axes: Axes) -> None:
    """Put the legend to the right of the axes."""
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def publish(figure: Figure, folder: Path, name: str, caption: str) -> Drawing:
    """Write the figure as figures/<name>.svg and .png, and return it for the page.

    Args:
        figure: drawn.
        folder: of the report.
        name: of the files.
        caption: a sentence on what the figure shows.
    """
    with mpl.rc_context(_STYLE):
        for kind in ("svg", "png"):
            stream = io.BytesIO()
            metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
            figure.savefig(stream, format=kind, metadata=metadata, facecolor="white")
            write_file(folder / "figures" / f"{name}.{kind}", stream.getvalue())
        return Drawing(_for_the_page(figure), caption, name)


def _for_the_page(figure: Figure) -> str:
    """Return the figure without background, black drawn in the color of the page's text."""
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    svg = stream.getvalue()
    drawing = svg[svg.index("<svg") :].replace("#000000", "currentColor")
    return drawing.replace("<text ", '<text fill="currentColor" ')
