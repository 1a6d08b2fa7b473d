"""Files are found by the names that prompts give them."""

from __future__ import annotations

import pytest

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.prompts.library import Library


def test_a_wildcard_is_its_file_s_lines_without_remarks(library: Library) -> None:
    assert library.wildcards is not None
    text = "\ufeff# colours\n\n red \n{dark|light} blue\n#grey\n"
    (library.wildcards / "colour.txt").write_text(text, "utf-8")
    assert library.lines("colour") == ("red", "{dark|light} blue")


def test_files_in_folders_have_two_names_and_capitals_don_t_matter(library: Library) -> None:
    assert library.loras is not None
    file = library.loras / "ink" / "Sumi-e v1.2.safetensors"
    file.parent.mkdir()
    file.touch()
    for name in ("Sumi-e v1.2", "ink/Sumi-e v1.2", "sumi-e V1.2"):
        assert library.lora(name) == file


def test_pickles_are_not_seen(library: Library) -> None:
    assert library.embeddings is not None
    (library.embeddings / "ink.pt").touch()
    (library.embeddings / "wood.safetensors").touch()
    assert library.embedding_files().keys() == {"wood"}


def test_an_unknown_name_is_told_with_the_nearest_that_there_is(library: Library) -> None:
    assert library.loras is not None
    for name in ("ink-wash", "photo"):
        (library.loras / f"{name}.safetensors").touch()
    with pytest.raises(RequestError, match="There is no LoRA 'inkwash'") as raised:
        library.lora("inkwash")
    assert raised.value.hint == "Did you mean ink-wash?"
    with pytest.raises(RequestError) as raised:
        library.lora("zzz")
    assert raised.value.hint == "There is ink-wash, photo."


def test_where_there_is_nothing_the_folder_to_fill_is_named(library: Library) -> None:
    with pytest.raises(RequestError) as raised:
        library.lora("ink")
    assert raised.value.hint == f"Put one into {library.loras}."
    with pytest.raises(RequestError, match="no folder"):
        Library().lines("colour")


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "..", "a/../../secret"])
def test_no_name_leads_out_of_the_folder(name: str, library: Library) -> None:
    assert library.wildcards is not None
    (library.wildcards.parent / "secret.txt").write_text("token")
    with pytest.raises(RequestError) as raised:
        library.lines(name)
    assert raised.value.code is ErrorCode.INVALID_VALUE


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe\x00"])
def test_a_wildcard_without_lines_is_refused(content: bytes, library: Library) -> None:
    assert library.wildcards is not None
    (library.wildcards / "colour.txt").write_bytes(content)
    with pytest.raises(RequestError, match=r"colour\.txt"):
        library.lines("colour")
