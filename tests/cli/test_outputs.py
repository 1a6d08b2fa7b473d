"""Results get names that nothing has, unless the user says which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scumble_cli.outputs import Destination
from scumble_protocol.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path


def destination(folder: Path, asked: str | None = None, *, overwrite: bool = False) -> Destination:
    (folder / "cat.jpg").touch()
    named = folder / asked if asked else None
    return Destination(folder / "cat.jpg", named, "scumble", overwrite)


def names(files: tuple[Path, ...]) -> list[str]:
    return [file.name for file in files]


def test_results_lie_beside_the_picture(tmp_path: Path) -> None:
    files = destination(tmp_path).files(1)
    assert files == (tmp_path / "cat-scumble-1.png",)


def test_names_in_use_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "cat-scumble-2.png").touch()
    assert names(destination(tmp_path).files(1)) == ["cat-scumble-1.png"]
    assert names(destination(tmp_path).files(2)) == ["cat-scumble-3.png", "cat-scumble-4.png"]


def test_named_file_is_taken_as_it_is(tmp_path: Path) -> None:
    there = destination(tmp_path, "hat.TIFF")
    assert there.suffix == ".tiff"
    assert names(there.files(1)) == ["hat.TIFF"]


def test_variations_of_a_named_file_are_numbered(tmp_path: Path) -> None:
    assert names(destination(tmp_path, "hat.png").files(2)) == ["hat-1.png", "hat-2.png"]


@pytest.mark.parametrize(("number", "taken"), [(1, "hat.png"), (3, "hat-3.png")])
def test_file_that_is_there_is_kept(number: int, taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).touch()
    with pytest.raises(RequestError, match="is there already"):
        destination(tmp_path, "hat.png").files(number)
    assert destination(tmp_path, "hat.png", overwrite=True).files(number)


def test_picture_itself_is_kept(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is the picture itself"):
        destination(tmp_path, "cat.jpg").files(1)


def test_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "hats.png").mkdir()
    with pytest.raises(RequestError, match="is a folder"):
        destination(tmp_path, "hats.png", overwrite=True).files(1)


def test_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="There is no folder"):
        destination(tmp_path, "hats/hat.png").files(1)
