"""Hostile and odd files, each with the status and the code that it gets."""

import io
import pickle
import struct
import zipfile
import zlib

import imagecodecs
import numpy as np
from PIL import Image

from tests.service.world import png_of, tiff_of

GRAY = np.random.default_rng(0).integers(1, 255, (37, 23), dtype=np.uint8)
COLOR = np.stack([GRAY] * 3, axis=-1)
DEEP = GRAY.astype(np.uint16) * 257
OK = (200, None)
BAD_TYPE, CORRUPT, PAGES = (415, "unsupported_format"), (422, "corrupt_image"), (422, "multi_page")
SAMPLES, HUGE = (422, "unsupported_samples"), (413, "too_many_pixels")


def pillow(array: np.ndarray, kind: str, mode: str | None = None, **options) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def turned(array: np.ndarray, orientation: int, kind: str = "PNG") -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    return pillow(array, kind, exif=exif)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_by_hand(width: int, height: int, pixels: bytes, bits: int = 8, kind: int = 0, extra: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def tag(data: bytes, number: int, value: int) -> bytes:
    """A little-endian TIFF with another value in a tag that it has."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    changed = bytearray(data)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == number:
            struct.pack_into("<HII", changed, entry + 2, 4, 1, value)
    return bytes(changed)


def loop_of_pages() -> bytes:
    """A TIFF whose only directory names itself as the next one."""
    data = bytearray(tiff_of(GRAY, metadata=None))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    return bytes(data)


def zip_of(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


class _Exploit:
    def __reduce__(self):
        return (print, ("executed",))


PLAIN, GRAY_TIFF, JPEG = png_of(GRAY), tiff_of(GRAY), pillow(GRAY, "JPEG")
STACK = np.stack([GRAY, 255 - GRAY])
OME_ENTITIES = b'<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><OME>&b;</OME>'

#: name -> body, status, code
FILES: dict[str, tuple[bytes, tuple[int, str | None]]] = {
    # what is no image
    "nothing": (b"", (400, "no_image")),
    "one byte": (b"\x89", BAD_TYPE),
    "zeros": (bytes(1000), BAD_TYPE),
    "a url": (b"http://127.0.0.1:9/image.png", BAD_TYPE),
    "a url in utf-16": ("http://127.0.0.1:9/image.png".encode("utf-16"), BAD_TYPE),
    "a url after a byte order mark": (b"\xef\xbb\xbfhttp://127.0.0.1:9/image.png", BAD_TYPE),
    "a file url": (b"file:///etc/passwd", BAD_TYPE),
    "a data url": (b"data:image/png;base64,iVBORw0KGgo=", BAD_TYPE),
    "a path": (b"/etc/passwd", BAD_TYPE),
    "json": (b'{"image": "http://127.0.0.1:9/image.png"}', BAD_TYPE),
    "a json string": (b'"http://127.0.0.1:9/image.png"', BAD_TYPE),
    "a pickle that executes": (pickle.dumps(_Exploit()), BAD_TYPE),
    "a numpy array": (b"\x93NUMPY\x01\x00" + bytes(100), BAD_TYPE),
    "a zip": (zip_of("image.png", PLAIN), BAD_TYPE),
    "html": (b"<html><img src=x onerror=alert(1)>", BAD_TYPE),
    "xml with entities": (OME_ENTITIES, BAD_TYPE),
    # images that are none of the three kinds
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://127.0.0.1:9/'/></svg>", BAD_TYPE),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", BAD_TYPE),
    "pdf": (b"%PDF-1.7\n", BAD_TYPE),
    "photoshop": (b"8BPS\x00\x01" + bytes(60), BAD_TYPE),
    "gif": (pillow(GRAY, "GIF"), BAD_TYPE),
    "bmp": (pillow(GRAY, "BMP"), BAD_TYPE),
    "webp": (pillow(COLOR, "WEBP"), BAD_TYPE),
    "ico": (pillow(GRAY, "ICO"), BAD_TYPE),
    "jpeg 2000": (pillow(GRAY, "JPEG2000"), BAD_TYPE),
    "jpeg xl": (b"\xff\x0a" + bytes(60), BAD_TYPE),
    # png
    "png magic alone": (PLAIN[:8], CORRUPT),
    "png cut in its header": (PLAIN[:30], CORRUPT),
    "png cut in its pixels": (PLAIN[:300], CORRUPT),
    "png cut in its last byte": (PLAIN[:-1], CORRUPT),
    "png with a wrong bit": (PLAIN[:200] + bytes([PLAIN[200] ^ 1]) + PLAIN[201:], CORRUPT),
    "png with half of its rows": (png_by_hand(23, 37, zlib.compress(bytes(24 * 18))), CORRUPT),
    "png without pixels": (png_by_hand(0, 0, b""), CORRUPT),
    "png of a side of no pixel": (png_by_hand(0, 5, b""), CORRUPT),
    "png of a negative side": (png_by_hand(2**31, 1, b""), HUGE),
    "png with too many pixels": (png_by_hand(16_000, 16_000, b""), HUGE),
    "png with a side too long": (png_by_hand(16_385, 1, b""), HUGE),
    "png that unpacks to more than it says": (png_by_hand(23, 37, zlib.compress(bytes(30_000_000))), CORRUPT),
    "png palette without palette": (png_by_hand(23, 37, zlib.compress(bytes(24 * 37)), kind=3), CORRUPT),
    "png of 3 bits": (png_by_hand(23, 37, zlib.compress(bytes(24 * 37)), bits=3), CORRUPT),
    "png with a chunk without end": (PLAIN[:33] + struct.pack(">I4s", 2**31 - 1, b"tEXt") + PLAIN[33:], CORRUPT),
    "png with a text that unpacks to 30 MB": (
        PLAIN[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(30_000_000))) + PLAIN[33:],
        OK,
    ),
    "png with something behind it": (PLAIN + b"<script>" * 100, OK),
    "animated png": (png_of(GRAY, save_all=True, append_images=[Image.fromarray(255 - GRAY)]), PAGES),
    # jpeg
    "jpeg magic alone": (b"\xff\xd8\xff", CORRUPT),
    "jpeg cut": (JPEG[:-200], CORRUPT),
    "jpeg cut and given an end": (JPEG[:-200] + b"\xff\xd9", CORRUPT),
    "jpeg with too many pixels": (
        JPEG[: JPEG.index(b"\xff\xc0") + 5] + b"\xff\xff\xff\xff" + JPEG[JPEG.index(b"\xff\xc0") + 9 :],
        HUGE,
    ),
    "jpeg of two pictures": (pillow(GRAY, "MPO", save_all=True, append_images=[Image.fromarray(GRAY)]), PAGES),
    "jpeg cmyk": (pillow(COLOR, "JPEG", mode="CMYK"), SAMPLES),
    # tiff
    "tiff magic alone": (b"II*\x00", CORRUPT),
    "tiff without pages": (b"II*\x00\x00\x00\x00\x00", CORRUPT),
    "tiff whose page names itself as the next": (loop_of_pages(), OK),
    "tiff cut in its tags": (GRAY_TIFF[:60], CORRUPT),
    "tiff cut in its pixels": (GRAY_TIFF[:500], CORRUPT),
    "tiff with a strip behind its end": (tag(GRAY_TIFF, 273, 2**31), CORRUPT),
    "tiff with a strip at nothing": (tag(GRAY_TIFF, 273, 0), CORRUPT),
    "tiff with an empty strip": (tag(GRAY_TIFF, 279, 0), CORRUPT),
    "tiff without rows": (tag(GRAY_TIFF, 257, 0), CORRUPT),
    "tiff with too many pixels": (tag(tag(GRAY_TIFF, 256, 16_000), 257, 16_000), HUGE),
    "tiff with a side too long": (tag(GRAY_TIFF, 256, 2**31), HUGE),
    "tiff of huge tiles": (tag(tag(tiff_of(GRAY, tile=(64, 64), compression="zlib"), 322, 60_000), 323, 60_000), HUGE),
    "tiff palette without palette": (tag(GRAY_TIFF, 262, 3), CORRUPT),
    "tiff of an unknown color": (tag(GRAY_TIFF, 262, 999), SAMPLES),
    "tiff lzw cut": (tiff_of(GRAY, compression="lzw")[:600], CORRUPT),
    "tiff jpeg 2000": (tiff_of(GRAY, compression="jpeg2000"), SAMPLES),
    "tiff stack": (tiff_of(STACK, photometric="minisblack"), PAGES),
    "tiff stack with one header": (tiff_of(STACK, photometric="minisblack", truncate=True, imagej=True), PAGES),
    "tiff cmyk": (pillow(COLOR, "TIFF", mode="CMYK"), SAMPLES),
    "tiff complex": (tiff_of(GRAY.astype(np.complex64)), SAMPLES),
    "tiff nan": (tiff_of(np.full((5, 5), np.nan, np.float32)), SAMPLES),
    "tiff one infinite pixel": (tiff_of(np.where(np.eye(5), np.inf, 0).astype(np.float32)), SAMPLES),
    "tiff of five channels": (
        tiff_of(np.zeros((9, 9, 5), np.uint8), photometric="minisblack", planarconfig="contig"),
        SAMPLES,
    ),
    "tiff volume": (
        tiff_of(np.zeros((4, 32, 32), np.uint8), volumetric=True, photometric="minisblack", tile=(16, 16, 16)),
        SAMPLES,
    ),
    # odd, and good
    "one pixel": (png_of(np.full((1, 1), 7, np.uint8)), OK),
    "one row": (png_of(np.arange(200, dtype=np.uint8)[None]), OK),
    "one column": (png_of(np.arange(200, dtype=np.uint8)[:, None]), OK),
    "one column of noise": (png_of(np.random.default_rng(0).integers(0, 255, (3000, 1), np.uint8)), OK),
    "no contrast": (png_of(np.zeros((40, 40), np.uint8)), OK),
    "16 bit": (imagecodecs.png_encode(DEEP), OK),
    "12 bit in 16": (tiff_of(GRAY.astype(np.uint16) * 16), OK),
    "signed 16 bit": (tiff_of(DEEP.astype(np.int32).astype(np.int16)), OK),
    "uint32": (tiff_of(DEEP.astype(np.uint32) * 65_537), OK),
    "float32 with negative values": (tiff_of(GRAY.astype(np.float32) - 100), OK),
    "float64": (tiff_of(GRAY / 255), OK),
    "the largest floats": (tiff_of(np.where(np.eye(9), 3.4e38, -3.4e38).astype(np.float32)), OK),
    "rgba": (pillow(COLOR, "PNG", mode="RGBA"), OK),
    "gray with alpha": (pillow(GRAY, "PNG", mode="LA"), OK),
    "palette": (pillow(COLOR, "PNG", mode="P"), OK),
    "one bit": (pillow(GRAY, "PNG", mode="1"), OK),
    "white is zero": (tiff_of(GRAY, photometric="miniswhite"), OK),
    "turned by exif": (turned(GRAY, 6), OK),
    "turned jpeg": (turned(GRAY, 6, "JPEG"), OK),
    "a broken exif": (PLAIN[:33] + chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff") + PLAIN[33:], OK),
    "big-endian tiff": (tiff_of(DEEP, byteorder=">"), OK),
    "big tiff": (tiff_of(GRAY, bigtiff=True), OK),
    "tiled tiff": (tiff_of(GRAY, tile=(16, 16)), OK),
    "planar rgb tiff": (tiff_of(np.moveaxis(COLOR, -1, 0), photometric="rgb", planarconfig="separate"), OK),
    "tiff fax": (pillow(GRAY, "TIFF", mode="1", compression="group4"), OK),
}
