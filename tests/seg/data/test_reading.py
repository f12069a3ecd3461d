"""One decoder: every kind of file that a microscope, a camera or a stranger sends."""

import contextlib
import io
import struct
import subprocess
import sys
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from seg.data.image_error import ImageError
from seg.data.reading import read_image, read_image_file

GREY = np.random.default_rng(0).integers(1, 255, (37, 23), dtype=np.uint8)
COLOR = np.random.default_rng(1).integers(1, 255, (37, 23, 3), dtype=np.uint8)


def pillow(array: np.ndarray, kind: str = "PNG", mode: str | None = None, **options) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def tiff(array: np.ndarray, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def oriented(kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    return pillow(GREY, kind, exif=exif)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(rows: np.ndarray, kind: int = 0, bits: int = 8, stream: bytes | None = None) -> bytes:
    """A PNG of 23x37 pixels by hand, whatever its rows are."""
    header = struct.pack(">IIBBBBB", 23, 37, bits, kind, 0, 0, 0)
    stream = stream or zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


def deep_oriented(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    data = imagecodecs.png_encode(DEEP_COLOR)
    return data[:33] + chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")) + data[33:]


def with_tag(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with another value in a tag that it has."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            return data[: entry + 8] + struct.pack("<I", value) + data[entry + 12 :]
    raise KeyError(tag)


def with_alpha(array: np.ndarray) -> np.ndarray:
    grey = array if array.ndim == 3 else array[..., None]
    return np.concatenate([grey, np.full_like(grey[..., :1], 99)], axis=2)


DEEP_GREY, DEEP_COLOR = GREY.astype(np.uint16) * 257 - 3, COLOR.astype(np.uint16) * 257 - 3
KEPT = {
    "png": (pillow(GREY), GREY),
    "png rgb": (pillow(COLOR), COLOR),
    "png 16 bit": (pillow(DEEP_GREY), DEEP_GREY),
    "png rgb 16 bit": (imagecodecs.png_encode(DEEP_COLOR), DEEP_COLOR),
    "png rgba 16 bit": (imagecodecs.png_encode(with_alpha(DEEP_COLOR)), DEEP_COLOR),
    "png grey alpha 16 bit": (imagecodecs.png_encode(with_alpha(DEEP_GREY)), DEEP_GREY),
    "png rgba": (pillow(with_alpha(COLOR)), COLOR),
    "png grey alpha": (pillow(with_alpha(GREY)), GREY),
    "png palette": (pillow(GREY, mode="P"), np.stack([GREY] * 3, axis=2)),
    "png 1 bit": (pillow(GREY > 99), np.where(GREY > 99, 255, 0).astype(np.uint8)),
    "png 4 bit": (
        png_of(np.full((37, 12), 0x1B, np.uint8), bits=4),
        np.tile([17, 187], (37, 12))[:, :23].astype(np.uint8),
    ),
    "png grey with a transparent value": (pillow(GREY, transparency=5), GREY),
    "png rgb 16 bit orientation 6": (deep_oriented(6), np.rot90(DEEP_COLOR, -1)),
    "png orientation 6": (oriented("PNG", 6), np.rot90(GREY, -1)),
    "tiff": (tiff(GREY), GREY),
    "tiff lzw": (tiff(GREY, compression="lzw"), GREY),
    "tiff deflate": (tiff(DEEP_GREY, compression="zlib"), DEEP_GREY),
    "tiff 16 bit big-endian": (tiff(DEEP_GREY, byteorder=">"), DEEP_GREY),
    "tiff uint32": (tiff(GREY.astype(np.uint32) << 20), GREY.astype(np.uint32) << 20),
    "tiff float32": (tiff(GREY.astype(np.float32) / 3), GREY.astype(np.float32) / 3),
    "tiff rgb 16 bit": (tiff(DEEP_COLOR, photometric="rgb"), DEEP_COLOR),
    "tiff rgba": (tiff(with_alpha(COLOR), photometric="rgb", extrasamples=["unassalpha"]), COLOR),
    "tiff planar": (
        tiff(np.moveaxis(COLOR, 2, 0).copy(), photometric="rgb", planarconfig="separate"),
        COLOR,
    ),
    "tiff white is zero": (tiff(GREY, photometric="miniswhite"), 255 - GREY),
    "tiff white is zero 16 bit": (tiff(DEEP_GREY, photometric="miniswhite"), 65535 - DEEP_GREY),
    "tiff white is zero float": (tiff(GREY.astype(np.float32), photometric="miniswhite"), -GREY.astype(np.float32)),
    "tiff palette": (pillow(GREY, "TIFF", mode="P"), np.stack([GREY] * 3, axis=2)),
    "tiff palette 1 bit": (
        with_tag(tiff(GREY > 99, extratags=[(320, 3, 6, (0, 65535, 0, 65535, 65535, 0), True)]), 262, 3),
        np.array([[0, 0, 255], [255, 255, 0]], np.uint8)[(GREY > 99).astype(int)],
    ),
    "tiff grey alpha": (
        tiff(with_alpha(GREY), photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig"),
        GREY,
    ),
    "tiff zstd": (tiff(DEEP_GREY, compression="zstd"), DEEP_GREY),
    "tiff int16": (tiff(GREY.astype(np.int16) - 99), GREY.astype(np.int16) - 99),
    "tiff bigtiff": (tiff(GREY, bigtiff=True), GREY),
    "tiff 1 bit": (pillow(GREY > 99, "TIFF", compression="group4"), np.where(GREY > 99, 255, 0).astype(np.uint8)),
    "tiff tiled": (tiff(np.tile(GREY, (3, 3)), tile=(64, 64)), np.tile(GREY, (3, 3))),
    "1x1": (pillow(GREY[:1, :1]), GREY[:1, :1]),
    "1xN": (tiff(GREY[:1]), GREY[:1]),
}


@pytest.mark.parametrize(("data", "expected"), KEPT.values(), ids=KEPT)
def test_pixels_and_their_type_are_kept(data, expected):
    image = read_image(data)
    assert image.dtype == expected.dtype
    assert np.array_equal(image, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_and_exif_agree_on_orientation(orientation):
    turned = read_image(tiff(GREY, extratags=[(274, 3, 1, orientation, True)]))
    assert np.array_equal(turned, read_image(oriented("PNG", orientation)))


def test_jpeg_keeps_its_size_and_orientation():
    assert read_image(oriented("JPEG", 6)).shape == (23, 37)
    assert read_image(pillow(COLOR, "JPEG")).shape == (37, 23, 3)


def test_jpeg_inside_a_tiff_is_read_in_its_colors():
    flat = np.broadcast_to(np.array([200, 100, 50], np.uint8), (37, 23, 3)).copy()
    assert np.abs(read_image(pillow(flat, "TIFF", compression="jpeg")).astype(int) - flat).max() < 4


STACK = tiff(np.stack([GREY, GREY + 1, GREY]), photometric="minisblack")
BROKEN = np.full((5, 5), np.nan, np.float32)
REFUSED = {
    "empty": (b"", "unsupported_format"),
    "text": (b"http://127.0.0.1/image.png", "unsupported_format"),
    "gif": (pillow(GREY, "GIF"), "unsupported_format"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format"),
    "bmp": (pillow(GREY, "BMP"), "unsupported_format"),
    "png magic alone": (b"\x89PNG\r\n\x1a\n", "corrupt_image"),
    "png cut in the header": (pillow(GREY)[:30], "corrupt_image"),
    "png cut in the pixels": (pillow(GREY)[:400], "corrupt_image"),
    "png with a flipped bit": (pillow(GREY)[:200] + b"\x55" + pillow(GREY)[201:], "corrupt_image"),
    "png with a wrong sum": (png_of(GREY)[:-17] + b"\0" + png_of(GREY)[-16:], "corrupt_image"),
    "png with half of its rows": (png_of(GREY[:18]), "corrupt_image"),
    "png without the sum of its pixels": (
        png_of(GREY, stream=zlib.compress(b"".join(b"\0" + row.tobytes() for row in GREY))[:-4]),
        "corrupt_image",
    ),
    "png without end": (pillow(GREY)[:-12], "corrupt_image"),
    "png cut in its last byte": (pillow(GREY)[:-1], "corrupt_image"),
    "png palette without palette": (png_of(GREY, kind=3), "corrupt_image"),
    "png 16 bit color cut": (imagecodecs.png_encode(DEEP_COLOR)[:2000], "corrupt_image"),
    "jpeg cut": (pillow(GREY, "JPEG")[:-200], "corrupt_image"),
    "tiff magic alone": (b"II*\x00", "corrupt_image"),
    "tiff cut in the pixels": (tiff(GREY)[:500], "corrupt_image"),
    "tiff with an empty strip": (with_tag(tiff(GREY), 279, 0), "corrupt_image"),
    "tiff with a strip at nothing": (with_tag(tiff(GREY), 273, 0), "corrupt_image"),
    "tiff with a strip of too few pixels": (
        with_tag(tiff(GREY[:9], compression="lzw", rowsperstrip=37), 257, 37),
        "corrupt_image",
    ),
    "tiff without rows": (with_tag(tiff(GREY), 257, 0), "corrupt_image"),
    "tiff without pages": (b"II*\x00\x00\x00\x00\x00", "corrupt_image"),
    "tiff palette without palette": (with_tag(tiff(GREY), 262, 3), "corrupt_image"),
    "tiff cut in the tags": (tiff(GREY)[:60], "corrupt_image"),
    "tiff lzw cut": (tiff(GREY, compression="lzw")[:600], "corrupt_image"),
    "animation": (pillow(GREY, save_all=True, append_images=[Image.fromarray(GREY + 1)]), "multi_page"),
    "tiff stack": (STACK, "multi_page"),
    "jpeg of two pictures": (
        pillow(GREY, "MPO", save_all=True, append_images=[Image.fromarray(GREY + 1)]),
        "multi_page",
    ),
    "jpeg cmyk": (pillow(COLOR, "JPEG", mode="CMYK"), "unsupported_samples"),
    "tiff cmyk": (pillow(COLOR, "TIFF", mode="CMYK"), "unsupported_samples"),
    "tiff ycbcr without jpeg": (with_tag(tiff(COLOR, photometric="rgb"), 262, 6), "unsupported_samples"),
    "tiff jpeg 2000": (tiff(GREY, compression="jpeg2000"), "unsupported_samples"),
    "tiff lzma": (tiff(GREY, compression="lzma"), "unsupported_samples"),
    "tiff two channels": (
        tiff(with_alpha(GREY), photometric="minisblack", extrasamples=["unspecified"], planarconfig="contig"),
        "unsupported_samples",
    ),
    "tiff volume": (
        tiff(np.zeros((4, 32, 32), np.uint8), volumetric=True, photometric="minisblack", tile=(16, 16, 16)),
        "unsupported_samples",
    ),
    "tiff complex": (tiff(GREY.astype(np.complex64)), "unsupported_samples"),
    "tiff nan": (tiff(BROKEN), "unsupported_samples"),
    "tiff infinite": (tiff(np.full((5, 5), np.inf, np.float32)), "unsupported_samples"),
    "tiff five channels": (
        tiff(np.zeros((9, 9, 5), np.uint8), photometric="minisblack", planarconfig="contig"),
        "unsupported_samples",
    ),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_with_its_code(data, code):
    with pytest.raises(ImageError) as refusal:
        read_image(data)
    assert refusal.value.code == code


def test_a_png_cut_anywhere_is_refused():
    data = png_of(GREY)
    for end in range(8, len(data)):
        with pytest.raises(ImageError):
            read_image(data[:end])


def test_a_png_with_a_wrong_bit_is_never_read_as_other_pixels():
    data = png_of(GREY)
    for position in range(33, len(data)):
        damaged = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        with contextlib.suppress(ImageError):
            assert np.array_equal(read_image(damaged), GREY)


BIG = Image.new("L", (3000, 3000))


def jpeg_of(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


def small_tiff_around(strip: bytes) -> bytes:
    """A TIFF that declares 16x16 pixels and holds a larger JPEG."""
    data = tiff(np.zeros((16, 16), np.uint8), compression="jpeg")
    return with_tag(with_tag(data, 273, len(data)), 279, len(strip)) + strip


@pytest.mark.parametrize(
    "data",
    [
        small_tiff_around(jpeg_of(BIG)),
        with_tag(with_tag(tiff(GREY, tile=(64, 64), compression="zlib"), 322, 60_000), 323, 60_000),
    ],
    ids=["jpeg in a strip", "tile"],
)
def test_a_small_image_made_of_huge_pieces_is_refused_before_decoding(data):
    with pytest.raises(ImageError) as refusal:
        read_image(data)
    assert refusal.value.code == "too_many_pixels"


def test_a_page_is_chosen_by_number():
    assert np.array_equal(read_image(STACK, page=1), GREY + 1)
    for data, page in ((STACK, 3), (pillow(GREY), 1)):
        with pytest.raises(ImageError) as refusal:
            read_image(data, page=page)
        assert refusal.value.code == "page_out_of_range"


SECTIONS = np.stack([GREY, GREY + 1, 255 - GREY])
ONE_HEADER = [
    tiff(SECTIONS, photometric="minisblack", truncate=True, **options)
    for options in ({}, {"imagej": True}, {"byteorder": ">"})
]


@pytest.mark.parametrize("data", ONE_HEADER, ids=["tifffile", "imagej", "big endian"])
def test_a_stack_with_one_header_is_a_stack(data):
    with pytest.raises(ImageError, match="the file has 3 pages") as refusal:
        read_image(data)
    assert refusal.value.code == "multi_page"
    for page, section in enumerate(SECTIONS):
        assert np.array_equal(read_image(data, page=page), section)
    with pytest.raises(ImageError) as refusal:
        read_image(data[:-100], page=2)
    assert refusal.value.code == "corrupt_image"


def test_a_page_of_an_animation_and_of_a_camera_is_chosen_by_number():
    frames = {"save_all": True, "append_images": [Image.fromarray(255 - GREY)]}
    assert np.array_equal(read_image(pillow(GREY, **frames), page=1), 255 - GREY)
    two = pillow(np.full((20, 30), 200, np.uint8), "MPO", save_all=True, append_images=[Image.new("L", (40, 8), 50)])
    assert (read_image(two, page=0) == 200).all()
    assert np.array_equal(read_image(two, page=1), np.full((8, 40), 50, np.uint8))
    with pytest.raises(ImageError) as refusal:
        read_image(two)
    assert refusal.value.code == "multi_page"


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_and_given_an_end_is_never_filled_with_grey(progressive):
    data = pillow(COLOR, "JPEG", progressive=progressive, quality=95)
    assert np.array_equal(read_image(data), np.array(Image.open(io.BytesIO(data))))
    for end in range(len(data) // 2, len(data) - 40, 40):
        with pytest.raises(ImageError) as refusal:
            read_image(data[:end] + b"\xff\xd9")
        assert refusal.value.code == "corrupt_image"


@pytest.mark.parametrize("data", [pillow(GREY), tiff(GREY)], ids=["png", "tiff"])
def test_too_many_pixels_are_refused_by_the_header_alone(data):
    with pytest.raises(ImageError, match="23x37 pixels, the limits are 850") as refusal:
        read_image(data[:200] if data.startswith(b"\x89") else data, max_pixels=850)
    assert refusal.value.code == "too_many_pixels"
    assert read_image(data, max_pixels=851).size == 851


def test_the_error_of_a_file_names_its_path(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"broken\.png: the file is not a PNG, JPEG or TIFF image"):
        read_image_file(path)


READ_WITH_64_MB = """
import resource, sys
from pathlib import Path
from seg.data.reading import read_image_file
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), -1))
try:
    read_image_file(Path(sys.argv[1]))
except MemoryError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_too_little_memory_is_not_told_as_a_damaged_image(tmp_path, kind):
    path = tmp_path / f"large.{kind}"
    large = np.zeros((16_000, 16_000), np.uint8)  # 256 MB, little as a file
    path.write_bytes(imagecodecs.png_encode(large, level=1) if kind == "png" else tiff(large, compression="zlib"))
    read = subprocess.run(
        [sys.executable, "-c", READ_WITH_64_MB, str(path)], capture_output=True, text=True, check=True
    )
    assert read.stdout.startswith(f"{path}: there is not enough memory to decode the image"), read.stdout + read.stderr
