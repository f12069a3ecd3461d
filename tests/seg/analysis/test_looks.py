import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.looks import alarms
from benchmarks.worlds import World
from seg.analysis.looks import MOST_SEEDS, common_seeds, level_at, look_sentence, remember_look, spent
from seg.analysis.pairwise import judge
from seg.analysis.verdict import verdict
from seg.record import SplitScores
from tests.seg.records import record


def test_the_seeds_spend_as_pocock_does():
    assert spent(MOST_SEEDS) == pytest.approx(0.05)
    assert spent(MOST_SEEDS // 2) == pytest.approx(0.05 * math.log(1 + (math.e - 1) / 2))
    assert spent(MOST_SEEDS + 5) == spent(MOST_SEEDS)


def test_the_first_look_has_all_of_it_and_later_ones_share_as_much():
    assert level_at([]) == level_at([3]) == level_at([10]) == 0.05
    looks = [3, 5, 10, 20]
    assert [level_at(looks[: number + 1]) for number in range(4)] == pytest.approx(
        [0.05, 0.0064, 0.0131, 0.0190], abs=1e-4
    )
    assert sum(level_at(looks[: number + 1]) for number in range(1, 4)) == pytest.approx(0.05 - spent(3))
    assert level_at([3, 20, 30]) == 0


def test_looking_again_at_every_seed_raises_no_more_alarms_than_looking_once():
    measured = alarms(World("seeds dominate", loss_seed=0.5, loss_image=0.1, noise=0.1), 60, range(3, 10))
    assert measured.each_at_5_percent >= 0.08
    assert measured.corrected <= 0.05


IMAGES = [f"i{number}" for number in range(12)]


def runs(seeds, version="1"):
    rng = np.random.default_rng(0)
    scores = {
        (name, seed): SplitScores(IMAGES, {"boundary_f1": (mean + 0.02 * rng.standard_normal(12)).tolist()})
        for seed in range(seeds)
        for name, mean in (("a", 0.5), ("b", 0.53))
    }
    return {Path(f"/c/runs/{name}/{seed}-{version}"): record(name, seed, each) for (name, seed), each in scores.items()}


def in_folder(folder, runs):
    return {folder / path.relative_to("/c"): record for path, record in runs.items()}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "comparison.json").write_text('{"runs": ["of the plan"]}')
    return tmp_path


def test_each_number_of_seeds_is_one_look_however_often_the_report_is_written(folder):
    assert remember_look(folder, in_folder(folder, runs(3))) == [3]
    assert remember_look(folder, in_folder(folder, runs(3))) == [3]
    assert remember_look(folder, in_folder(folder, runs(5))) == [3, 5]
    content = json.loads((folder / "comparison.json").read_text())
    assert content["runs"] == ["of the plan"]
    assert [look["seeds"] for look in content["looks"]] == [3, 5]


def test_looks_at_other_runs_do_not_count(folder):
    remember_look(folder, in_folder(folder, runs(3)))
    assert remember_look(folder, in_folder(folder, runs(5, version="2"))) == [5]


def test_without_a_test_or_a_plan_there_is_no_look(folder, tmp_path_factory):
    assert remember_look(folder, in_folder(folder, runs(1))) == []
    assert remember_look(tmp_path_factory.mktemp("fit"), in_folder(folder, runs(3))) == []


def test_the_seeds_that_count_are_finished_and_common_to_all_losses():
    records = list(runs(4).values())
    assert common_seeds(records) == 4
    assert common_seeds([replace(run, status="failed") if run.seed == 3 else run for run in records]) == 3
    assert common_seeds(records[:1] + records[3:4]) == 0
    assert common_seeds([]) == 0


def test_a_difference_that_counts_at_the_first_look_may_not_at_the_second_and_the_verdict_says_why():
    records = list(runs(5).values())
    (once,), (again,) = (judge(records, "boundary_f1", looks).pairs for looks in ([5], [3, 5]))
    assert (once.level, round(again.level, 4)) == (0.05, 0.0064)
    borderline = replace(again, p=0.02, p_holm=0.02)
    assert replace(borderline, level=0.05).different
    assert not borderline.different
    chosen = next(run for run in records if run.name == "b")
    told = verdict({"boundary_f1": judge(records, "boundary_f1", [3, 5])}, "boundary_f1", chosen, "0.530", {})
    assert told[0] == (
        "The verdict was looked at with 3 seeds before: a difference now counts from p = 0.0064 after Holm's "
        "correction, not 0.05."
    )
    assert look_sentence([3]) == ""
    assert "nothing of the 5 % is left beyond 20" in look_sentence([3, 20, 30])
