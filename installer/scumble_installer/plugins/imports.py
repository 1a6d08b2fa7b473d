"""Finds the imports of a Python source, and leads some of them into a private package."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import accumulate

from scumble_installer.errors import BundleError

# What may stand between `from` and the name of the module.
_FROM = re.compile(rb"from(?:[ \t\f]|\\\r?\n)+")

_BY_NAME = ("import_module", "__import__")
"""Functions that import what a string names; a string can't be led anywhere."""


@dataclass(frozen=True)
class Import:
    """What one statement imports.

    Args:
        module: The module as it is written; empty in `from . import x`.
        level: The number of leading dots, 0 for an absolute import.
        names: The names that are taken out of the module; none in `import module`.
    """

    module: str
    level: int = 0
    names: tuple[str, ...] = ()

    @property
    def top(self) -> str:
        """The top-level package of an absolute import."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class _Edit:
    """Bytes from `start` up to `end` that give way to others."""

    start: int
    end: int
    text: bytes


def find_imports(source: bytes, *, at_run_time: bool = False) -> tuple[Import, ...]:
    """Every import of a source, wherever it stands.

    Args:
        source: A module's source in UTF-8.
        at_run_time: Leave out what stands under `if TYPE_CHECKING:`.
    """
    tree = ast.parse(source)
    skipped = _for_type_checkers(tree) if at_run_time else set[int]()
    return tuple(
        found
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in skipped
        for found in _imports_of(node)
    )


def lead_into(package: str, tops: Collection[str], source: bytes) -> bytes:
    """The source with its absolute imports from `tops` turned to `package.TOP` instead.

    The names that the module binds stay the same, and so does everything else in it.

    Args:
        package: The private package by its full name: `scumble_krita._vendor`.
        tops: Top-level packages: `msgpack`.
        source: A module's source in UTF-8.

    Raises:
        BundleError: The source imports from one of `tops` by a string.
    """
    source = source.removeprefix(b"\xef\xbb\xbf")
    tree = ast.parse(source)
    _refuse_strings(tree, tops)
    for edit in sorted(_edits(tree, package, tops, source), key=lambda e: e.start, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


def _edits(tree: ast.Module, package: str, tops: Collection[str], source: bytes) -> Iterator[_Edit]:
    # The columns of `ast` count bytes, and its lines end where those of bytes do.
    starts = (0, *accumulate(map(len, source.splitlines(keepends=True))))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if not any(found.level == 0 and found.top in tops for found in _imports_of(node)):
            continue
        start = starts[node.lineno - 1] + node.col_offset
        if isinstance(node, ast.ImportFrom):
            before = _FROM.match(source, start)
            assert before is not None  # noqa: S101  (such a node begins with `from`)
            yield _Edit(before.end(), before.end(), f"{package}.".encode())
        else:
            end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
            yield _Edit(start, end, "; ".join(_again(node, package, tops)).encode())


def _again(node: ast.Import, package: str, tops: Collection[str]) -> Iterator[str]:
    """`import a, b.c as d` as one statement for each module."""
    for alias in node.names:
        top = alias.name.partition(".")[0]
        if top not in tops:
            yield ast.unparse(ast.Import([alias]))
        elif alias.asname:
            yield f"import {package}.{alias.name} as {alias.asname}"
        else:
            if alias.name != top:
                # Only loads the module; the next statement gives the name its meaning.
                yield f"import {package}.{alias.name} as {top}"
            yield f"from {package} import {top}"


def _imports_of(node: ast.Import | ast.ImportFrom) -> tuple[Import, ...]:
    if isinstance(node, ast.Import):
        return tuple(Import(alias.name) for alias in node.names)
    return (Import(node.module or "", node.level, tuple(alias.name for alias in node.names)),)


def _for_type_checkers(tree: ast.Module) -> set[int]:
    """The ids of the nodes that no running program comes to."""
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        if not isinstance(node.test, ast.UnaryOp)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _refuse_strings(tree: ast.Module, tops: Collection[str]) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first = node.args[0]
        if (
            isinstance(first, ast.Constant)
            and str(first.value).partition(".")[0] in tops
            and ast.unparse(node.func).rpartition(".")[2] in _BY_NAME
        ):
            raise BundleError(
                f"Line {node.lineno} imports {first.value!r} by a string, which can't be led "
                "into the plugin's own copy.",
                "Write it as an import statement.",
            )
