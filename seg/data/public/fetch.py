"""Fetch the files of a public data set, each checked by its sha256."""

from collections.abc import Callable
from pathlib import Path

import pooch
from requests.exceptions import RequestException

from seg.data.public.catalogue import DataSet

_TRIES = 3


def fetch(
    data_set: DataSet, folder: Path, mirror: str | None = None, progress: Callable[[int], None] = lambda done: None
) -> None:
    """Fetch what a folder does not have yet; what is there and unaltered stays.

    Args:
        data_set: to be fetched.
        folder: of the files; is made.
        mirror: URL to be asked instead of the public one, with the same paths below it.
        progress: told the number of files done.

    Raises:
        ConnectionError: a file cannot be had; the same command goes on where it stopped.
        ValueError: a file is not the one that was published.
    """
    pooch.get_logger().setLevel("WARNING")
    base = (mirror or data_set.url).rstrip("/")
    urls = {name: f"{base}/{data_set.remote(name)}" for name in data_set.hashes}
    files = pooch.create(folder, base, registry=data_set.hashes, urls=urls, retry_if_failed=_TRIES - 1)
    for done, name in enumerate(data_set.hashes, start=1):
        try:
            files.fetch(name)
        except RequestException as error:
            raise ConnectionError(
                f"{urls[name]} cannot be had ({type(error).__name__}): run the command again to go on, or name another "
                "place with --mirror URL"
            ) from error
        except ValueError as error:  # pooch has removed it
            raise ValueError(f"{urls[name]} is not the file that was published: its sha256 differs") from error
        progress(done)
