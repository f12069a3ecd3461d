"""A table of files, CSV or Parquet: which image belongs to which truth, group and split."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from seg.data.annotation import Annotation, Entry
from seg.data.file_reader import FileReader
from seg.data.files import FileSource
from seg.data.pairing import SEPARATOR, name_of
from seg.data.predictions import shorten
from seg.data.split import Split, SplitIndices
from seg.data.truth import Value

_SPLITS = ("train", "val", "test")
_TRUTHS: dict[str, Literal["mask", "labels"]] = {"mask": "mask", "labels": "labels"}


class Manifest(FileSource):
    """The images of a table, CSV or Parquet (by the suffix .parquet), in the order of its rows.

    Columns: image, and mask or labels: paths, relative to the file. Optional: name (default: that of the image),
    group (comes before the name: GROUP__NAME), page (from 0: of the image, and of the truth where it has several),
    channel (of a color image: 0, 1 or 2), split (see `ManifestSplit`). Others are ignored.

    Args:
        path: of the table.
        boundary_value: value or color of the boundary in masks, see `seg.data.folder.ImageFolder`.
        threshold: between boundary and background, for masks with smoothed edges or saved as JPEG.
        thickness_px: depth of the boundary derived from labels, in pixels.
        void: value or color of the pixels of masks or labels that nobody annotated.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it lacks a column, or boundary_value is missing. At the first access: every row and file that is
            invalid.
    """

    def __init__(
        self,
        path: str,
        boundary_value: Value | None = None,
        threshold: float | None = None,
        thickness_px: int = 1,
        void: Value | None = None,
    ) -> None:
        self.path = Path(path)
        columns = next(iter(_read_rows(self.path)), {}).keys()
        found = [column for column in _TRUTHS if column in columns]
        if "image" not in columns or len(found) != 1:
            raise ValueError(
                f"{self.path}: needs the columns image and either mask or labels, and a row: it has "
                f"{', '.join(columns) or 'none'}"
            )
        if found == ["mask"] and boundary_value is None:
            raise ValueError("masks need boundary_value: which of their two values is the boundary, e.g. 0 or 255")
        self.truth_column = found[0]
        value = 255 if boundary_value is None else boundary_value
        super().__init__(Annotation(_TRUTHS[found[0]], value, threshold, thickness_px, void))

    def list_entries(self, files: FileReader) -> tuple[list[Entry], list[str]]:
        """Return the rows, and those that cannot be read."""
        entries, problems = [], []
        for line, row in enumerate(_read_rows(self.path), start=2):
            try:
                entries.append(self._entry(row, files))
            except (ValueError, OSError) as error:
                problems.append(f"{self.path} row {line}: {error}")
        return entries, problems

    def _entry(self, row: dict[str, str], files: FileReader) -> Entry:
        image, truth = (_file(self.path.parent, row, column) for column in ("image", self.truth_column))
        page, channel = _number(row, "page"), _number(row, "channel")
        truth_page = page if page is not None and files.count_pages(truth) > 1 else None
        return Entry(_name(row), image, (truth,), page, truth_page, channel)


class ManifestSplit(Split):
    """The split that stands in the manifest's column split: train, val, test, or nothing for images left out.

    Args:
        path: of the table that is the source; see `Manifest`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: rows have no such split; lists them.
    """

    def __init__(self, path: str) -> None:
        rows = list(_read_rows(Path(path)))
        offenders = [f"row {line} has {row.get('split')!r}" for line, row in enumerate(rows, start=2) if not _fits(row)]
        if offenders:
            raise ValueError(
                f"{path}: the column split holds train, val, test or nothing: {shorten(offenders)}; correct it, or "
                "choose another split, e.g. seg.data.split.GroupSplit"
            )
        self.path, self.split_of = path, {_name(row): row["split"] for row in rows}
        self.group_of = {_name(row): row.get("group") or _name(row) for row in rows}

    def assign(self, names: Sequence[str]) -> SplitIndices:
        """Return the images of each split."""
        unknown = [name for name in names if name not in self.split_of]
        if unknown:
            raise ValueError(f"{self.path} has no row for {shorten(unknown)}: give source and split the same path")
        members = {part: [index for index, name in enumerate(names) if self.split_of[name] == part] for part in _SPLITS}
        empty = [part for part in _SPLITS if not members[part]]
        if empty:
            raise ValueError(f"{self.path}: no image has split {' or '.join(empty)}: enter it in the column split")
        return SplitIndices(**members)

    def groups(self, names: Sequence[str]) -> list[str]:
        """Return what the column group says of each image; an image without a group is its own."""
        return [self.group_of[name] for name in names]


def _read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Return the rows by column, without blanks around values; missing values are empty."""
    if path.suffix.lower() == ".parquet":
        yield from _read_parquet(path)
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, restkey="", restval=""):
            yield {column.strip(): value.strip() for column, value in row.items() if column}


def _read_parquet(path: Path) -> Iterator[dict[str, str]]:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise ValueError(f"{path}: a Parquet file needs pyarrow: pip install 'septum[parquet]', or save CSV") from error
    with path.open("rb") as file:
        try:
            rows = parquet.read_table(file).to_pylist()
        except ArrowException as error:
            raise ValueError(f"{path} is no Parquet file: save it again, or as CSV") from error
    for row in rows:
        yield {str(column).strip(): _text(value) for column, value in row.items()}


def _text(value: Any) -> str:
    """Return a value as it would stand in a CSV file; numbers with gaps become floating-point in many tools."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def _name(row: dict[str, str]) -> str:
    name = row.get("name") or _default_name(row)
    return f"{row['group']}{SEPARATOR}{name}" if row.get("group") else name


def _default_name(row: dict[str, str]) -> str:
    """Return the image's name, with the page as in a stack and the channel where they are given."""
    page, channel = row.get("page", ""), row.get("channel", "")
    return name_of(Path(row.get("image", ""))) + (f"-{page:0>4}" if page else "") + (f"-c{channel}" if channel else "")


def _fits(row: dict[str, str]) -> bool:
    return row.get("split") in (*_SPLITS, "")


def _file(folder: Path, row: dict[str, str], column: str) -> Path:
    if not row[column]:
        raise ValueError(f"no {column}: fill it in, or leave the row out")
    path = folder / row[column]
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    return path


def _number(row: dict[str, str], column: str) -> int | None:
    text = row.get(column, "")
    if text and not text.isdecimal():
        raise ValueError(f"{column} must be a number from 0, got {text!r}")
    return int(text) if text else None
