"""Names that lead elsewhere: nothing outside of the folders is opened for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.catalog import Catalog
from scumble_server.models.file_names import is_inside, is_plain
from scumble_server.models.sources import FolderSource
from tests.server.models.checkpoints import make_folder
from tests.timing import IS_NIGHTLY, MS

EXAMPLES = 3000 if IS_NIGHTLY else 200
STRANGE = [
    "..", ".", "", "a/b", "a\\b", "C:a", "NUL", "nul.json", "com1", "a.", "a ", "a\0", "a\nb",
    "a" * 300, "CON .txt", "a:b", "a?", "LPT9", "COM¹",
]  # fmt: skip


def test_no_name_from_elsewhere_opens_a_file_outside_of_its_folder(tmp_path: Path) -> None:
    ended = subprocess.run(
        (sys.executable, "-m", "tests.fuzz.names_probe", str(tmp_path), str(EXAMPLES)),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=240_000 * MS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert int(ended.stdout) > 10 * EXAMPLES


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_name_is_no_plain_one(name: str) -> None:
    assert not is_plain(name)


@given(name=st.text())
def test_a_plain_name_is_one_part_on_every_system(name: str) -> None:
    if is_plain(name):
        assert PurePosixPath(name).parts == PureWindowsPath(name).parts == (name,)


@pytest.mark.parametrize(
    "path", ["/etc/a.json", "unet/../../a.json", "unet//a.json", "unet\\..\\a.json", "unet/NUL"]
)
def test_a_file_of_a_hub_that_leads_out_of_its_folder_is_none(path: str) -> None:
    assert not is_inside(path)
    assert is_inside("unet/config.json")


def test_paths_are_for_the_users_of_this_machine_alone(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "elsewhere")
    (tmp_path / "models").mkdir()
    private = Catalog([tmp_path / "models"], tmp_path / "none")
    assert isinstance(private.find(str(folder)), FolderSource)
    public = Catalog([tmp_path / "models"], tmp_path / "none", is_private=False)
    with pytest.raises(RequestError) as refused:
        public.find(str(folder))
    assert refused.value.code is ErrorCode.UNKNOWN_MODEL
    assert "path" not in refused.value.hint
    assert len(public.list({str(folder)})) == len(public.list())


def test_links_that_a_user_put_into_the_folder_are_followed(tmp_path: Path) -> None:
    """Models are large, and many keep them on another disk; only they can put a link there."""
    folder = make_folder(tmp_path / "elsewhere")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "linked").symlink_to(folder, target_is_directory=True)
    public = Catalog([tmp_path / "models"], tmp_path / "none", is_private=False)
    assert isinstance(public.find("linked"), FolderSource)


@pytest.mark.parametrize("name", ["a\0b", "~nobody-of-that-name/x", "x" * 5000, "x/" * 2500])
def test_a_name_that_no_path_can_have_is_unknown(name: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError) as refused:
        Catalog([tmp_path], tmp_path / "none").find(name)
    assert refused.value.code in {ErrorCode.UNKNOWN_MODEL, ErrorCode.UNSUPPORTED_MODEL}
    assert len(str(refused.value)) < 300 + len(str(tmp_path))
