"""What `scumble info` makes of files, whoever wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scumble_cli.arguments import parse
from scumble_cli.commands import info
from scumble_cli.pictures.inscription import inscription_of
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.messages import Pass
from tests.editor.recipes import A1111, png, record, two_passes, upscale_record
from tests.editor.test_comfy_graph import GRAPH


def told(file: Path, data: bytes, *options: str, capsys: pytest.CaptureFixture[str]) -> str:
    file.write_bytes(data)
    assert info.run(parse(["info", str(file), *options])) == 0
    return capsys.readouterr().out


def inscribed(said: str) -> bytes:
    plain, inscription = png(), inscription_of(said)
    assert inscription is not None
    return plain[:8] + inscription.png_chunks() + plain[8:]


def text(name: bytes, said: str) -> bytes:
    return png((b"tEXt", name + b"\0" + said.encode()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "picture.png"


def test_a_file_of_a1111s_is_shown_as_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(file, text(b"parameters", A1111), capsys=capsys) == f"{A1111}\n"


def test_passes_and_notes_are_shown_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = json.loads(record(made={"passes": two_passes(512)}))
    said["notes"] = ["Half the size."]
    lines = told(file, inscribed(json.dumps(said)), capsys=capsys).splitlines()
    assert lines[-3:] == [
        "Pass: composition at 512x512, strength 1, 20 steps",
        "Pass: detail at 64x64, strength 0.4, 8 steps",
        "Note: Half the size.",
    ]


def test_networks_that_take_no_steps_are_shown_by_name(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passes = (Pass("starter-4x", Size(256, 256), 0.0, 0), *two_passes(512)[1:])
    lines = told(file, inscribed(record(made={"passes": passes})), capsys=capsys).splitlines()
    assert lines[-2:] == ["Pass: starter-4x", "Pass: detail at 64x64, strength 0.4, 8 steps"]


def test_a_graph_is_shown_as_the_settings_that_it_means(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(file, text(b"prompt", json.dumps(GRAPH)), capsys=capsys).splitlines()
    assert {"prompt: a cat", "negative: dogs", "sampler: euler_a", "seed: 42"} <= set(lines)
    assert "grow: 4" not in lines


def test_json_has_the_text_the_record_and_the_settings(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = json.loads(told(file, inscribed(record()), "--json", capsys=capsys))
    assert fields["parameters"].startswith("a cat\nSteps: 20")
    assert fields["record"]["kind"] == "regenerate"
    assert fields["settings"]["prompt"] == "a cat"
    fields = json.loads(told(file, inscribed(upscale_record()), "--json", capsys=capsys))
    assert (fields["record"]["kind"], fields["settings"]) == ("upscale", None)


@pytest.mark.parametrize("said", ['{"made": []}', '{"made": {"passes": [1, 2]}}', '{"notes": 3}'])
def test_a_damaged_record_is_said_to_be_one(
    said: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = png((b"tEXt", b"parameters\0" + A1111.encode()), (b"tEXt", b"scumble\0" + said.encode()))
    assert "damaged" in told(file, both, capsys=capsys)


@pytest.mark.parametrize("said", ["no JSON", "[]", '{"kind": "regenerate"}', '{"kind": "load"}'])
def test_a_record_that_says_nothing_ends_in_a_sentence(said: str, file: Path) -> None:
    file.write_bytes(text(b"scumble", said))
    for options in ((), ("--json",)):
        with pytest.raises(RequestError):
            info.run(parse(["info", str(file), *options]))
