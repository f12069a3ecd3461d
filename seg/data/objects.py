"""One mask for each object, as annotation tools and the 2018 Data Science Bowl save them."""

from pathlib import Path
from typing import Literal

from seg.data.annotation import Annotation, Entry
from seg.data.file_reader import FileReader
from seg.data.files import FileSource
from seg.data.pairing import SUFFIXES, find_files


class ObjectFolders(FileSource):
    """Images with a file for each object: NAME/images/*.png with NAME/masks/*.png.

    Whatever is not black in a file is the object. Where two objects overlap, the smaller one is kept whole. An image
    without any object is allowed, its folder of masks may then be missing.

    Args:
        root: the folder that contains a folder for each image.
        images: the folder of the image in each of these.
        masks: the folder of its objects.
        threshold: the smallest value of an object, for masks with smoothed edges or saved as JPEG, e.g. 128.
        thickness_px: depth of the boundary derived from the objects, in pixels.
        only_channels: use only images with 1 or 3 channels.

    Raises:
        FileNotFoundError: the folder does not exist.
        ValueError: at the first access: every file that is missing, unreadable or invalid, with its path.
    """

    def __init__(
        self,
        root: str,
        images: str = "images",
        masks: str = "masks",
        threshold: float | None = None,
        thickness_px: int = 1,
        only_channels: Literal[1, 3] | None = None,
    ) -> None:
        super().__init__(Annotation("objects", threshold=threshold, thickness_px=thickness_px), only_channels)
        self.root, self.images, self.masks = Path(root), images, masks
        if not self.root.is_dir():
            raise FileNotFoundError(f"no such folder: {self.root}")

    def list_entries(self, files: FileReader) -> tuple[list[Entry], list[str]]:
        """Return the folders with their objects, and those without exactly one image."""
        entries, problems = [], []
        for folder in sorted(path for path in self.root.iterdir() if path.is_dir() and path.name[0] != "."):
            images, masks = _files(folder / self.images), _files(folder / self.masks)
            if len(images) == 1:
                entries.append(Entry(folder.name, images[0], tuple(masks)))
            else:
                problems.append(f"{folder / self.images}: one image is needed, found {len(images)}: {_REMEDY}")
        if not entries and not problems:
            problems.append(f"{self.root}: no folder NAME/{self.images} with an image ({', '.join(SUFFIXES)})")
        return entries, problems


_REMEDY = "set root: to what holds a folder for each image, and images: to the folder in it that has one"


def _files(folder: Path) -> list[Path]:
    return [path for paths in find_files(folder, ".").values() for path in paths] if folder.is_dir() else []
