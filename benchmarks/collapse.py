"""How often the verdict on a collapse is the right one, on simulated answers of known kind.

`python -m benchmarks.collapse` draws splits of 2, 4 and 20 images with thin boundaries (2 to 40 % of the pixels) and
answers of every kind to them: smooth noise, which is related from pixel to pixel as the answers of networks are, at
levels and contrasts drawn anew. It prints the share of each verdict.
"""

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from seg.metrics.collapse import judge_split
from seg.metrics.evidence import gather

Picture = NDArray[np.float64]
Random = np.random.Generator

SIDE_PX = 96


def smooth(rng: Random, sigma_px: float) -> Picture:
    """Return noise of mean 0 and variance 1, (SIDE_PX, SIDE_PX)."""
    noise = gaussian_filter(rng.standard_normal((SIDE_PX, SIDE_PX)), sigma_px, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def boundaries(rng: Random, prevalence: float) -> NDArray[np.bool_]:
    """Return the contours of smooth noise, as thick as the prevalence asks for."""
    distance = np.abs(smooth(rng, 5))
    return distance < np.quantile(distance, prevalence)


def learned(rng: Random, mask: Picture, strength: float, level: float) -> Picture:
    """Return an answer that tells boundary from background.

    Args:
        rng: random numbers.
        mask: (H, W) of 0 and 1.
        strength: distance of the two classes in standard deviations of the noise.
        level: of the logits.
    """
    return expit(level + 2 * (strength * gaussian_filter(mask, 0.5) + smooth(rng, 1.5)))


def good(rng: Random, masks: list[Picture]) -> list[Picture]:
    strength = rng.uniform(0.7, 5)
    return [learned(rng, mask, strength, -strength) for mask in masks]


def faint(rng: Random, masks: list[Picture]) -> list[Picture]:
    """Return answers that are ranked well, far below 0.001 or above 0.6."""
    strength, below = rng.uniform(0.7, 5), rng.random() < 0.5
    answers = [learned(rng, mask, strength, -strength) for mask in masks]
    return [answer * 10 ** rng.uniform(-6, -3.3) if below else 0.6 + 0.39 * answer for answer in answers]


def constant(rng: Random, masks: list[Picture]) -> list[Picture]:
    level = rng.uniform(0, 1)
    return [np.clip(level + 5e-5 * smooth(rng, rng.uniform(0.5, 6)), 0, 1) for _ in masks]


def black(rng: Random, masks: list[Picture]) -> list[Picture]:
    level = rng.uniform(0.005, 0.08)
    return [level * np.exp(0.4 * smooth(rng, rng.uniform(0.5, 6))) for _ in masks]


def white(rng: Random, masks: list[Picture]) -> list[Picture]:
    return [1 - answer for answer in black(rng, masks)]


def noise(rng: Random, masks: list[Picture]) -> list[Picture]:
    return [rng.random(mask.shape) for mask in masks]


def inverted(rng: Random, masks: list[Picture]) -> list[Picture]:
    return [1 - answer for answer in good(rng, masks)]


def mean_of_masks(rng: Random, masks: list[Picture]) -> list[Picture]:
    others = [boundaries(rng, float(masks[0].mean())) for _ in range(30)]
    mean = gaussian_filter(np.mean(others, axis=0), 1)
    return [np.clip(mean + rng.uniform(0, 0.2) * mean.std() * smooth(rng, 1), 0, 1) for _ in masks]


def three_of_four_black(rng: Random, masks: list[Picture]) -> list[Picture]:
    number = len(masks) * 3 // 4 if len(masks) > 2 else 1
    return black(rng, masks[:number]) + good(rng, masks[number:])


def not_finite(rng: Random, masks: list[Picture]) -> list[Picture]:
    first, *others = good(rng, masks)
    return [np.where(rng.random(first.shape) < 0.01, np.nan, first), *others]


KINDS: dict[str, tuple[str, Callable[[Random, list[Picture]], list[Picture]]]] = {
    "learned": ("none", good),
    "ranked well, but below .001 or above .6": ("threshold artefact", faint),
    "constant": ("constant", constant),
    "black": ("black", black),
    "white": ("white", white),
    "uniform noise": ("uninformative", noise),
    "inverted": ("inverted", inverted),
    "mean of the masks": ("same answer", mean_of_masks),
    "black in 3 of 4 images": ("partly collapsed", three_of_four_black),
    "one channel of two black": ("collapsed channel", good),
    "NaN in one image": ("diverged", not_finite),
}


def verdict(kind: str, rng: Random, images: int) -> str:
    """Return the verdict on one split of which all is known.

    Args:
        kind: key in `KINDS`.
        rng: random numbers.
        images: of the split.
    """
    prevalence = rng.uniform(0.02, 0.4)
    masks = [boundaries(rng, prevalence).astype(np.float64) for _ in range(images)]
    channels = [KINDS[kind][1](rng, masks)]
    channels += [black(rng, masks)] if kind == "one channel of two black" else []
    return judge_split(
        [
            [gather(answer[number].astype(np.float32), mask > 0) for answer in channels]
            for number, mask in enumerate(masks)
        ]
    ).verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=200, help="simulated per kind (default: %(default)s)")
    splits = parser.parse_args().splits
    rng = np.random.default_rng(2026)
    for images in (2, 4, 20):
        for kind, (right, _) in KINDS.items():
            found = Counter(verdict(kind, rng, images) for _ in range(splits))
            others = ", ".join(f"{name} {count / splits:.1%}" for name, count in found.items() if name != right)
            print(f"{images:3} images  {kind:40} {right:20} {found[right] / splits:6.1%}  {others}", flush=True)


if __name__ == "__main__":
    main()
