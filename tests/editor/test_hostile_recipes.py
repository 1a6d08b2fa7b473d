"""Whatever the texts in a picture say, using it again gives settings or one sentence."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.editor.comfy_graph import read_graph
from scumble_protocol.editor.dropped import recipe_of_file
from scumble_protocol.editor.foreign_recipe import read_parameters
from scumble_protocol.editor.inscribed import ORA_RECORDS, texts_of
from scumble_protocol.editor.parameters import parameters_of
from scumble_protocol.editor.record import settings_of_layer, with_guides
from scumble_protocol.editor.settings import Settings
from scumble_protocol.editor.styles import read_style
from scumble_protocol.errors import RequestError
from tests.editor.recipes import A1111, png, record, upscale_record
from tests.editor.test_comfy_graph import GRAPH
from tests.fuzz.script import ODD, bent, places

RECORDS: tuple[dict[str, Any], ...] = tuple(
    json.loads(text)
    for text in (record(), record(made={"prompt": "x"}, hires=0.4, clip_skip=2), upscale_record())
)
NESTED = "[" * 100_000
odd_values = st.integers(0, len(ODD))


@st.composite
def bent_twice(draw: st.DrawFn, maps: tuple[dict[str, Any], ...]) -> str:
    """The JSON of one of these maps, with two values of it odd or missing."""
    fields = draw(st.sampled_from(maps))
    for _ in range(2):
        if paths := list(places(fields)):
            fields = bent(fields, draw(st.sampled_from(paths)), draw(odd_values))
    return json.dumps(fields, default=str)


@given(text=bent_twice(RECORDS))
def test_any_record_gives_settings_or_one_sentence(text: str) -> None:
    with contextlib.suppress(RequestError):
        parameters_of(text, "1")
    with contextlib.suppress(RequestError):
        with_guides(settings_of_layer(text), text)


@given(text=bent_twice((GRAPH,)))
def test_any_graph_gives_settings_or_one_sentence(text: str) -> None:
    with contextlib.suppress(RequestError):
        assert isinstance(read_graph(text).settings, Settings)


@given(text=st.text() | st.text(alphabet='Steps: 1,2\n"').map(lambda tail: A1111 + tail))
def test_any_text_of_parameters_gives_settings_or_one_sentence(text: str) -> None:
    with contextlib.suppress(RequestError):
        assert isinstance(read_parameters(text).settings, Settings)


@pytest.mark.parametrize("name", [b"scumble", b"prompt"])
def test_json_that_is_nested_without_end_is_one_sentence(name: bytes, tmp_path: Path) -> None:
    file = tmp_path / "nested.png"
    file.write_bytes(png((b"tEXt", name + b"\0" + NESTED.encode())))
    with pytest.raises(RequestError):
        recipe_of_file(file)


def test_a_nested_record_of_an_archive_is_none(tmp_path: Path) -> None:
    file = tmp_path / "nested.ora"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(ORA_RECORDS, NESTED)
    assert texts_of(file) == {}


def test_a_nested_style_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "nested.json"
    file.write_text('{"title":' + NESTED)
    with pytest.raises(RequestError, match="nested"):
        read_style(file)


def test_an_endless_style_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "endless.json"
    with file.open("wb") as opened:
        opened.truncate(2**40)  # which takes no space on the disk
    with pytest.raises(RequestError, match="endless"):
        read_style(file)


def test_many_packed_texts_are_read_up_to_a_limit(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(2**24))
    chunks = [(b"zTXt", f"text {number}".encode() + b"\0\0" + bomb) for number in range(40)]
    file = tmp_path / "bomb.png"
    file.write_bytes(png((b"tEXt", b"parameters\0" + A1111.encode()), *chunks))
    texts = texts_of(file)
    assert texts["parameters"].startswith("a cat")
    assert sum(map(len, texts.values())) <= 2**25


def archived(packing: int = zipfile.ZIP_DEFLATED, text: str = "") -> bytes:
    """An OpenRaster picture with a record."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packing) as archive:
        archive.writestr(ORA_RECORDS, text or json.dumps({"data/000.png": RECORDS[0]}))
        archive.writestr("../../outside", "x")
    return made.getvalue()


@given(
    places=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=4),
    packing=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]),
)
def test_a_damaged_archive_has_texts_or_is_one_sentence(
    places: list[tuple[int, int]], packing: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(archived(packing))
    for place, value in places:
        data[4 + place % (len(data) - 4)] = value
    file = tmp_path_factory.getbasetemp() / "damaged.ora"
    file.write_bytes(data)
    with contextlib.suppress(RequestError):
        texts_of(file)


@pytest.mark.parametrize(("offset", "value"), [(8, 1), (8, 32)])
def test_an_archive_of_a_strange_kind_is_one_sentence(
    offset: int, value: int, tmp_path: Path
) -> None:
    """Encrypted, or a patch of another file."""
    data = bytearray(archived())
    central = data.index(b"PK\x01\x02")
    data[central + offset] = data[6 + offset - 8] = value
    file = tmp_path / "strange.ora"
    file.write_bytes(data)
    with pytest.raises(RequestError, match="strange"):
        texts_of(file)


@pytest.mark.parametrize("said", [2**28, 100])
def test_a_bomb_in_an_archive_is_none_whatever_size_it_says(said: int, tmp_path: Path) -> None:
    data = bytearray(archived(text="[" + " " * 2**28))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = said.to_bytes(4, "little")
    file = tmp_path / "bomb.ora"
    file.write_bytes(data)
    with contextlib.suppress(RequestError):
        assert texts_of(file) == {}
