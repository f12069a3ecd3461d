"""Files that make a decoder work far more than their pixels do, and files with less than they declare."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

GRAY = np.random.default_rng(0).integers(1, 255, (64, 96), dtype=np.uint8)
OK, CORRUPT, SAMPLES = (200, None), (422, "corrupt_image"), (422, "unsupported_samples")
METADATA, HUGE = (413, "too_much_metadata"), (413, "too_many_pixels")


def pillow(array: np.ndarray, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind, **options)
    return stream.getvalue()


def tiff(array: np.ndarray = GRAY, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, metadata=None, **options)
    return stream.getvalue()


JPEG, PNG = pillow(GRAY, "JPEG"), pillow(GRAY, "PNG")
PROGRESSIVE = pillow(GRAY, "JPEG", progressive=True)
EXIF = Image.Exif()
EXIF[270] = "x" * 60_000


def in_jpeg(*segments: tuple[int, bytes], raw: bytes = b"") -> bytes:
    made = b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments)
    return JPEG[:2] + made + raw + JPEG[2:]


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    start = PROGRESSIVE.rindex(b"\xff\xda")
    return PROGRESSIVE[:start] + PROGRESSIVE[start:-2] * count + PROGRESSIVE[-2:]


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def in_png(chunks: bytes) -> bytes:
    return PNG[:33] + chunks + PNG[33:]


def png_of(rows: bytes, height: int = 64, width: int = 96, extra: bytes = b"", interlaced: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced))
    return PNG[:8] + header + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND")


def animation(frames: int, side: int) -> bytes:
    frame = zlib.compress(bytes(side * (side + 1)), 9)
    control = [struct.pack(">IIIIIHHBB", number, side, side, 0, 0, 1, 9, 0, 0) for number in range(2 * frames)]
    more = b"".join(
        chunk(b"fcTL", control[2 * number - 1]) + chunk(b"fdAT", struct.pack(">I", 2 * number) + frame)
        for number in range(1, frames)
    )
    first = chunk(b"acTL", struct.pack(">II", frames, 0)) + chunk(b"fcTL", control[0])
    whole = png_of(bytes(side * (side + 1)), side, side, extra=first)
    return whole[:-12] + more + whole[-12:]


def directories(count: int) -> bytes:
    """A TIFF with empty directories after its own."""
    data = bytearray(tiff())
    (start,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * entries, len(data))
    more = np.zeros(count, [("entries", "<u2"), ("next", "<u4")])
    more["next"][:-1] = len(data) + 6 * np.arange(1, count)
    return bytes(data) + more.tobytes()


def entry(data: bytes, tag: int, *values: int | bytes) -> bytes:
    """A little-endian TIFF with other values in a tag that it has, stored at its end: text, or numbers of 32 bits."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    text = isinstance(values[0], bytes)
    body = values[0] if text else np.array(values, "<u4").tobytes()
    kind, number = (2, len(body)) if text else (4, len(values))
    for position in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, position)[0] == tag:
            place = body if not text and number == 1 else struct.pack("<I", len(data))
            return data[: position + 2] + struct.pack("<HI", kind, number) + place + data[position + 12 :] + body
    raise KeyError(tag)


def replaced(data: bytes, body: bytes) -> bytes:
    """A TIFF of one strip with other bytes in it."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        (offset,), (count,) = file.pages[0].dataoffsets, file.pages[0].databytecounts
    return data[:offset] + (body * (1 + count // len(body)))[:count] + data[offset + count :]


def shared(data: bytes) -> bytes:
    """A TIFF whose strips or tiles are all the first one."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        offsets, counts = page.dataoffsets, page.databytecounts
        tags = (324, 325) if page.is_tiled else (273, 279)
    return entry(entry(data, tags[0], *[offsets[0]] * len(offsets)), tags[1], *[counts[0]] * len(counts))


BLACK = np.zeros((512, 512), np.uint8)
STRIPS, TILES = tiff(BLACK, rowsperstrip=16), tiff(BLACK, tile=(64, 64), compression="zlib")
FAX = {kind: pillow(GRAY > 128, "TIFF", compression=kind) for kind in ("group3", "group4", "tiff_ccitt")}
NOISE = np.random.default_rng(1).bytes(3000)
LARGEST = np.where(GRAY > 128, 1.7e308, -1.7e308)

#: name -> body, query, status, code
FILES: dict[str, tuple[bytes, str, tuple[int, str | None]]] = {
    "jpeg, 12 MB of empty comments": (in_jpeg(raw=b"\xff\xfe\0\2" * 3_000_000), "", METADATA),
    "jpeg, 400 exif segments": (in_jpeg(*[(0xE1, EXIF.tobytes())] * 400), "", METADATA),
    "jpeg, 60 exif segments": (in_jpeg(*[(0xE1, EXIF.tobytes())] * 60), "", OK),
    "jpeg, 500 small comments": (in_jpeg(*[(0xFE, b"a")] * 480), "", OK),
    "jpeg, 12 MB of fill bytes": (in_jpeg(raw=b"\xff" * 12_000_000), "", CORRUPT),
    "jpeg, three fill bytes": (in_jpeg(raw=b"\xff" * 3), "", OK),
    "jpeg, 12 MB of zeros between segments": (in_jpeg((0xFE, b""), raw=bytes(12_000_000)), "", CORRUPT),
    "jpeg, 12 MB of markers without content": (in_jpeg((0xFE, b""), raw=b"\xff\xd0" * 6_000_000), "", CORRUPT),
    "jpeg, a segment of no length": (in_jpeg(raw=b"\xff\xfe\0\0"), "", CORRUPT),
    "jpeg, fill bytes without end": (JPEG[:2] + b"\xff" * 12_000_000, "", CORRUPT),
    "jpeg, comments without end": (JPEG[:2] + b"\xff\xfe\0\2" * 100, "", CORRUPT),
    "jpeg, 5,000 scans": (with_scans(5000), "", METADATA),
    "jpeg, progressive": (PROGRESSIVE, "", OK),
    "jpeg, 12 MB behind its end": (JPEG + b"\xff\xda" * 6_000_000, "", OK),
    "jpeg, icc profile in 30 parts": (
        in_jpeg(*[(0xE2, b"ICC_PROFILE\0" + bytes([part, 30]) + bytes(60_000)) for part in range(1, 31)]),
        "",
        OK,
    ),
    "png, 200 MB of surplus pixels": (png_of(bytes(200_000_000)), "", CORRUPT),
    "png, one surplus row": (png_of(bytes(97 * 65)), "", CORRUPT),
    "png, surplus of 25 Mpx": (png_of(bytes(200_000_000), 5000, 5000), "", CORRUPT),
    "png, black": (png_of(bytes(1025 * 1024), 1024, 1024), "", OK),
    "png, interlaced": (png_of(bytes(64 * 96 + 8 + 8 + 8 + 16 + 16 + 32 + 32), interlaced=1), "", OK),
    "png, interlaced, surplus": (png_of(bytes(3 * 64 * 96), interlaced=1), "", CORRUPT),
    "png, a million empty pixel chunks": (in_png(chunk(b"IDAT") * 1_000_000), "", METADATA),
    "png, a million empty texts": (in_png(chunk(b"tEXt") * 1_000_000), "", METADATA),
    "png, 900 texts of 8 MB": (in_png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(8_000_000), 9)) * 900), "", OK),
    "png, profile of 100 MB": (in_png(chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(100_000_000), 9))), "", OK),
    "png, exif of 5 MB": (in_png(chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff" + bytes(5_000_000))), "", METADATA),
    "png, unknown critical chunk": (in_png(chunk(b"ABCD", b"x")), "", CORRUPT),
    "png, page 90 of an animation of 16 Mpx": (animation(100, 4096), "page=90", HUGE),
    "png, page 1 of an animation": (animation(3, 64), "page=1", OK),
    "tiff, a million directories": (directories(1_000_000), "page=0", METADATA),
    "tiff, 4 million strips": (entry(tiff(), 273, *[8] * 4_000_000), "", METADATA),
    "tiff, description of 20 MB": (entry(tiff(description="x"), 270, b"a\n" * 10_000_000), "", METADATA),
    "tiff, imagej description of 20 MB": (
        entry(tiff(description="x"), 270, b"ImageJ=1\n" + b"a=1\n" * 5_000_000),
        "",
        METADATA,
    ),
    "tiff, description of 3 MB": (entry(tiff(description="x"), 270, b"a=1\n" * 750_000), "", OK),
    "tiff, ome of 3 MB": (
        entry(tiff(description="x"), 270, b"<?xml version='1.0'?><OME>" + b"<a/>" * 750_000 + b"</OME>\0"),
        "",
        OK,
    ),
    "tiff, strips at one offset": (shared(STRIPS), "", CORRUPT),
    "tiff, tiles at one offset": (shared(TILES), "", CORRUPT),
    "tiff, strips": (STRIPS, "", OK),
    "tiff, tiles": (TILES, "", OK),
    "tiff, tiles of one pixel": (entry(entry(TILES, 322, 1), 323, 1), "", CORRUPT),
    "tiff, tiles of four pixels": (entry(entry(tiff(GRAY[:4, :4], tile=(16, 16)), 322, 4), 323, 4), "", SAMPLES),
    "tiff, strip shorter than its image": (entry(tiff(), 279, 64 * 96 - 1), "", CORRUPT),
    "tiff, rows beyond its strip": (entry(entry(tiff(), 257, 65), 278, 65), "", CORRUPT),
    "tiff, zstd, one short": (entry(entry(tiff(compression="zstd"), 257, 65), 278, 65), "", CORRUPT),
    "tiff, packbits, one short": (entry(entry(tiff(compression="packbits"), 257, 65), 278, 65), "", CORRUPT),
    "tiff, deflate garbage": (replaced(tiff(compression="zlib"), NOISE), "", CORRUPT),
    "tiff, fax 3": (FAX["group3"], "", OK),
    "tiff, fax 4": (FAX["group4"], "", OK),
    "tiff, fax run lengths": (FAX["tiff_ccitt"], "", OK),
    "tiff, fax 3 garbage": (replaced(FAX["group3"], NOISE), "", CORRUPT),
    "tiff, fax 4 garbage": (replaced(FAX["group4"], NOISE), "", CORRUPT),
    "tiff, fax garbage": (replaced(FAX["tiff_ccitt"], NOISE), "", CORRUPT),
    "tiff, fax 4 of zeros": (replaced(FAX["group4"], bytes(9)), "", CORRUPT),
    "tiff, fax of a blank page": (pillow(np.zeros((2000, 1500), bool), "TIFF", compression="group4"), "", OK),
    "tiff, jpeg strip of comments": (
        replaced(tiff(compression="jpeg"), b"\xff\xd8" + b"\xff\xfe\0\2" * 2000),
        "",
        METADATA,
    ),
    "tiff, jpeg strip of nothing": (replaced(tiff(compression="jpeg"), bytes(9)), "", CORRUPT),
    "tiff, jpeg": (tiff(compression="jpeg"), "", OK),
    "tiff, the largest doubles": (tiff(LARGEST), "", OK),
    "tiff, the largest doubles in color": (tiff(np.stack([LARGEST] * 3, -1), photometric="rgb"), "", OK),
    "png, 16 bit": (imagecodecs.png_encode(GRAY.astype(np.uint16) * 257), "", OK),
}
