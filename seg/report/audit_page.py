"""One offline page of an audit: the verdict, pictures of what changed, and curves."""

import base64
from pathlib import Path

import numpy as np
from scipy import ndimage

from seg.audit.attribution import Look
from seg.audit.cases import Image
from seg.audit.examination import Audit
from seg.audit.invariance import Curve
from seg.audit.occlusion import Example
from seg.data.writing import encode_image
from seg.record import RunRecord
from seg.report.one import render

_LARGEST_PX = 320


def write_audit_page(audit: Audit, run: Path, record: RunRecord, folder: Path) -> Path:
    """Write audit.html into a folder and return its path.

    Args:
        audit: of the run.
        run: its folder, for the title.
        record: of the run.
        folder: for the page.
    """
    content = {
        "title": f"{record.name}, seed {record.seed}",
        "run": run,
        "audit": audit,
        "pictures": {each.region: _pictures(each.example) for each in audit.occlusions if each.example},
        "look": _looks(audit.attribution.example) if audit.attribution else "",
        "lines": {curve.name: _line(curve) for curve in audit.curves},
    }
    render("audit.html", content, folder / "audit.html")
    return folder / "audit.html"


def _pictures(example: Example) -> str:
    """Return the image and its probability, before and after, side by side, as a data URI."""
    return _row([panel for image, answer in (example.before, example.after) for panel in (_grey(image), answer)])


def _looks(look: Look) -> str:
    """Return an image with the surroundings of its boundary pixels outlined, and what the answer there rests on."""
    outline = look.near & ~ndimage.binary_erosion(look.near, iterations=3)
    strong = max(float(np.percentile(look.weight, 99.5)), 1e-12)
    return _row(
        [np.where(outline, 1, _grey(look.image)), np.where(outline, 0.5, np.sqrt(look.weight / strong).clip(0, 1))]
    )


def _row(panels: list[Image]) -> str:
    """Return pictures of values in [0, 1] side by side, as a data URI."""
    step = -(-max(panels[0].shape) // _LARGEST_PX)
    row = np.concatenate([np.pad(panel[::step, ::step], 2, constant_values=0.5) for panel in panels], axis=1)
    return "data:image/png;base64," + base64.b64encode(encode_image((row * 255).astype(np.uint8))).decode()


def _grey(image: Image) -> Image:
    grey: Image = (image.mean(axis=0) + 1) / 2
    return grey


def _line(curve: Curve) -> list[tuple[float, float, float, float]]:
    """Return place across and down in a picture of 100 x 60, strength and score of each point, by strength."""
    points = sorted(zip(curve.strengths, curve.scores, strict=True))
    last = max(len(points) - 1, 1)
    return [(10 + 80 * number / last, 55 - 50 * score, at, score) for number, (at, score) in enumerate(points)]
