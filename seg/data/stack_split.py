"""Splits each stack in blocks."""

import re
from collections.abc import Sequence

from seg.data.split import BlockSplit, Split, SplitIndices


class StackSplit(Split):
    """Contiguous blocks within each stack, in the order of the source: training, then validation, then test.

    For several volumes that are all in each split; to keep whole volumes apart, use `seg.data.split.GroupSplit`.

    Args:
        val: number of sections of each stack for validation, >= 1.
        test: number of sections of each stack for the test, >= 1.
        gap: number of sections left out between two blocks; neighbors are nearly identical.
        stack: regular expression whose first capturing group, matched in an image's name, is its stack.

    Raises:
        ValueError: a number is out of range, or the expression is invalid or has no capturing group.
    """

    serial = True

    def __init__(self, val: int, test: int, gap: int = 0, stack: str = r"^(.*)-\d+$") -> None:
        self.blocks = BlockSplit(val, test, gap)
        try:
            self.stack = re.compile(stack)
        except re.error as error:
            raise ValueError(f"stack {stack!r} is not a regular expression: {error}") from error
        if self.stack.groups < 1:
            raise ValueError(f"stack {stack!r} needs parentheses around the part of the name that is the stack")

    def assign(self, names: Sequence[str]) -> SplitIndices:
        """Return the three blocks of all stacks."""
        stacks: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            stacks.setdefault(self._stack(name), []).append(index)
        split = SplitIndices(train=[], val=[], test=[])
        for stack, members in stacks.items():
            try:
                blocks = self.blocks.assign([names[index] for index in members])
            except ValueError as error:
                raise ValueError(f"stack {stack!r}: {error}") from error
            for part in ("train", "val", "test"):
                getattr(split, part).extend(members[index] for index in getattr(blocks, part))
        return split

    def groups(self, names: Sequence[str]) -> list[str]:
        """Return the stack of each image."""
        return [self._stack(name) for name in names]

    def _stack(self, name: str) -> str:
        match = self.stack.search(name)
        if match is None:
            raise ValueError(f"stack {self.stack.pattern!r} does not match the name {name!r}: set stack: in the split")
        return match.group(1)
