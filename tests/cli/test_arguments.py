"""What can be said on the command line, and what saying it costs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scumble_cli.arguments import parse
from scumble_cli.arguments.values import model, rectangle
from scumble_cli.version import version
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Rect

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = (
    "serve", "regenerate", "expand", "remove", "upscale", "info", "models", "styles", "doctor",
    "bench", "demo", "install", "uninstall", "bundle", "service", "status", "logs", "jobs",
)  # fmt: skip


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            parse([command, "--help"])
        assert ended.value.code == 0
        assert f"usage: scumble {command}" in capsys.readouterr().out


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from scumble_cli.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'PIL', 'cv2', 'rich', 'websockets', 'msgpack', 'asyncio'}\n"
        "sys.exit(str(sorted(heavy & sys.modules.keys())) if heavy & sys.modules.keys() else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "regenerate" in ended.stdout


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"scumble {version()}\n"


def test_what_is_not_said_is_left_to_the_model() -> None:
    said = parse(["regenerate", "cat.png", "--prompt", "a hat"])
    assert (said.picture, said.prompt) == ("cat.png", "a hat")
    left = ("select", "mask", "negative", "strength", "steps", "cfg", "sampler", "seed", "count",
            "model", "grow", "feather", "padding", "out", "server", "token")  # fmt: skip
    assert [getattr(said, name) for name in left] == [None] * len(left)
    assert [said.json, said.overwrite, said.keep_color] == [False] * 3
    assert [said.invert, said.only_faces, said.full_steps, said.passes] == [None] * 4


def test_rectangle_is_read() -> None:
    assert rectangle("1,-2,30,40") == Rect(1, -2, 30, 40)


def test_empty_rectangle_is_the_painters_mistake() -> None:
    with pytest.raises(RequestError, match="is empty"):
        rectangle("1,2,0,4")


def test_models_are_listed_unless_said_otherwise() -> None:
    assert parse(["models"]).action == "list"
    assert parse(["models", "get", "painter/cats"]).model == "painter/cats"


def test_a_models_path_is_made_absolute_and_an_id_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").touch()
    assert model("mine.safetensors") == str(tmp_path.resolve() / "mine.safetensors")
    assert model("./mine.safetensors") == str(tmp_path.resolve() / "mine.safetensors")
    for name in ("starter", "owner/name", "gone.safetensors"):
        assert model(name) == name


def test_folders_of_an_editor_go_with_that_editor_only(tmp_path: Path) -> None:
    said = parse(["install", "krita", "--resources", str(tmp_path), "--kritarc", "rc"])
    assert said.resources == tmp_path
    assert said.kritarc.is_absolute()
    assert parse(["uninstall", "gimp", "--plug-ins", str(tmp_path)]).plug_ins == tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "install --resources x",
        "install gimp --resources x",
        "install krita --plug-ins x",
        "uninstall --plug-ins x",
        "install krita --kritarc x",
        "install photoshop",
        "bundle",
    ],
)
def test_folders_that_fit_no_editor_are_wrong_usage(line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line.split())
    assert ended.value.code == 2
