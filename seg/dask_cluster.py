"""The connection to a Dask cluster; needs the extra `cluster` on both sides."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client


def connect(scheduler: str) -> "Client":
    """Return a client of a running scheduler.

    Args:
        scheduler: its address, e.g. tcp://host:8786.

    Raises:
        ImportError: `distributed` is not installed.
        ConnectionError: no scheduler answers there.
    """
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError('--scheduler needs Dask: pip install "septum[cluster]"') from error
    try:
        return Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"no scheduler answers at {scheduler}") from error
