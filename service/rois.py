"""Cells as regions of interest of ImageJ and Fiji."""

import io
import zipfile
from collections.abc import Iterable, Iterator

from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from service.cells import Cell
from service.outlines import Ring


def zip_rois(cells: Iterable[Cell]) -> bytes:
    """Return a zip that ImageJ's ROI Manager opens: a polygon per outline, named by the cell's label.

    Further outlines of a cell, of its parts and holes, are named by the label and a number: 7, 7-2, 7-3.

    Args:
        cells: of one image.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for cell in cells:
            for name, ring in _rings(cell):
                entry = zipfile.ZipInfo(f"{name}.roi")  # without a date: equal answers are equal bytes
                archive.writestr(entry, _roi(name, ring), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _rings(cell: Cell) -> Iterator[tuple[str, Ring]]:
    rings = [ring for polygon in cell.polygons for ring in polygon]
    for number, ring in enumerate(rings, start=1):
        yield (str(cell.label) if number == 1 else f"{cell.label}-{number}"), ring


def _roi(name: str, ring: Ring) -> bytes:
    roi = ImagejRoi.frompoints(ring[:-1], name=name)
    roi.roitype = ROI_TYPE.POLYGON
    roi.options |= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    written: bytes = roi.tobytes()
    return written
