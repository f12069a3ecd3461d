"""Images and masks, or instance labels, in folders."""

from pathlib import Path
from typing import Literal

from seg.data.annotation import Annotation, Entry
from seg.data.file_reader import FileReader
from seg.data.files import FileSource
from seg.data.pairing import Files, describe_search, doubled, find_files, suggest_patterns
from seg.data.truth import Value


class ImageFolder(FileSource):
    """Images and their masks, paired by name, in the order of the names.

    A folder names its files without their suffix, a pattern by what its stars match: "raw/*_img.tif" and
    "raw/*_mask.tif" pair a_img.tif with a_mask.tif as "a", "raw/**/*.png" names p1/a.png "p1__a". A file that fits both
    patterns belongs to the masks. All files are read and checked at the first access and kept in memory.

    Args:
        root: the folder that contains the others.
        images: subfolder or pattern of the images: PNG, TIFF or JPEG, all of one type and number of channels.
        masks: subfolder or pattern of masks of two values or colors. Needs `boundary_value`.
        boundary_value: the value of the boundary in the masks, e.g. 0 or 255, or its color, e.g. [255, 0, 0].
        threshold: between boundary and background, for masks with smoothed edges or saved as JPEG, e.g. 128.
        labels: subfolder or pattern of instance labels instead of masks: 0 or black is background.
        thickness_px: depth of the boundary derived from labels, in pixels.
        only_channels: in a folder with grey and RGB images, use only those with 1 or 3 channels.
        void: value or color of the pixels of masks or labels that nobody annotated, e.g. 128.

    Raises:
        ValueError: neither or both of masks and labels are given, masks without boundary_value, a threshold with a
            color, or thickness_px < 1. At the first access: every file that is missing, unreadable or invalid, with
            its path.
        FileNotFoundError: a folder does not exist.
    """

    def __init__(
        self,
        root: str,
        images: str = "images",
        masks: str | None = None,
        boundary_value: Value | None = None,
        threshold: float | None = None,
        labels: str | None = None,
        thickness_px: int = 1,
        only_channels: Literal[1, 3] | None = None,
        void: Value | None = None,
    ) -> None:
        if (masks is None) == (labels is None):
            raise ValueError(f"give either masks or labels, got masks={masks!r} and labels={labels!r}")
        if masks is not None and boundary_value is None:
            raise ValueError("masks need boundary_value: which of their two values is the boundary, e.g. 0 or 255")
        truth: Literal["mask", "labels"] = "labels" if masks is None else "mask"
        value = 255 if boundary_value is None else boundary_value
        super().__init__(Annotation(truth, value, threshold, thickness_px, void), only_channels)
        self.root, self.images, self.truths = Path(root), images, masks or labels or ""
        for where in (self.images, self.truths):
            find_files(self.root, where)  # refuses a folder that does not exist

    def list_entries(self, files: FileReader) -> tuple[list[Entry], list[str]]:
        """Return the pairs of image and truth, and what has no counterpart."""
        truths = find_files(self.root, self.truths)
        taken = {path for paths in truths.values() for path in paths}
        found = find_files(self.root, self.images)
        images = {
            name: left for name, paths in found.items() if (left := [path for path in paths if path not in taken])
        }
        if found and not images:
            return [], [f"{self.root}: images and masks are the same files: {_TELL_APART}"]
        for kind, where in ((images, self.images), (truths, self.truths)):
            if not kind:
                return [], [describe_search(self.root, where)]
        common = sorted(images.keys() & truths.keys())
        problems = [*doubled(images), *doubled(truths), *self._alone(images, truths)]
        return [Entry(name, images[name][0], (truths[name][0],)) for name in common], problems

    def _alone(self, images: Files, truths: Files) -> list[str]:
        """Return a sentence for each file without a counterpart; where no two files pair, also one on how they can."""
        lonely = [
            *_lonely(images, truths, f"no mask in {self.root / self.truths}"),
            *_lonely(truths, images, f"no image in {self.root / self.images}"),
        ]
        if images.keys() & truths.keys():
            return [f"{sentence}: add one, or move this file away" for sentence in lonely]
        return [*lonely, f"{self.root}: {self._ways_to_pair(images, truths)}"]

    def _ways_to_pair(self, images: Files, truths: Files) -> str:
        """Return the lines that pair files of different names."""
        kind = "masks" if self.annotation.truth == "mask" else "labels"
        first, second = (where if "*" in where else f"{where}/*" for where in (self.images, self.truths))
        patterns = suggest_patterns(images, truths)
        if patterns is not None and first.count("*") + second.count("*") <= 2:
            images_line, truths_line = first.replace("*", patterns[0]), second.replace("*", patterns[1])
            return f'to pair these names, set images: "{images_line}" and {kind}: "{truths_line}"'
        image, truth = (min(files.items())[1][0].relative_to(self.root).as_posix() for files in (images, truths))
        return (
            f'to pair files of other names, list them in a table pairs.csv with the first line "image,'
            f'{kind.replace("masks", "mask")}" and a line for each pair, e.g. "{image},{truth}", and set class_path: '
            f"seg.data.manifest.Manifest with path: {self.root / 'pairs.csv'}"
        )


def _lonely(files: Files, others: Files, sentence: str) -> list[str]:
    return [f"{files[name][0]}: {sentence}" for name in files.keys() - others.keys()]


_TELL_APART = 'tell them apart by patterns, e.g. images: "*.tif" and masks: "*_mask.tif"'


def page_name(stack: str, page: int) -> str:
    """Return the name of a page of a stack.

    Args:
        stack: its name.
        page: from 0.
    """
    return f"{stack}-{page:04d}"
