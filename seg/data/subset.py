"""The images that a training with few of them sees."""

import numpy as np


def nested_subset(indices: list[int], count: int | None, seed: int) -> list[int]:
    """Return some of the training images; with one seed a smaller subset is part of every larger one.

    Args:
        indices: of all training images.
        count: of the images to keep; None: all.
        seed: of the choice.

    Raises:
        ValueError: there are fewer images.
    """
    if count is None:
        return indices
    if not 1 <= count <= len(indices):
        raise ValueError(f"train_images must be from 1 to the number of training images, {len(indices)}, got {count}")
    drawn = np.random.default_rng(seed).permutation(len(indices))[:count]
    return [indices[place] for place in sorted(drawn)]
