"""What the patches of BentoML reach into is still there: where one fails, look at what the library has changed."""

import inspect
from importlib.metadata import version

import bentoml.serving
import pytest
from bentoml._internal.utils import circus
from bentoml._internal.utils.analytics import usage_stats
from circus.watcher import Watcher

from service import bentoml_patches
from service.bentoml_patches import PromptArbiter, respawn_at_once, stop_tracking


def test_the_installed_bentoml_is_the_one_that_the_patches_were_tried_with():
    assert version("bentoml") == bentoml_patches.TRIED_WITH, "run tests/service/test_api.py, then raise TRIED_WITH"


def test_a_watcher_can_be_told_to_pass_the_hangup_signal_on():
    assert "send_hup" in inspect.signature(Watcher).parameters
    assert "check_delay" in inspect.signature(circus.Arbiter.__mro__[1]).parameters


def test_the_arbiter_checks_each_second_and_passes_the_hangup_signal_on():
    watcher = Watcher("worker", "sleep 1")
    arbiter = PromptArbiter(
        [watcher], check_delay=10, endpoint="tcp://127.0.0.1:0", pubsub_endpoint="tcp://127.0.0.1:0"
    )
    assert arbiter.check_delay == 1
    assert watcher.send_hup


def test_bentoml_starts_its_workers_through_what_is_replaced(monkeypatch):
    monkeypatch.setattr(circus, "Arbiter", circus.Arbiter)
    monkeypatch.setattr(bentoml.serving, "running_inside_container", bentoml.serving.running_inside_container)
    respawn_at_once()
    started = circus.create_standalone_arbiter([Watcher("worker", "sleep 1")])
    assert isinstance(started, PromptArbiter)
    assert "respawn=not running_inside_container()" in inspect.getsource(bentoml.serving.create_watcher)
    assert not bentoml.serving.running_inside_container()


@pytest.mark.parametrize("cached", ["False", "True"])
def test_bentoml_reads_the_variable_against_tracking_again(monkeypatch, cached):
    usage_stats.do_not_track.cache_clear()
    monkeypatch.setenv("BENTOML_DO_NOT_TRACK", cached)
    assert usage_stats.do_not_track() == (cached == "True")
    monkeypatch.setenv("BENTOML_DO_NOT_TRACK", "true")
    stop_tracking()
    assert usage_stats.do_not_track()
