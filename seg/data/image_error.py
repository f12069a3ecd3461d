"""The error for images that cannot be used."""

MAX_SIDE_PX = 16_384


class ImageError(ValueError):
    """An image that cannot be used.

    Args:
        code: for programs: unsupported_format, corrupt_image, unsupported_samples, multi_page, page_out_of_range,
            too_many_pixels or too_much_metadata.
        message: for people, without any path of a file.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def corrupt_image() -> ImageError:
    """Return the error of a file that is no whole image."""
    return ImageError("corrupt_image", "the image is damaged or incomplete")


def check_budget(what: str, count: int, limit: int) -> None:
    """Refuse a file with more of something than a decoder should have to read.

    Args:
        what: is counted.
        count: in the file.
        limit: the largest count.

    Raises:
        ImageError: `count` is above `limit`.
    """
    if count > limit:
        message = f"the image has {count} {what} or more, the limit is {limit}: save it again without metadata"
        raise ImageError("too_much_metadata", message)


def check_size(height: int, width: int, max_pixels: int) -> None:
    """Refuse an image that is too large, by the size that its header declares.

    Args:
        height: in pixels.
        width: in pixels.
        max_pixels: largest height x width.

    Raises:
        ImageError: it has no pixels, more than `max_pixels`, or a side of more than 16,384.
    """
    if height < 1 or width < 1:
        raise ImageError("corrupt_image", "the image declares no pixels")
    if height * width > max_pixels or max(height, width) > MAX_SIDE_PX:
        raise ImageError(
            "too_many_pixels",
            f"the image has {width}x{height} pixels, the limits are {max_pixels} in all and {MAX_SIDE_PX} a side",
        )
