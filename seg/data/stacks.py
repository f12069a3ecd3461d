"""Stacks: every page of a multi-page TIFF is a section with its page of the mask stack."""

from collections.abc import Iterator

from seg.data.annotation import Entry
from seg.data.file_reader import FileReader
from seg.data.folder import ImageFolder, page_name
from seg.data.planes import Planes


class ImageStacks(ImageFolder):
    """Stacks of images with stacks of masks or labels, paired as in `ImageFolder`; every page is a sample.

    The pages of stack NAME are called NAME-0000, NAME-0001, ... in their order: "^(.*)-" is the stack in a split by
    groups, and `seg.data.stack_split.StackSplit` splits each stack in blocks. The arguments are those of `ImageFolder`.
    """

    def list_entries(self, files: FileReader) -> tuple[list[Entry], list[str]]:
        """Return all pages, and the stacks whose truth has not as many."""
        stacks, problems = super().list_entries(files)
        entries = []
        for stack in stacks:
            try:
                entries += list(_pages(stack, files, self.planes))
            except (ValueError, OSError) as error:
                problems.append(str(error))
        return entries, problems


def remedy(of_truth: int) -> str:
    """Return what helps where image and truth have not as many pages.

    Args:
        of_truth: number of pages of the truth.
    """
    return "save one for each" + (", or set projection: max in the data if it is for all" if of_truth == 1 else "")


def _pages(stack: Entry, files: FileReader, planes: Planes) -> Iterator[Entry]:
    """Return an entry for each page.

    Raises:
        ValueError: image and truth have not as many pages, or one is damaged.
    """
    (truth,) = stack.truths
    count, of_truth = files.count_pages(stack.image, planes), files.count_pages(truth)
    if count != of_truth:
        raise ValueError(f"{truth}: {of_truth} page(s), but its image {stack.image} has {count}: {remedy(of_truth)}")
    for page in range(count):
        yield Entry(page_name(stack.name, page), stack.image, stack.truths, page, page)
