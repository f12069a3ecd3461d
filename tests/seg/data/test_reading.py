"""One decoder: every kind of file that a microscope, a camera or a stranger sends."""

import io

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
    "png 16 bit color cut": (imagecodecs.png_encode(DEEP_COLOR)[:2000], "corrupt_image"),
    "jpeg cut": (pillow(GREY, "JPEG")[:-200], "corrupt_image"),
    "tiff magic alone": (b"II*\x00", "corrupt_image"),
    "tiff cut in the pixels": (tiff(GREY)[:500], "corrupt_image"),
    "tiff cut in the tags": (tiff(GREY)[:60], "corrupt_image"),
    "tiff lzw cut": (tiff(GREY, compression="lzw")[:600], "corrupt_image"),
    "animation": (pillow(GREY, save_all=True, append_images=[Image.fromarray(GREY + 1)]), "multi_page"),
    "tiff stack": (STACK, "multi_page"),
    "jpeg cmyk": (pillow(COLOR, "JPEG", mode="CMYK"), "unsupported_samples"),
    "tiff cmyk": (pillow(COLOR, "TIFF", mode="CMYK"), "unsupported_samples"),
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


def test_a_page_is_chosen_by_number():
    assert np.array_equal(read_image(STACK, page=1), GREY + 1)
    for data, page in ((STACK, 3), (pillow(GREY), 1)):
        with pytest.raises(ImageError) as refusal:
            read_image(data, page=page)
        assert refusal.value.code == "page_out_of_range"


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
