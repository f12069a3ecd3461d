"""What to train with 1, 2, 4, 8 and all training images: frozen half, frozen encoder, everything, or from scratch.

`python -m benchmarks.few_images isbi2012 FOLDER` trains short runs in one process and judges them as a report does, for
each number of images; configs/compare/few_images.yaml asks the same of whole runs.
"""

import argparse
from pathlib import Path

from benchmarks.short_runs import DATA, Loaded, data_module, fit, new_model, quiet, record_of
from seg.analysis.annotation import annotation_sentences, learning_curves
from seg.analysis.arms import TrainedArms
from seg.analysis.fine_tuning import FineTuningEvaluator
from seg.analysis.pairwise import judge
from seg.record import FILE_NAME, RunRecord

COUNTS = (1, 2, 4, 8, None)
WAYS = {
    "frozen_half": ("packaged", "half"),
    "frozen_encoder": ("packaged", "encoder"),
    "all_trained": ("packaged", None),
    "from_scratch": (None, None),
}


def train_all(name: str, root: Path, steps: int, seeds: int, out: Path) -> list[RunRecord]:
    """Train every arm with every seed; runs that are in the folder already are read."""
    read, split, targets = DATA[name]
    source, records = Loaded(read(root)), []
    for seed in range(seeds):
        for count in COUNTS:
            for way, (weights, frozen) in WAYS.items():
                arm = f"{way}_{count or 'all'}"
                folder = out / f"{arm}-{seed}"
                if not (folder / FILE_NAME).is_file():
                    data = data_module(source, split, targets, seed, steps_per_epoch=steps, train_images=count)
                    model = new_model(targets, seed, weights, frozen)
                    record = record_of(arm, model, data, fit(model, data))
                    folder.mkdir(parents=True, exist_ok=True)
                    record.save(folder)
                    print(f"{arm:20} seed {seed}: {record.test.mean('boundary_f1'):.3f}", flush=True)
                records.append(RunRecord.load(folder))
    return records


def table(records: list[RunRecord]) -> list[str]:
    """Return the rows of a table of test scores, a column for each number of images, seed by seed."""
    rows = ["| | " + " | ".join(str(count or "all") for count in COUNTS) + " |", "|---|" + "---|" * len(COUNTS)]
    for way in WAYS:
        cells = []
        for count in COUNTS:
            runs = [run for run in records if run.name == f"{way}_{count or 'all'}"]
            cells.append(" ".join(f"{run.test.mean('boundary_f1'):.3f}" for run in runs if run.test))
        rows.append(f"| {way} | " + " | ".join(cells) + " |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=sorted(DATA))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/few_images"), help="folder of the records")
    args = parser.parse_args()
    quiet()
    records = train_all(args.data, args.folder, args.steps, args.seeds, args.out / args.data)
    print("\n".join(table(records)))
    arms = TrainedArms.of({Path(f"{run.name}-{run.seed}"): run for run in records})
    for claim in FineTuningEvaluator(arms, judge(records, "boundary_f1"), "boundary_f1").claims():
        print(f"{claim.status}: {claim.statement}. {claim.evidence}")
    for curve in learning_curves(records, "boundary_f1"):
        print("\n".join(annotation_sentences(curve, "boundary_f1")))


if __name__ == "__main__":
    main()
