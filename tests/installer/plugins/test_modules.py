"""A plugin carries the modules that are needed and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_installer.plugins.imports import Import
from scumble_installer.plugins.modules import reached_modules

SOURCES = {
    "__init__.py": "",
    "lonely.py": "",
    "a.py": "import os\nfrom .sub import deep\nfrom typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from . import lonely\n",
    "b.py": "def later():\n    import pack.c\n",
    "c.py": "from pack import missing\nfrom elsewhere import lonely\n",
    "sub/__init__.py": "from ..b import *\n",
    "sub/deep.py": "from . import deep\nfrom .. import a\n",
    "sub/lonely.py": "",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        file = tmp_path / "pack" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path / "pack"


def names(package: Path, *roots: Import) -> set[str]:
    return {file.relative_to(package).as_posix() for file in reached_modules(package, roots)}


def test_modules_are_followed_with_their_parents(package: Path) -> None:
    assert names(package, Import("pack.a")) == {
        "__init__.py",
        "a.py",
        "b.py",
        "c.py",
        "sub/__init__.py",
        "sub/deep.py",
    }


def test_name_that_is_a_module_is_followed(package: Path) -> None:
    assert names(package, Import("pack", names=("c", "nothing"))) == {"__init__.py", "c.py"}


def test_other_packages_lead_nowhere(package: Path) -> None:
    assert names(package, Import("package.a"), Import("os")) == set()
