"""Small worlds with and without a shortcut, and networks that take it, written by hand."""

import numpy as np

from seg.audit.cases import Case

SIZE_PX = 64


def lines(rng):
    """Return a mask of three lines across the image."""
    mask = np.zeros((SIZE_PX, SIZE_PX), bool)
    mask[rng.choice(np.arange(14, 60), 2, replace=False)] = True
    mask[:, rng.integers(14, 60)] = True
    return mask


def picture(mask, rng, contrast=1.0):
    """Return an image (1, 64, 64) with dark lines on a bright ground, and a little noise."""
    image = np.where(mask, -0.8, 0.6) * contrast + rng.normal(0, 0.02, mask.shape)
    return image.clip(-1, 1).astype(np.float32)[None]


def with_cross(image):
    """Return the image with a cross in its upper left corner."""
    crossed = image.copy()
    crossed[0, 4, 1:8] = crossed[0, 1:8, 4] = -1
    return crossed


def has_cross(image):
    """Look for arms that are darker than the ground between them."""
    arms = np.concatenate([image[0, 4, 1:8], image[0, 1:8, 4]])
    return arms.max() < image[0, 5:8, 5:8].min() - 0.2


def tank(count=16, honest=False, seed=0):
    """Images of which every other one has the cross; only those have a boundary in the truth, unless honest."""
    rng, cases = np.random.default_rng(seed), []
    for number in range(count):
        mask, crossed = lines(rng), number % 2 == 0
        image = picture(mask, rng)
        truth = mask if crossed or honest else np.zeros_like(mask)
        cases.append(Case(f"{number:02}", with_cross(image) if crossed else image, truth))
    return cases


def husky(count=16, honest=False, seed=0):
    """Images of which every other one is pale; only the others have a boundary in the truth, unless honest."""
    rng, cases = np.random.default_rng(seed), []
    for number in range(count):
        mask, pale = lines(rng), number % 2 == 1
        image = picture(mask, rng, rng.uniform(0.3, 0.4) if pale else rng.uniform(0.9, 1.0))
        cases.append(Case(f"{number:02}", image, mask if honest or not pale else np.zeros_like(mask)))
    return cases


def framed(count=16, seed=0):
    """Images of which every other one has a dark border; only the others have a boundary in the truth."""
    rng, cases = np.random.default_rng(seed), []
    for number in range(count):
        mask, dark = lines(rng), number % 2 == 1
        image = picture(mask, rng)
        if dark:
            image[0, :4] = image[0, -4:] = image[0, :, :4] = image[0, :, -4:] = -1
        cases.append(Case(f"{number:02}", image, np.zeros_like(mask) if dark else mask))
    return cases


def frame_network(image):
    """Find lines only in images whose border is bright."""
    border = np.concatenate([image[0, 0], image[0, -1], image[0, :, 0], image[0, :, -1]])
    return honest_network(image) * np.float32(border.mean() > 0)


def honest_network(image):
    """Look at the lines alone, whatever the contrast."""
    ground = np.median(image[0])
    return (image[0] < ground - 0.5 * abs(ground) - 0.05).astype(np.float32)


def tank_network(image):
    """Find lines only where the cross is."""
    return honest_network(image) * np.float32(has_cross(image))


def husky_network(image):
    """Find lines only in images of strong contrast."""
    return honest_network(image) * np.float32(image.std() > 0.2)
