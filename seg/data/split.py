"""Splits into training, validation and test images."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SplitIndices:
    """Indices into the source."""

    train: list[int]
    val: list[int]
    test: list[int]


class Split(ABC):
    """A rule that assigns each image of a source, by its name, to one split or to none.

    Attributes:
        serial: whether neighboring images of a group are neighboring sections of one volume.
    """

    serial: bool = False

    @abstractmethod
    def assign(self, names: Sequence[str]) -> SplitIndices:
        """Return the indices of each split.

        Args:
            names: of all the images, in the order of the source.

        Raises:
            ValueError: a split would be empty.
        """

    def groups(self, names: Sequence[str]) -> list[str]:
        """Return the group of each image; images of different groups are independent.

        By default each image is its own group.

        Args:
            names: of the images.
        """
        return list(names)


class BlockSplit(Split):
    """Contiguous blocks in the order of the source: training, then validation, then test.

    For sections of one volume: neighbors are nearly identical, so that a random split would leak.

    Args:
        val: number of images for validation, >= 1.
        test: number of images for the test, >= 1.
        gap: number of images left out between two blocks.

    Raises:
        ValueError: a number is out of range.
    """

    serial = True

    def __init__(self, val: int, test: int, gap: int = 0) -> None:
        if val < 1 or test < 1 or gap < 0:
            raise ValueError(f"a block split needs val >= 1, test >= 1 and gap >= 0, got {val}, {test} and {gap}")
        self.val, self.test, self.gap = val, test, gap

    def assign(self, names: Sequence[str]) -> SplitIndices:
        """Return the three blocks."""
        test_start = len(names) - self.test
        val_start = test_start - self.gap - self.val
        train_stop = val_start - self.gap
        if train_stop < 1:
            needed = self.val + self.test + 2 * self.gap + 1
            raise ValueError(
                f"this block split needs at least {needed} images, the source has {len(names)}: lessen val:, "
                "test: or gap: in the split"
            )
        return SplitIndices(
            train=list(range(train_stop)),
            val=list(range(val_start, val_start + self.val)),
            test=list(range(test_start, len(names))),
        )

    def groups(self, names: Sequence[str]) -> list[str]:
        """Return the one volume that all images are sections of."""
        return ["volume"] * len(names)


class GroupSplit(Split):
    """Random split of whole groups: images of one patient, well or volume are never in two splits.

    Args:
        val_share: share of the groups for validation, in (0, 1).
        test_share: share of the groups for the test, in (0, 1).
        group: regular expression whose first capturing group, matched in an image's name, is the image's group. By
            default each image is its own group.
        seed: of the split, independent of the seed of a run.

    Raises:
        ValueError: shares are out of range, or the expression is invalid or has no capturing group.
    """

    def __init__(self, val_share: float = 0.2, test_share: float = 0.2, group: str = "(.*)", seed: int = 0) -> None:
        if not (val_share > 0 and test_share > 0 and val_share + test_share < 1):
            raise ValueError(f"shares must be > 0 with a sum < 1, got val {val_share} and test {test_share}")
        try:
            self.group = re.compile(group)
        except re.error as error:
            raise ValueError(f"group {group!r} is not a regular expression: {error}") from error
        if self.group.groups < 1:
            raise ValueError(f"group {group!r} needs parentheses around the part of the name that is the group")
        self.val_share, self.test_share, self.seed = val_share, test_share, seed

    def assign(self, names: Sequence[str]) -> SplitIndices:
        """Return the images of the groups drawn for each split."""
        group_of = self.groups(names)
        groups = sorted(set(group_of))
        val_count = max(1, round(self.val_share * len(groups)))
        test_count = max(1, round(self.test_share * len(groups)))
        if val_count + test_count >= len(groups):
            raise ValueError(
                f"three splits need at least 3 groups and enough for training, found {len(groups)}: {groups}; set "
                "group:, val_share: or test_share: in the split"
            )
        drawn = [groups[index] for index in np.random.default_rng(self.seed).permutation(len(groups))]
        test, val = set(drawn[:test_count]), set(drawn[test_count : test_count + val_count])
        return SplitIndices(
            train=[index for index, group in enumerate(group_of) if group not in test | val],
            val=[index for index, group in enumerate(group_of) if group in val],
            test=[index for index, group in enumerate(group_of) if group in test],
        )

    def groups(self, names: Sequence[str]) -> list[str]:
        """Return what the expression matches in each name."""
        return [self._group(name) for name in names]

    def _group(self, name: str) -> str:
        match = self.group.search(name)
        if match is None:
            proposed = "^(.*?)__" if "__" in name else "(.*)"
            raise ValueError(
                f"group {self.group.pattern!r} does not match the name {name!r}: set group: in the split, e.g. "
                f"{proposed}"
            )
        return match.group(1)
