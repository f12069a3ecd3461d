"""List, overlays and page of the images to annotate next."""

import base64
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.data.drawing import draw_picture
from seg.data.scaling import match_channels
from seg.data.writing import encode_image, write_file
from seg.report.one import render
from seg.suggest.ensemble import Suggestion

_ORANGE = np.array([255, 106, 0], np.float32)


def write_suggestions(suggestions: Sequence[Suggestion], folder: Path) -> Path:
    """Write suggestions.csv, an overlay of each image, and suggestions.html; return the path of the page.

    Args:
        suggestions: the best first.
        folder: for the files.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["rank", "image", "disagreement_bits", "predicted_boundary"])
    pictures = []
    for rank, each in enumerate(suggestions, 1):
        writer.writerow([rank, each.sample.name, f"{each.disagreement:.5f}", f"{each.boundary:.4f}"])
        picture = encode_image(overlay(each))
        write_file(folder / f"{rank:03}_{each.sample.name}.png", picture)
        pictures.append(f"data:image/png;base64,{base64.b64encode(picture).decode()}")
    write_file(folder / "suggestions.csv", stream.getvalue().encode())
    render(
        "suggestions.html",
        {"suggestions": list(zip(suggestions, pictures, strict=True))},
        folder / "suggestions.html",
    )
    return folder / "suggestions.html"


def overlay(suggestion: Suggestion) -> NDArray[np.uint8]:
    """Return the image, (H, W, 3), the more orange a pixel the more the runs disagree on it."""
    picture = match_channels(draw_picture(suggestion.sample.image), 3).astype(np.float32)
    strength = np.clip(suggestion.where / max(float(suggestion.where.max()), 1e-6), 0, 1)[..., None]
    colored: NDArray[np.uint8] = ((1 - strength) * picture + strength * _ORANGE).round().astype(np.uint8)
    return colored
