import io

import numpy as np
import pytest
import tifffile

from seg.data.pixel_size import read_pixel_size

GREY = np.arange(600, dtype=np.uint16).reshape(20, 30)


def tiff(**options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, GREY, photometric="minisblack", **options)
    return stream.getvalue()


def ome(**metadata) -> bytes:
    return tiff(ome=True, metadata={"axes": "YX", **metadata})


CASES = {
    "ome": (ome(PhysicalSizeY=0.5, PhysicalSizeX=0.25), (0.5, 0.25)),
    "ome in nanometers": (
        ome(PhysicalSizeY=4, PhysicalSizeX=5, PhysicalSizeYUnit="nm", PhysicalSizeXUnit="nm"),
        (0.004, 0.005),
    ),
    "ome in an unknown unit": (
        ome(PhysicalSizeY=4, PhysicalSizeX=5, PhysicalSizeYUnit="pixel", PhysicalSizeXUnit="pixel"),
        None,
    ),
    "ome without a size": (ome(), None),
    "imagej, 4 pixels across and 2 down per micron": (
        tiff(imagej=True, resolution=(4, 2), metadata={"unit": "micron"}),
        (0.5, 0.25),
    ),
    "imagej with its own way to write a micrometer": (
        tiff(imagej=True, resolution=(4, 4), metadata={"unit": "\\u00B5m"}),
        (0.25, 0.25),
    ),
    "imagej without unit": (tiff(imagej=True, resolution=(4, 4)), None),
    "pixels per centimeter": (tiff(resolution=(40_000, 20_000), resolutionunit="CENTIMETER"), (0.5, 0.25)),
    "pixels per inch": (tiff(resolution=(25_400, 25_400), resolutionunit="INCH"), (1, 1)),
    "the 72 dpi of a screen": (tiff(resolution=(72, 72), resolutionunit="INCH"), None),
    "less than an atom": (ome(PhysicalSizeY=1e-9, PhysicalSizeX=1e-9), None),
    "no unit": (tiff(resolution=(4, 4), resolutionunit="NONE"), None),
    "nothing": (tiff(), None),
    "no tiff": (b"\x89PNG\r\n\x1a\n", None),
}


@pytest.mark.parametrize(("data", "size"), CASES.values(), ids=CASES)
def test_the_size_of_a_pixel_is_read_where_it_is_plausible(data, size):
    found = read_pixel_size(data)
    assert found == (size and pytest.approx(size, rel=1e-6))


@pytest.mark.parametrize("broken", [b"<OME", b"<OME>", b'<OME xmlns="urn:x"><Image/></OME>'])
def test_broken_metadata_has_no_size(broken):
    data = ome(PhysicalSizeY=0.5, PhysicalSizeX=0.25)
    start = data.index(b"<OME")
    end = data.index(b"</OME>") + len(b"</OME>")
    filled = broken.replace(b">", b" " * (end - start - len(broken)) + b">", 1)
    if b"</OME>" not in filled:
        filled = broken.ljust(end - start - 6) + b"</OME>"
    assert read_pixel_size(data[:start] + filled[: end - start] + data[end:]) is None


def test_a_size_that_is_no_number_is_ignored():
    data = ome(PhysicalSizeY=0.5, PhysicalSizeX=0.25)
    assert read_pixel_size(data.replace(b'PhysicalSizeY="0.5"', b'PhysicalSizeY="a.b"')) is None
