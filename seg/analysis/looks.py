"""Adding seeds until something shows: what is left of the 5 % at each look at the verdict.

Each look is another chance of a false alarm. The first one is tested at 5 %: most comparisons are looked at once, and
three seeds raise few alarms (docs/comparing.md). A later look gets what Pocock's spending function grants to the seeds
added since the look before, so that all of them together may raise as many as the first.
"""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from seg.analysis.variance import LEVEL
from seg.data.writing import write_file
from seg.record import RunRecord, read_json
from seg.runs import COMPARISON

#: Seeds at which all is spent.
MOST_SEEDS = 20


def spent(seeds: int) -> float:
    """Return how much of the 5 % may be spent until there are so many seeds.

    LEVEL ln(1 + (e - 1) t); t = seeds / MOST_SEEDS, at most 1.

    Source:
        Lan and DeMets, Biometrika 1983.
    """
    return LEVEL * math.log1p((math.e - 1) * min(seeds / MOST_SEEDS, 1))


def level_at(looks: Sequence[int]) -> float:
    """Return the level of the last look.

    The levels add up, whatever the correlation of the looks (Bonferroni): the sequence raises false alarms in less than
    twice 5 % by this bound, in 1 to 5 % of simulated sequences (`python -m benchmarks.verdict`).

    Args:
        looks: numbers of seeds, ascending; with none or one it is 0.05.
    """
    return LEVEL if len(looks) < 2 else spent(looks[-1]) - spent(looks[-2])


def remember_look(folder: Path, runs: dict[Path, RunRecord]) -> list[int]:
    """Write into comparison.json that the verdict is looked at; return the numbers of seeds of all looks until now.

    Looks at other runs, e.g. before all was trained anew with another setting, do not count.

    Args:
        folder: of the comparison; nothing is remembered where it has no comparison.json.
        runs: folder -> record.
    """
    seeds, file = common_seeds(runs.values()), folder / COMPARISON
    if seeds < 2 or not file.is_file():
        return []
    content = read_json(file, "the same `seg compare` again writes it anew")
    seen = sorted(path.relative_to(folder).as_posix() for path in runs)
    looks = [look for look in content.get("looks", []) if set(look["runs"]) & set(seen)]
    if seeds not in (look["seeds"] for look in looks):
        looks.append({"seeds": seeds, "runs": seen})
        write_file(file, (json.dumps(content | {"looks": looks}, indent=1) + "\n").encode())
    return sorted({look["seeds"] for look in looks if look["seeds"] <= seeds})


def common_seeds(records: Iterable[RunRecord]) -> int:
    """Return how many seeds the losses have in common, of finished runs."""
    seeds: dict[str, set[int]] = {}
    for record in records:
        if record.status == "finished":
            seeds.setdefault(record.name, set()).add(record.seed)
    return len(set.intersection(*seeds.values())) if seeds else 0


def look_sentence(looks: Sequence[int]) -> str:
    """Say what the looks cost; "" for the first."""
    if len(looks) < 2:
        return ""
    level = level_at(looks)
    before = ", ".join(str(seeds) for seeds in looks[:-1])
    if not level:
        return (
            f"The verdict was looked at with {before} seeds before: nothing of the 5 % is left beyond {MOST_SEEDS}, so "
            "that no difference can be established. Plan a new comparison with other seeds and look once."
        )
    return (
        f"The verdict was looked at with {before} seeds before: a difference now counts from p = {level:.2g} after "
        "Holm's correction, not 0.05."
    )
