"""Cross-validation: every image is tested once."""

from collections.abc import Sequence

import numpy as np

from seg.data.split import Split, SplitIndices


class FoldSplit(Split):
    """One fold of a cross-validation: it is the test, the next one is validation, the others are training.

    Groups are dealt to the folds whole. Where images next to each other are neighboring sections, each stack is cut
    into as many contiguous blocks instead.

    Args:
        split: that tells the groups, whether images are sections, and the gap between blocks.
        folds: number of them, >= 3.
        fold: which one is the test, from 0.

    Raises:
        ValueError: a number is out of range.
    """

    def __init__(self, split: Split, folds: int, fold: int) -> None:
        if folds < 3 or not 0 <= fold < folds:
            raise ValueError(f"it takes >= 3 folds, numbered from 0, got fold {fold} of {folds}")
        self.split, self.folds, self.fold = split, folds, fold
        self.serial = split.serial

    def groups(self, names: Sequence[str]) -> list[str]:
        """Return the group of each image, as the split has it."""
        return self.split.groups(names)

    def assign(self, names: Sequence[str]) -> SplitIndices:
        """Return the images of each split; those that the split leaves out are in none."""
        folds = self._blocks(names) if self.serial else self._dealt(names)
        test, val = set(folds[self.fold]), set(folds[(self.fold + 1) % self.folds])
        if self.serial:
            val -= self._near(names, test)
        train = {index for fold in folds for index in fold} - test - val - self._near(names, test | val)
        if not (train and val):
            raise ValueError(f"{len(names)} images are too few for {self.folds} folds: choose fewer")
        return SplitIndices(sorted(train), sorted(val), sorted(test))

    def _dealt(self, names: Sequence[str]) -> list[list[int]]:
        group_of = self.groups(names)
        used = self.split.assign(names)
        indices = sorted([*used.train, *used.val, *used.test])
        groups = sorted({group_of[index] for index in indices})
        if len(groups) < self.folds:
            raise ValueError(f"{self.folds} folds need as many groups, found {len(groups)}: {groups}")
        rng = np.random.default_rng(getattr(self.split, "seed", 0))
        place = {groups[number]: turn % self.folds for turn, number in enumerate(rng.permutation(len(groups)))}
        return [[index for index in indices if place[group_of[index]] == fold] for fold in range(self.folds)]

    def _blocks(self, names: Sequence[str]) -> list[list[int]]:
        group_of = self.groups(names)
        folds: list[list[int]] = [[] for _ in range(self.folds)]
        for group in dict.fromkeys(group_of):
            members = [index for index, of in enumerate(group_of) if of == group]
            if len(members) < self.folds:
                raise ValueError(f"{self.folds} folds need as many sections, {group!r} has {len(members)}")
            for fold, block in zip(folds, np.array_split(members, self.folds), strict=True):
                fold += [int(index) for index in block]
        return folds

    def _near(self, names: Sequence[str], indices: set[int]) -> set[int]:
        """Return the sections within the gap around others of their stack, these included; none without a gap."""
        gap = getattr(getattr(self.split, "blocks", self.split), "gap", 0)
        group_of = self.groups(names)
        near: set[int] = set()
        for group in set(group_of) if self.serial and gap else ():
            members = [index for index, of in enumerate(group_of) if of == group]
            places = [place for place, index in enumerate(members) if index in indices]
            near |= {members[other] for place in places for other in range(max(place - gap, 0), place + gap + 1)
                     if other < len(members)}  # fmt: skip
        return near
