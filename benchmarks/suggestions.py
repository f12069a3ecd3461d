"""Do suggested images teach more than random ones?

`python -m benchmarks.suggestions FOLDER` repeats on dsb2018: from 4 annotated images, 4 more at a time, suggested by
the disagreement of two runs as `seg suggest` does, or drawn at random. Both begin with the same images and weights.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.short_runs import DATA, Loaded, data_module, fit, new_model, quiet
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling, prepare
from seg.data.split import Split, SplitIndices
from seg.model.module import BoundaryModule
from seg.model.run_predictor import predict_by
from seg.suggest.disagreement import mutual_information
from seg.suggest.diversity import describe_image, rank_diverse

START, STEP, LARGEST, POOL, VAL, TEST, MEMBERS = 4, 4, 12, 48, 6, 24, 2
COUNTS = list(range(START, LARGEST + 1, STEP))


class Given(Split):
    """Training images as they are given."""

    def __init__(self, train: list[int], val: list[int], test: list[int]) -> None:
        self.indices = SplitIndices(train, val, test)

    def assign(self, names: Any) -> SplitIndices:
        """Return the indices as they are."""
        return self.indices


def train(source: Loaded, split: Given, steps: int, seed: int) -> tuple[list[BoundaryModule], float]:
    """Train the members; return them and their mean average precision of boundary pixels on the test images."""
    targets, models, scores = DATA["dsb2018"][2], [], []
    for member in range(MEMBERS):
        model = new_model(targets, 100 * seed + member)
        data = data_module(source, split, targets, 100 * seed + member, steps_per_epoch=steps)
        scores.append(np.mean(fit(model, data)[1]["ap"]))
        models.append(model.eval())
    return models, float(np.mean(scores))


def suggest(models: list[BoundaryModule], samples: list[Sample], count: int) -> list[int]:
    """Return the places of the images to annotate, as `seg.suggest.ensemble.suggest` chooses them."""
    predicts, scores, features = [predict_by(model, tta=False) for model in models], [], []
    for sample in samples:
        image = prepare(sample.image, IntensityScaling(), 1)
        answers = np.stack([predict(image) for predict in predicts])
        scores.append(mutual_information(answers).mean())
        features.append(describe_image(image, answers.mean(axis=0)))
    return rank_diverse(np.array(scores), np.array(features))[:count]


def repeat(source: Loaded, steps: int, seed: int) -> dict[str, list[float]]:
    """Return the average precision at each number of images, of both ways."""
    rng = np.random.default_rng(seed)
    order = [int(place) for place in rng.permutation(len(source))]
    test, val, pool = order[:TEST], order[TEST : TEST + VAL], order[TEST + VAL : TEST + VAL + POOL]
    first = train(source, Given(pool[:START], val, test), steps, seed)
    scores = {}
    for way in ("random", "suggested"):
        chosen, (models, score) = pool[:START], first
        scores[way] = [score]
        while len(chosen) < LARGEST:
            rest = [place for place in pool if place not in chosen]
            places = (
                range(STEP) if way == "random" else suggest(models, [source.samples[place] for place in rest], STEP)
            )
            chosen = chosen + [rest[place] for place in places]
            models, score = train(source, Given(chosen, val, test), steps, seed)
            scores[way].append(score)
        print(f"repeat {seed}, {way:9}: " + " ".join(f"{score:.3f}" for score in scores[way]), flush=True)
    return scores


def needed(scores: list[float], goal: float) -> float:
    """Return with how many images the goal is reached, linear in between; infinity: with none of them."""
    for (count, score), (more, better) in zip(
        zip(COUNTS, scores, strict=True), zip(COUNTS[1:], scores[1:], strict=True), strict=False
    ):
        if score >= goal:
            return float(count)
        if better >= goal:
            return count + (more - count) * (goal - score) / (better - score)
    return float("inf")


def interval(differences: NDArray[np.float64]) -> str:
    """Return the mean of some repeats and its 95 % interval (t)."""
    reach = stats.t.isf(0.025, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences))
    return f"{differences.mean():+.3f} [{differences.mean() - reach:+.3f}, {differences.mean() + reach:+.3f}]"


def summary(results: list[dict[str, list[float]]]) -> list[str]:
    """Return mean curves, the difference at each number, and the images needed to reach a score."""
    tables = {way: np.array([result[way] for result in results]) for way in ("random", "suggested")}
    lines = [f"{way:9} " + " ".join(f"{score:.3f}" for score in table.mean(axis=0)) for way, table in tables.items()]
    differences = tables["suggested"] - tables["random"]
    lines += [
        f"{count} images: suggested - random {interval(differences[:, place])}"
        for place, count in enumerate(COUNTS)
        if place
    ]
    goal = float(tables["random"].mean(axis=0)[-2:].mean())
    numbers = {way: [needed(list(row), goal) for row in table] for way, table in tables.items()}
    return [
        *lines,
        *(f"{way}, images for {goal:.3f}: " + " ".join(f"{n:.1f}" for n in each) for way, each in numbers.items()),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("runs/suggestions"), help="folder of the scores")
    args = parser.parse_args()
    quiet()
    source, results = Loaded(DATA["dsb2018"][0](args.folder)), []
    args.out.mkdir(parents=True, exist_ok=True)
    for seed in range(args.repeats):
        file = args.out / f"{seed}.json"
        if not file.is_file():
            file.write_text(json.dumps(repeat(source, args.steps, seed)))
        results.append(json.loads(file.read_text()))
    print("\n".join(summary(results)))


if __name__ == "__main__":
    main()
