"""A killed worker comes back within seconds, in a container too; SIGHUP makes it load its model anew."""

from typing import Any

import bentoml.serving
from bentoml._internal.utils import circus

_CHECK_DELAY_S = 1.0


class _Watchful(circus.Arbiter):
    def __init__(self, *args: Any, check_delay: float, **options: Any) -> None:
        super().__init__(*args, check_delay=min(check_delay, _CHECK_DELAY_S), **options)
        for watcher in self.watchers:
            watcher.send_hup = True  # to the worker, instead of starting another one


def respawn_at_once() -> None:
    """Make the process that watches the worker look each second, where BentoML looks every ten, and not in a container.

    There BentoML leaves it to the orchestrator, which starts the container anew, imports and all.
    """
    circus.Arbiter = _Watchful  # type: ignore[misc]
    bentoml.serving.running_inside_container = lambda: False  # type: ignore[assignment]
