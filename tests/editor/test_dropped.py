"""The recipe in a file, with nothing but Python to read it."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.editor.dropped import recipe_of_file, settings_from_file
from scumble_protocol.editor.guides import ControlLayer
from scumble_protocol.editor.inscribed import PARAMETERS, RECORD, texts_of
from scumble_protocol.editor.parameters import parameters_of
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError
from scumble_protocol.guides import ControlKind
from tests.editor.recipes import A1111, png, record, upscale_record
from tests.editor.test_comfy_graph import GRAPH


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "picture"


def saved(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


def archive(file: Path, **members: str) -> Path:
    with zipfile.ZipFile(file, "w") as made:
        for name, text in members.items():
            made.writestr(f"scumble/{name}.json", text)
    return file


CHUNKS = {
    "plain": (b"tEXt", b"parameters\0" + A1111.encode("latin-1")),
    "packed": (b"zTXt", b"parameters\0\0" + zlib.compress(A1111.encode("latin-1"))),
    "international": (b"iTXt", b"parameters\0\0\0\0\0" + A1111.encode()),
    "packed and international": (
        b"iTXt",
        b"parameters\0\1\0de\0Parameter\0" + zlib.compress(A1111.encode()),
    ),
}


@pytest.mark.parametrize("kind", CHUNKS)
def test_every_kind_of_text_in_a_png_is_read(file: Path, kind: str) -> None:
    saved(file, png((b"IHDR", bytes(13)), CHUNKS[kind], (b"tEXt", b"Title\0x")))
    assert settings_from_file(file).seed == 1234567890
    assert texts_of(file)["Title"] == "x"


def test_our_record_says_more_than_the_text_beside_it(file: Path) -> None:
    ours = record(made={"seed": 5}, asked=Settings(padding=99))
    saved(file, png((b"tEXt", b"scumble\0" + ours.encode()), CHUNKS["plain"]))
    settings = settings_from_file(file)
    assert (settings.seed, settings.padding, settings.prompt) == (5, 99, "a cat")


def test_the_text_stands_in_for_a_record_that_is_no_regenerations(file: Path) -> None:
    for ours in (upscale_record(), "damaged"):
        chunk = (b"tEXt", b"scumble\0" + ours.encode())
        assert settings_from_file(saved(file, png(chunk, CHUNKS["plain"]))).seed == 1234567890
        with pytest.raises(RequestError, match="does not say how"):
            settings_from_file(saved(file, png(chunk)))


def test_what_was_made_without_a_model_has_no_settings(file: Path) -> None:
    ours = upscale_record()
    text = (b"tEXt", b"parameters\0" + parameters_of(ours, "0.1").encode())
    saved(file, png((b"tEXt", b"scumble\0" + ours.encode()), text))
    with pytest.raises(RequestError, match=r"picture was enlarged, .* without a diffusion"):
        recipe_of_file(file)


def test_guides_are_named_or_passed_over(file: Path) -> None:
    canny = ControlLayer(ControlKind.CANNY, "edges.png")
    ours = record(asked=Settings(controls=(canny,)))
    saved(file, png((b"tEXt", b"scumble\0" + ours.encode())))
    assert recipe_of_file(file).passed_over == ("controls",)
    recipe = recipe_of_file(file, guides=True)
    assert (recipe.said["controls"], recipe.passed_over) == ((canny,), ())


def test_comfyuis_graph_is_read(file: Path) -> None:
    saved(file, png((b"tEXt", b"prompt\0" + json.dumps(GRAPH).encode())))
    assert settings_from_file(file).prompt == "a cat"


def test_an_openraster_file_speaks_of_its_topmost_layer(file: Path) -> None:
    records = {"data/1.png": json.loads(record(made={"seed": 9})), "data/2.png": {}}
    assert settings_from_file(archive(file, requests=json.dumps(records))).seed == 9


@pytest.mark.parametrize("text", ["{}", "[1]", "{", "3"])
def test_an_openraster_file_with_odd_records_says_nothing(file: Path, text: str) -> None:
    assert texts_of(archive(file, requests=text)) == {}
    assert texts_of(archive(file, other="{}")) == {}


def test_tiff_says_it_in_its_description_and_in_xmp(file: Path) -> None:
    for order in "<>":
        texts = texts_of(saved(file, tiff(order, {270: b"Steps: 3\0", 700: xmp(record())})))
        assert texts[PARAMETERS] == "Steps: 3"
        assert json.loads(texts[RECORD]) == json.loads(record())


def test_jpeg_says_it_in_exif_and_in_xmp(file: Path) -> None:
    saved(
        file,
        b"\xff\xd8"
        + segment(0xE0, b"JFIF")
        + segment(0xE1, b"Exif\0\0" + exif(A1111))
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(record()))
        + segment(0xDA, b"")
        + b"\xff\xe1",
    )
    texts = texts_of(file)
    assert (texts[PARAMETERS], json.loads(texts[RECORD])) == (A1111, json.loads(record()))


def test_webp_says_it_in_chunks_of_their_own(file: Path) -> None:
    chunks = b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
        for kind, data in ((b"VP8L", b"abc"), (b"EXIF", exif(A1111)), (b"XMP ", xmp(record())))
    )
    texts = texts_of(saved(file, b"RIFF" + bytes(4) + b"WEBP" + chunks))
    assert (texts[PARAMETERS], json.loads(texts[RECORD])) == (A1111, json.loads(record()))


def test_a_comment_in_another_script_is_none_of_ours(file: Path) -> None:
    comment = tiff("<", {}, {0x9286: b"ASCII\0\0\0Steps: 3"})
    saved(file, b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + comment) + segment(0xE1, b"other"))
    assert texts_of(file) == {}


@pytest.mark.parametrize("data", [b"", b"abc", b"no picture at all", png(), b"II*\0"])
def test_what_says_nothing_is_told_in_one_sentence(file: Path, data: bytes) -> None:
    with pytest.raises(RequestError, match="picture does not say how it was made"):
        settings_from_file(saved(file, data))


def test_a_file_that_is_not_there_or_broken_is_told(file: Path) -> None:
    with pytest.raises(RequestError, match="can't be read: No such file"):
        settings_from_file(file)
    with pytest.raises(RequestError, match="can't be read: "):
        settings_from_file(saved(file, b"PK\x03\x04 broken"))


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"\xff\xd8", b"RIFF0000WEBP"]),
    st.one_of(
        st.binary(max_size=200),
        st.integers(0, 60).map(lambda cut: png(*CHUNKS.values())[8 : 8 + 50 * cut]),
        st.integers(0, 200).map(lambda cut: tiff("<", {270: b"x", 0x8769: b"\xff" * 4})[4:cut]),
    ),
)
def test_no_bytes_bring_more_than_texts(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, rest: bytes
) -> None:
    file = saved(tmp_path_factory.getbasetemp() / "any", head + rest)
    assert all(isinstance(text, str) for text in texts_of(file).values())


@pytest.mark.parametrize("cut", [4, 9, 15, 25])
def test_tags_that_are_cut_off_say_nothing(file: Path, cut: int) -> None:
    saved(file, tiff("<", {270: b"Steps: 3\0"})[:cut])
    assert texts_of(file) == {PARAMETERS: ""}


def test_tags_of_no_tiff_and_of_impossible_length_say_nothing(file: Path) -> None:
    endless = struct.pack("<HHHII", 1, 270, 2, 2**31, 8)
    assert texts_of(saved(file, b"II*\0\x08\0\0\0" + endless)) == {PARAMETERS: ""}
    saved(file, b"\xff\xd8" + segment(0xE1, b"Exif\0\0no TIFF"))
    assert texts_of(file) == {}


def test_a_damaged_packed_text_is_empty(file: Path) -> None:
    saved(file, png((b"zTXt", b"parameters\0\0nonsense")))
    assert texts_of(file) == {PARAMETERS: ""}


def xmp(text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace('"', "&quot;")
    return f'<rdf:Description scumble:record="{escaped}"/>'.encode()


def segment(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + struct.pack(">H", len(data) + 2) + data


def exif(text: str) -> bytes:
    return tiff(">", {}, {0x9286: b"UNICODE\0" + text.encode("utf-16-be")})


def tiff(order: str, tags: dict[int, bytes], exif_tags: dict[int, bytes] | None = None) -> bytes:
    """A TIFF of tags alone, those of Exif in a folder of their own."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    if exif_tags is None:
        return head + folder(order, tags, 8)
    inner = 8 + 2 + 12 + 4
    entry = struct.pack(order + "HHHIII", 1, 0x8769, 4, 1, inner, 0)
    return head + entry + folder(order, exif_tags, inner)


def folder(order: str, tags: dict[int, bytes], start: int) -> bytes:
    values = start + 2 + 12 * len(tags) + 4
    entries, data = b"", b""
    for tag, value in tags.items():
        entries += struct.pack(order + "HHI", tag, 7, len(value))
        if len(value) <= 4:
            entries += value.ljust(4, b"\0")
        else:
            entries += struct.pack(order + "I", values + len(data))
            data += value
    return struct.pack(order + "H", len(tags)) + entries + bytes(4) + data
