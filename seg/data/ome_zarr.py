"""OME-Zarr: images with their labels in one store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from seg.data.annotation import Annotation, Entry
from seg.data.file_reader import FileReader, naming
from seg.data.files import FileSource
from seg.data.folder import page_name
from seg.data.pairing import name_of
from seg.data.pixel_size import PixelSize
from seg.data.stacks import remedy
from seg.data.truth import Value
from seg.data.zarr_image import find_stores, label_names, open_image
from seg.data.zarr_store import SUFFIX, import_zarr


class OmeZarr(FileSource):
    """OME-Zarr stores of version 0.4 or 0.5, whose masks or labels are in `labels/NAME`.

    A store with one plane is a sample with the store's name; where it has several (z, or time points), each is a sample
    and called NAME-0000, NAME-0001, ...: "^(.*)-" is the store in a split by groups, and
    `seg.data.stack_split.StackSplit` splits each store in blocks. Large planes are read chunk by chunk.

    Args:
        root: a store, or a folder of stores.
        masks: name under labels/ of masks of two values. Needs `boundary_value`.
        boundary_value: the value of the boundary in the masks, e.g. 1.
        labels: name under labels/ of instance labels instead of masks: 0 is background.
        level: resolution level of the image, from 0, the finest; of masks or labels, the level of this size is read.
        threshold: between boundary and background, for masks with smoothed edges.
        thickness_px: depth of the boundary derived from labels, in pixels.
        void: value of the pixels of masks or labels that nobody annotated.

    Raises:
        ImportError: zarr is not installed.
        ValueError: neither or both of masks and labels are given, masks without boundary_value, or thickness_px < 1. At
            the first access: every store that is invalid, with its path.
        FileNotFoundError: there is no such folder.
    """

    def __init__(
        self,
        root: str,
        masks: str | None = None,
        boundary_value: int | float | None = None,
        labels: str | None = None,
        level: int = 0,
        threshold: float | None = None,
        thickness_px: int = 1,
        void: Value | None = None,
    ) -> None:
        if (masks is None) == (labels is None):
            raise ValueError(f"give either masks or labels, got masks={masks!r} and labels={labels!r}")
        if masks is not None and boundary_value is None:
            raise ValueError("masks need boundary_value: which of their two values is the boundary, e.g. 1")
        import_zarr()
        truth: Literal["mask", "labels"] = "labels" if masks is None else "mask"
        value = 255 if boundary_value is None else boundary_value
        super().__init__(Annotation(truth, value, threshold, thickness_px, void))
        self.root, self.truth, self.level = Path(root), masks or labels or "", level
        if not self.root.is_dir():
            raise FileNotFoundError(f"no such folder: {self.root}")

    def open_files(self) -> FileReader:
        """Return what reads the stores."""
        return FileReader(self.level)

    def list_entries(self, files: FileReader) -> tuple[list[Entry], list[str]]:
        """Return the planes of all stores, and the stores without the labels."""
        entries, problems = [], []
        for store in find_stores(self.root):
            try:
                entries += list(self._entries(store, files))
            except (ValueError, OSError) as error:
                problems.append(str(error))
        if not entries and not problems:
            problems.append(f"no OME-Zarr store in {self.root}: it needs folders that end with {SUFFIX}")
        return entries, problems

    def pixel_size(self, entry: Entry) -> PixelSize | None:
        """Return the size of an image's pixels, by its metadata."""
        return open_image(entry.image, self.level).pixel

    def _entries(self, store: Path, files: FileReader) -> Iterator[Entry]:
        with naming(store):
            image, names = open_image(store, self.level), label_names(store)
            if self.truth not in names:
                kind = "labels" if self.annotation.truth == "labels" else "masks"
                there = ", ".join(names) or "nothing"
                raise ValueError(f"no labels/{self.truth}: set {kind}: to a name under labels/, where there is {there}")
        truth = store / "labels" / self.truth
        of_truth = files.count_pages(truth)
        count = image.count(self.planes)
        if of_truth != count:
            raise ValueError(f"{truth}: {of_truth} plane(s), but its image has {count}: {remedy(of_truth)}")
        name = name_of(store)
        if count == 1:
            yield Entry(name, store, (truth,), 0, 0)
            return
        for section in range(count):
            yield Entry(page_name(name, section), store, (truth,), section, section)
