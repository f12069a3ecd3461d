"""Page selection in files with several images."""

from seg.data.image_error import ImageError


def choose_page(count: int, page: int | None) -> int:
    """Return the page to read, from 0.

    Args:
        count: pages in the file, >= 1.
        page: that was requested, from 0; required if there are several.

    Raises:
        ImageError: there are several pages and none was requested, or the page does not exist.
    """
    if count > 1 and page is None:
        raise ImageError("multi_page", f"the file has {count} pages: say which one, from 0 to {count - 1}")
    if not 0 <= (page or 0) < count:
        raise ImageError("page_out_of_range", f"page {page} was asked for, the file has pages 0 to {count - 1}")
    return page or 0
