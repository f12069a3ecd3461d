"""Files by name: those of a folder, or of a pattern whose stars are the name."""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from seg.data.vendor_files import PLUGINS
from seg.data.zarr_store import is_zarr

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")

#: Between the parts of a name that come from folders and stars, e.g. patient1__section07.
SEPARATOR = "__"

_SHOWN = 3

Files = dict[str, list[Path]]


def find_files(root: Path, where: str) -> Files:
    """Return image files by name, sorted by path.

    In a folder, the name is that of the file without its suffix (.ome.tif is one suffix). In a pattern, the name is
    what the stars match, joined by two underscores: "*" matches within one part of a path, "**" any number of folders.
    A pattern that does not end with a suffix finds every suffix that can be read. Names are in Unicode's normal form C.

    Args:
        root: the folder to which `where` is relative.
        where: a folder or a pattern, e.g. "images", "raw/*_img.tif", "*/raw/**/*".

    Raises:
        FileNotFoundError: the folder before the first star does not exist.
    """
    parts = PurePosixPath(_normal(where if "*" in where else f"{where}/*")).parts
    fixed = list(itertools.takewhile(lambda part: "*" not in part, parts[:-1]))
    start, rest = _folder(root, fixed), parts[len(fixed) :]
    shape = _compile(rest)
    files: Files = {}
    for path in sorted(start.glob("**/*" if "**" in rest else "/".join("*" * len(rest)))):
        relative = _normal(path.relative_to(start).as_posix())
        match = None if relative.startswith(".") or "/." in relative else shape.fullmatch(relative)
        if match and path.is_file():
            files.setdefault(_name(match.groups()), []).append(path)
    return files


def name_of(path: Path) -> str:
    """Return the name of a file without its suffix, of which .ome.tif is one."""
    return _normal(path.stem).removesuffix(".ome")


def by_stem(folder: Path) -> Files:
    """Return the image files of a folder by their names without suffix; see `find_files`."""
    return find_files(folder, ".")


def describe_search(root: Path, where: str) -> str:
    """Return what was looked for in vain, and a few of the files that are there.

    Args:
        root: the folder to which `where` is relative.
        where: a folder or a pattern.
    """
    if "*" not in where:
        below = any(name.count("/") for name in _below(root / where))
        hint = f'; for those in folders below it, set "{where}/**/*"' if below else ""
        return f"no image in {root / where}: it needs files that end with {', '.join(SUFFIXES)}{hint}"
    there = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return f"no file matches {where} in {root}: it has {', '.join(there[:_SHOWN]) or 'no files'}"


def doubled(files: Files) -> Iterator[str]:
    """Name the files whose name another has."""
    for paths in files.values():
        for path in paths[1:]:
            yield f"{path}: the same name as {paths[0]}"


def _below(folder: Path) -> Iterator[str]:
    """Yield the paths of the images below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path.relative_to(folder).as_posix()


def suggest_patterns(images: Files, truths: Files) -> tuple[str, str] | None:
    """Return the patterns of file names by which all images and truths would pair, or None.

    Args:
        images: by name.
        truths: by name, none of which is the name of an image.
    """
    found = [_affixes(list(files)) for files in (images, truths)]
    cores = [
        {name[len(before) : len(name) - len(after)] for name in files}
        for files, (before, after) in zip((images, truths), found, strict=True)
    ]
    if not cores[0] or cores[0] != cores[1] or "" in cores[0]:
        return None
    first, second = (f"{before}*{after}" for before, after in found)
    return first, second


def _affixes(names: list[str]) -> tuple[str, str]:
    """Return what all names begin and end with, without the digits next to what differs."""
    before = _common_start(names).rstrip("0123456789")
    rests = [name[len(before) :][::-1] for name in names]
    after = _common_start(rests)[::-1].lstrip("0123456789")
    if len(names) == 1:  # nothing differs: the digits are the name
        number = re.search(r"\d+", names[0])
        before, after = (names[0][: number.start()], names[0][number.end() :]) if number else ("", "")
    return before, after


def _common_start(names: list[str]) -> str:
    columns = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    return "".join(column[0] for column in columns)


def _folder(root: Path, parts: list[str]) -> Path:
    """Return a folder by its parts, in whatever normal form it is spelled on the disk."""
    folder = root
    for part in parts:
        exact = folder / part
        folder = exact if exact.exists() or not folder.is_dir() else _spelled(folder, part) or exact
    if not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}{_instead(root, folder.name)}")
    return folder


def _instead(root: Path, name: str) -> str:
    """Return what helps where a folder has not the one of a name."""
    there = [path for path in sorted(root.iterdir()) if path.is_dir() and path.name[0] != "."] if root.is_dir() else []
    if not there:
        return ": set root:"
    if any(is_zarr(path) for path in there):
        return ": for OME-Zarr, set class_path: seg.data.ome_zarr.OmeZarr"
    if any((path / name).is_dir() for path in there):
        objects = "seg.data.objects.ObjectFolders if each mask is one object"
        return f', but {there[0].name}/{name} and the like: set class_path: {objects}, else "*/{name}/*"'
    names = ", ".join(path.name for path in there[:_SHOWN])
    return f": set it to one of the folders in {root}, e.g. {names}"


def _spelled(folder: Path, name: str) -> Path | None:
    return next((path for path in folder.iterdir() if _normal(path.name) == name), None)


def _compile(parts: tuple[str, ...]) -> re.Pattern[str]:
    *folders, last = parts
    suffix = PurePosixPath(last).suffix
    any_suffix = "" if suffix and "*" not in suffix else "(?i:" + "|".join(map(re.escape, (*SUFFIXES, *PLUGINS))) + ")"
    expressions = [r"(?:(.+)/)?" if part == "**" else f"{_stars(part)}/" for part in folders]
    return re.compile("".join(expressions) + _stars(last.removesuffix(".*") if any_suffix else last) + any_suffix)


def _stars(part: str) -> str:
    return re.escape(re.sub(r"\*+", "*", part)).replace(r"\*", "([^/]+)")


def _name(captured: tuple[str | None, ...]) -> str:
    parts = [part.removesuffix(".ome").replace("/", SEPARATOR) for part in captured if part]
    return SEPARATOR.join(part for part, _ in itertools.groupby(parts))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
