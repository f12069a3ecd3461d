"""Everything that reaches into private parts of BentoML and of circus, which watches its worker.

Tried with the version below; pyproject.toml excludes later ones. tests/service/test_bentoml_patches.py fails where one
of the parts has changed.
"""

from typing import Any

import bentoml.serving
from bentoml._internal.utils import circus
from bentoml._internal.utils.analytics import usage_stats

TRIED_WITH = "1.4.39"

_CHECK_DELAY_S = 1.0


class PromptArbiter(circus.Arbiter):
    """Checks the worker each second, where BentoML does so every ten, and passes SIGHUP on to it.

    Args:
        check_delay: in seconds, lowered to one.
        args, options: as circus takes them.
    """

    def __init__(self, *args: Any, check_delay: float, **options: Any) -> None:
        super().__init__(*args, check_delay=min(check_delay, _CHECK_DELAY_S), **options)
        for watcher in self.watchers:
            watcher.send_hup = True  # to the worker, instead of starting another one


def stop_tracking() -> None:
    """Make BentoML read BENTOML_DO_NOT_TRACK again.

    `bentoml serve` reads and caches it before it imports this package, which sets it.
    """
    usage_stats.do_not_track.cache_clear()


def respawn_at_once() -> None:
    """Let a killed worker be replaced within a second, in a container, too.

    In a container BentoML leaves it to the orchestrator, which starts the whole container again.
    """
    circus.Arbiter = PromptArbiter  # type: ignore[misc]
    bentoml.serving.running_inside_container = lambda: False  # type: ignore[assignment]
