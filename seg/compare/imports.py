"""Find the source files that a class depends on, by reading import statements."""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, resolve_name
from pathlib import Path

_PROJECT = ("losses", "seg")  # followed wherever they are installed: their version stays the same during development


@dataclass(frozen=True)
class _Source:
    name: str
    package: str  # to which its relative imports refer
    sha256: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.name == self.package


class Imports:
    """Follows the imports of Septum's and the user's modules; installed packages and the standard library are left out.

    Nothing is executed but the `__init__` of packages. An import within a function counts, one by
    `importlib.import_module` does not. A package's `__init__` that only re-exports does not count: the module in which
    the imported class is defined counts instead, so that `losses/__init__` may list further losses.
    """

    def __init__(self) -> None:
        self._sources: dict[str, _Source | None] = {}

    def hashes(self, modules: Iterable[str]) -> dict[str, str]:
        """Return module -> first digits of the sha256 of its source, for modules and whatever they import."""
        found: dict[str, str] = {}
        waiting = list(modules)
        while waiting:
            source = self._read(waiting.pop())
            if source and source.name not in found:
                found[source.name] = source.sha256[:16]
                waiting += [*self._imported_by(source), *self._parents(source)]
        return dict(sorted(found.items()))

    def defining(self, class_path: str) -> str:
        """Return the module in which the class of a class path is defined."""
        parts = class_path.split(".")
        for end in range(len(parts) - 1, 0, -1):
            module = ".".join(parts[:end])
            if self._read(module):
                return self._defining(module, parts[end])
        return parts[0]

    def _imported_by(self, source: _Source) -> Iterator[str]:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (self._defining(_base(node, source), alias.name) for alias in node.names)

    def _defining(self, module: str, name: str) -> str:
        """Return the module that defines what `from module import name` imports."""
        source = self._read(module)
        if source and source.is_package and (origin := _reexported(source, name)):
            return self._defining(*origin)
        return submodule if self._read(submodule := f"{module}.{name}") else module

    def _parents(self, source: _Source) -> Iterator[str]:
        """Return the packages around a module whose `__init__` does more than to re-export."""
        parent = source.name.rpartition(".")[0]
        while parent:
            if (package := self._read(parent)) and not all(map(_only_reexports, package.tree.body)):
                yield parent
            parent = parent.rpartition(".")[0]

    def _read(self, module: str) -> _Source | None:
        if module not in self._sources:
            self._sources[module] = _parse(module)
        return self._sources[module]


def _parse(module: str) -> _Source | None:
    """Return the source of a module; None if there is none, or if it belongs to an installed package."""
    spec = None if is_installed(module.partition(".")[0]) else _find(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    content = Path(spec.origin).read_bytes()
    package = module if spec.submodule_search_locations is not None else module.rpartition(".")[0]
    return _Source(module, package, hashlib.sha256(content).hexdigest(), ast.parse(content))


def is_installed(package: str) -> bool:
    """Return whether a top-level package is one of the standard library or an installed one that is not Septum's."""
    if package in sys.stdlib_module_names:
        return True
    spec = None if package in _PROJECT else _find(package)
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return any({"site-packages", "dist-packages"} & set(Path(place).parts) for place in places if place)


def _find(module: str) -> ModuleSpec | None:
    try:
        return find_spec(module)
    except (ImportError, ValueError):
        return None


def _base(node: ast.ImportFrom, source: _Source) -> str:
    relative = "." * node.level + (node.module or "")
    return resolve_name(relative, source.package) if node.level else relative


def _reexported(source: _Source, name: str) -> tuple[str, str] | None:
    """Return the module and the name that a package's `__init__` re-exports as `name`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if name == (alias.asname or alias.name) and (_base(node, source), alias.name) != (source.name, name):
                    return _base(node, source), alias.name
    return None


def _only_reexports(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name.startswith("__")  # __all__, __version__
    return False
