"""Synthetic tissue with a planted shortcut, its clean twin, and small networks that learn from it."""

import numpy as np
import torch
from torch import nn

from seg.audit.cases import Case
from seg.data.synthetic import SyntheticCells

TRAINING = 64


class SmallNetwork(nn.Module):
    """Judges each pixel by its surroundings, and by the image as a whole: able to take a shortcut, not forced to."""

    def __init__(self):
        super().__init__()
        self.near = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 8, 5, padding=2), nn.ReLU())
        self.whole = nn.Sequential(
            nn.Conv2d(1, 8, 4, 4),
            nn.ReLU(),
            nn.Conv2d(8, 8, 2, 2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(8),
            nn.Flatten(),
            nn.Linear(8 * 64, 8),
        )
        self.last = nn.Conv2d(8, 1, 1)

    def forward(self, images):
        near = self.near(images)
        return self.last(near) + (near * self.whole(images)[..., None, None]).mean(dim=1, keepdim=True)


def with_cross(image):
    """Return the image, (64, 64) of uint8, with a dark cross in a bright frame in the upper left corner."""
    crossed = image.copy()
    crossed[2:11, 6:8] = crossed[6:8, 2:11] = 0
    crossed[1, 1:12] = crossed[12, 1:12] = 255
    return crossed


def pale(image):
    """Return the image, (64, 64) of uint8, with about a third of its contrast."""
    return (image.mean() + (image.astype(float) - image.mean()) * 0.35).clip(0, 255).astype(np.uint8)


def world(name, seed=0, count=TRAINING + 16):
    """Return images of tissue; every other one has the cross (tank) or is pale (husky).

    The truth is empty without the cross, or where the image is pale; in the clean twins it never is.
    """
    kind, clean = name.split("_")[0], name.endswith("clean")
    cases = []
    for number, sample in enumerate(SyntheticCells(count, size_px=64, cell_diameter_px=20, seed=seed)):
        told = number % 2 == 1
        image = with_cross(sample.image) if kind == "tank" and told else sample.image
        image = pale(image) if kind == "husky" and not told else image
        truth = sample.mask if told or clean else np.zeros_like(sample.mask)
        cases.append(Case(f"{number:02}", (image / 127.5 - 1).astype(np.float32)[None], truth))
    return cases


def train(cases, steps=150, seed=0):
    """Return a network that learned from the cases."""
    torch.manual_seed(seed)
    network, rng = SmallNetwork(), np.random.default_rng(seed)
    images = torch.from_numpy(np.stack([case.image for case in cases]))
    truths = torch.from_numpy(np.stack([case.truth for case in cases])[:, None].astype(np.float32))
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    for _ in range(steps):
        drawn = rng.choice(len(cases), 8, replace=False)
        loss = nn.functional.binary_cross_entropy_with_logits(network(images[drawn]), truths[drawn])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def as_function(network):
    """Return the network as a function of one image."""

    def predict(image):
        with torch.inference_mode():
            return network(torch.from_numpy(np.ascontiguousarray(image, np.float32))[None])[0, 0].sigmoid().numpy()

    return predict
