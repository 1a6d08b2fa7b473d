"""Whatever is wrong, the program says one sentence, leaves no file, and the server stays up."""

from __future__ import annotations

import contextlib
import pickle
import resource
import shutil
import socket
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from scumble_protocol import endpoint
from scumble_protocol.client import Connected
from tests.cli.program import (
    SIDE,
    save_mask,
    save_picture,
    scumble,
    sentence_of,
    tree,
)
from tests.end_to_end.server_process import TINY, painter, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.server_process import ServerProcess

REGENERATE = ("regenerate", "picture.png", "--prompt", "an apple", "--model", TINY)
EXPAND = ("expand", "picture.png", "--prompt", "a table", "--model", TINY)
UPSCALE = ("upscale", "picture.png", "--scale", "2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good picture and everything bad that the cases name."""
    save_picture(tmp_path / "picture.png")
    save_mask(tmp_path / "black.png", value=0)
    save_mask(tmp_path / "small.png", (SIDE // 2, SIDE))
    save_picture(tmp_path / "long.png", (20_000, 2))
    (tmp_path / "words.png").write_text("This is no picture.")
    (tmp_path / "cut.png").write_bytes((tmp_path / "picture.png").read_bytes()[:400])
    (tmp_path / "bomb.png").write_bytes(png_header(60_000, 60_000))
    (tmp_path / "folder.png").mkdir()
    return tmp_path


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it has these sides, and holds a few bytes that would inflate to them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


CASES = {
    "no server at the address": (
        (*REGENERATE, "--server", "127.0.0.1:1", "--token", "guessed"),
        "No Scumble server answers at ws://127.0.0.1:1.",
    ),
    "an address without a token": (
        (*REGENERATE, "--server", "ws://127.0.0.1:1"),
        "Give it with --token, or be let in with a code: `scumble connect`",
    ),
    "an address that is none": (
        (*REGENERATE, "--server", "http://localhost"),
        "is not the address of a server",
    ),
    "no such picture": (("regenerate", "none.png", "--prompt", "x"), "There is no file"),
    "a folder for a picture": (("regenerate", "folder.png", "--prompt", "x"), "can't be opened"),
    "no picture": (("regenerate", "words.png", "--prompt", "x"), "is no picture"),
    "a truncated picture": (("upscale", "cut.png", "--scale", "2"), "is damaged"),
    "a decompression bomb": (("regenerate", "bomb.png", "--prompt", "x"), "is too large"),
    "a side of 20,000 pixels": (("upscale", "long.png", "--scale", "2"), "is too large"),
    "an empty rectangle": ((*REGENERATE, "--select", "4,4,0,9"), "is empty"),
    "a black mask": ((*REGENERATE, "--mask", "black.png"), "Nothing is selected"),
    "a selection outside": ((*REGENERATE, "--select", "500,0,9,9"), "outside the picture"),
    "a mask of another size": ((*REGENERATE, "--mask", "small.png"), "The mask has 48"),
    "a mask that is no picture": ((*REGENERATE, "--mask", "words.png"), "is no picture"),
    "strength 2": ((*REGENERATE, "--strength", "2"), "The strength is 2."),
    "strength NaN": ((*REGENERATE, "--strength", "nan"), "The strength is nan."),
    "CFG of infinity": ((*REGENERATE, "--cfg", "inf"), "CFG is inf."),
    "0 steps": ((*REGENERATE, "--steps", "0"), "The number of steps is 0."),
    "a negative seed": ((*REGENERATE, "--seed", "-2"), "The seed is -2."),
    "too many variations": ((*REGENERATE, "--count", "99"), "The number of variations is 99."),
    "scale NaN": (("upscale", "picture.png", "--scale", "nan"), "The scale is nan."),
    "scale 0.5": (("upscale", "picture.png", "--scale", "0.5"), "The scale is 0.5."),
    "scale 17": (("upscale", "picture.png", "--scale", "17"), "The scale is 17."),
    "an unknown sampler": ((*REGENERATE, "--sampler", "magic"), "There is no sampler 'magic'."),
    "a sampler mistyped": ((*REGENERATE, "--sampler", "dpmp_2m"), "Did you mean dpmpp_2m?"),
    "a sampler with its schedule": (
        (*REGENERATE, "--sampler", "dpmpp_2m_karras"),
        "--sampler dpmpp_2m --schedule karras",
    ),
    "an unknown schedule": ((*REGENERATE, "--schedule", "karas"), "Did you mean karras?"),
    "an unknown content": ((*REGENERATE, "--content", "sand"), "There is no masked content"),
    "a pass of strength 0": ((*REGENERATE, "--pass", "0"), "The strength of a further pass is"),
    "five passes": ((*REGENERATE, *(("--pass", "0.5") * 5)), "The number of further passes is 5."),
    "a batch of none": ((*REGENERATE, "--batch", "0"), "The batch size is 0."),
    "CLIP skip 13": ((*REGENERATE, "--clip-skip", "13"), "CLIP skip is 13."),
    "a size of nothing": ((*REGENERATE, "--size", "0x9"), "is empty"),
    "an unknown style": ((*REGENERATE, "--style", "watercolor"), "Did you mean watercolour?"),
    "an unknown control": ((*REGENERATE, "--control", "cany=a.png"), "Did you mean canny?"),
    "a control without its file": (
        (*REGENERATE, "--control", "canny=a.png"),
        "There is no file a.png",
    ),
    "a control of another size": (
        (*REGENERATE, "--control", "canny=small.png"),
        "small.png has 48",
    ),
    "a control with the weight 3": (
        (*REGENERATE, "--control", "canny,weight=3"),
        "The weight of a control is 3.0.",
    ),
    "a control that ends before it starts": (
        (*REGENERATE, "--control", "canny,start=0.6,end=0.5"),
        "The end of a control is 0.5.",
    ),
    "nine controls": ((*REGENERATE, *(("--control", "tile") * 9)), "is 9."),
    "a reference that is no picture": (
        (*REGENERATE, "--reference", "style=words.png"),
        "is no picture",
    ),
    "a region of another size": (
        (*REGENERATE, "--region", "a sky=small.png"),
        "small.png has 48",
    ),
    "a picture that says nothing to be like": (
        (*REGENERATE, "--like", "picture.png"),
        "does not say how it was made",
    ),
    "no picture to be like": ((*REGENERATE, "--like", "none.png"), "can't be read"),
    "what says nothing": (("info", "words.png"), "does not say how it was made"),
    "no file to tell of": (("info", "none.png"), "can't be read"),
    "nothing to expand by": ((*EXPAND, "--all", "0"), "would stay as it is"),
    "less than nothing to expand by": ((*EXPAND, "--top", "-3"), "less than nothing"),
    "a ratio that is none": ((*EXPAND, "--ratio", "wide"), "'wide' is no ratio."),
    "an unknown anchor": ((*EXPAND, "--ratio", "2:1", "--anchor", "up"), "There is no anchor"),
    "the ratio that it has": ((*EXPAND, "--ratio", "1:1"), "would stay as it is"),
    "a black mask to remove": (("remove", "picture.png", "--mask", "black.png"), "Nothing is"),
    "removal with strength 2": (
        ("remove", "picture.png", "--strength", "2"),
        "The strength is 2.",
    ),
    "other proportions": (
        ("upscale", "picture.png", "--size", "200x100"),
        "without being stretched",
    ),
    "a smaller size": (("upscale", "picture.png", "--size", "48x48"), "The scale is 0.5."),
    "refinement of strength 2": ((*UPSCALE, "--refine", "2"), "The strength is 2."),
    "a tile below its overlap": (
        (*UPSCALE, "--refine", "0.3", "--tile", "64", "--overlap", "64"),
        "The tile is 64.",
    ),
    "a share of 2": ((*UPSCALE, "--second", "lanczos", "--blend", "2"), "The share of the second"),
    "an unknown second upscaler": ((*UPSCALE, "--second", "magic"), "There is no model 'magic'."),
    "an unknown model": ((*REGENERATE, "--model", "tinny"), "There is no model 'tinny'."),
    "a diffusion model to upscale": (
        ("upscale", "picture.png", "--scale", "2", "--model", TINY),
        "no upscaler model",
    ),
    "an unknown ending": ((*REGENERATE, "--out", "result.xyz"), "can't write result.xyz"),
    "no folder to write to": ((*REGENERATE, "--out", "nowhere/result.png"), "There is no folder"),
    "a result over the picture": ((*REGENERATE, "--out", "picture.png"), "is the picture itself"),
    "a result over another file": ((*REGENERATE, "--out", "black.png"), "is there already"),
    "an unknown model's account": (("models", "info", "tinny"), "has no model 'tinny'"),
    "an unknown model to remove": (("models", "remove", "tinny", "--yes"), "There is no model"),
    "a way out of the models' folder": (
        ("models", "remove", "../journal.sqlite", "--yes"),
        "There is no model",
    ),
    "nobody to ask": (("models", "remove", TINY), "Nobody is there to be asked"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_told_in_one_sentence(case: str, folder: Path, served: ServerProcess) -> None:
    arguments, expected = CASES[case]
    before = tree(folder)
    ended = scumble(*arguments, state=served.state, folder=folder)
    assert expected in sentence_of(ended)
    assert tree(folder) == before
    assert_serving(served)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("paint",),
        ("regenerate", "picture.png"),
        ("regenerate", "picture.png", "--prompt", "x", "--reference", "style"),
        ("regenerate", "picture.png", "--prompt", "x", "--region", "sky.png"),
        ("regenerate", "picture.png", "--prompt", "x", "--size", "large"),
        ("regenerate", "picture.png", "--prompt", "x", "--grow", "much"),
        ("expand", "picture.png", "--prompt", "x"),
        ("expand", "picture.png", "--all", "3", "--left", "4"),
        ("expand", "picture.png", "--all", "3", "--anchor", "left"),
        ("upscale", "picture.png", "--scale", "2", "--size", "9x9"),
        ("upscale", "picture.png", "--scale", "2", "--blend", "0.5"),
        ("upscale", "picture.png", "--scale", "2", "--tile", "512"),
        ("info",),
        (*REGENERATE, "--select", "1,2,3"),
        (*REGENERATE, "--select", "0,0,9,9", "--mask", "small.png"),
        (*REGENERATE, "--steps", "many"),
        ("upscale", "picture.png"),
        ("models", "info"),
        ("models", "list", TINY),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ended = scumble(*arguments, state=tmp_path)
    assert ended.returncode == 2
    (sentence,) = ended.stderr.splitlines()
    assert sentence.startswith("scumble: ")
    command = arguments[0] if arguments and arguments[0] != "paint" else ""
    assert sentence.endswith(" --help` tells what can be said.")
    assert f"`scumble {command}" in sentence


def test_wrong_token_is_refused(folder: Path, served: ServerProcess) -> None:
    url = served.listening().url
    ended = scumble(
        *REGENERATE, "--server", url, "--token", "guessed", state=served.state, folder=folder
    )
    assert "token" in sentence_of(ended)
    assert_serving(served)


@pytest.mark.parametrize(
    ("version", "remedy"), [(0, "Update the plugin."), (99, "Update the server.")]
)
def test_another_protocol_says_which_side_to_update(
    version: int, remedy: str, folder: Path, served: ServerProcess
) -> None:
    patched = (
        "import scumble_protocol.client.client as client; "
        f"client.PROTOCOL_VERSION = {version}; from scumble_cli.__main__ import main"
    )
    ended = scumble(*REGENERATE, state=served.state, folder=folder, code=patched)
    assert sentence_of(ended).endswith(remedy)
    assert_serving(served)


def test_missing_file_of_a_model_is_named(folder: Path, served: ServerProcess) -> None:
    weights = "unet/diffusion_pytorch_model.safetensors"
    with damaged_model(served.state) as model:
        (model / weights).unlink()
        ended = scumble(*REGENERATE, "--model", "bad", state=served.state, folder=folder)
    assert f"{weights} is missing" in sentence_of(ended)
    assert_serving(served)


def test_corrupt_file_of_a_model_is_named(folder: Path, served: ServerProcess) -> None:
    weights = "vae/diffusion_pytorch_model.safetensors"
    with damaged_model(served.state) as model:
        (model / weights).write_bytes((model / weights).read_bytes()[:1000])
        ended = scumble(*REGENERATE, "--model", "bad", state=served.state, folder=folder)
    assert weights in sentence_of(ended)
    assert_serving(served)


def test_pickled_checkpoint_is_refused(folder: Path, served: ServerProcess) -> None:
    path = served.state / "models" / "old.ckpt"
    path.write_bytes(pickle.dumps({"weights": 1}))
    ended = scumble(*REGENERATE, "--model", "old.ckpt", state=served.state, folder=folder)
    path.unlink()
    assert "is a pickle" in sentence_of(ended)
    assert_serving(served)


def test_selection_of_one_pixel_is_regenerated(folder: Path, served: ServerProcess) -> None:
    ended = scumble(
        *REGENERATE, "--select", "40,40,1,1", "--steps", "2", state=served.state, folder=folder
    )
    assert ended.returncode == 0, ended.stderr
    assert (folder / "picture-scumble-1.png").exists()


def test_full_disk_at_the_server_is_told(
    folder: Path, served: ServerProcess, tmp_path: Path
) -> None:
    save_picture(folder / "large.png", (700, 700))
    state = tmp_path / "little"
    shutil.copytree(served.state / "models", state / "models")
    with running_server(state) as server:
        # Files of this process may not grow beyond a megabyte from now on: EFBIG stands for ENOSPC.
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (2**20, 2**20))
        ended = scumble(
            "regenerate",
            "large.png",
            "--prompt",
            "x",
            "--strength",
            "0",
            state=state,
            folder=folder,
        )
        assert "disk" in sentence_of(ended).lower()
        ended = scumble(*REGENERATE, "--strength", "0", state=state, folder=folder)
        assert ended.returncode == 0, ended.stderr


def test_full_disk_here_leaves_no_part_of_a_file(folder: Path, served: ServerProcess) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    before = tree(folder)
    ended = scumble(
        *REGENERATE, "--strength", "0", state=served.state, folder=folder, before=little_room
    )
    assert "picture-scumble-1.png" in sentence_of(ended)
    assert tree(folder) == before
    assert_serving(served)


def test_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = scumble("serve", "--port", str(other.getsockname()[1]), state=tmp_path)
    assert "is used by another program" in sentence_of(ended)


def test_second_server_on_one_folder_is_refused(served: ServerProcess) -> None:
    ended = scumble("serve", state=served.state)
    assert "server" in sentence_of(ended)
    assert_serving(served)


@pytest.mark.parametrize("option", [("--port", "99999"), ("--device", "abacus")])
def test_impossible_server_is_told(option: tuple[str, str], tmp_path: Path) -> None:
    assert option[1] in sentence_of(scumble("serve", *option, state=tmp_path))


def assert_serving(served: ServerProcess) -> None:
    """The server runs, is the same process, and answers a new client."""
    found = endpoint.read(served.state)
    assert found is not None
    assert found.pid == served.process.pid
    with painter(served.state) as client:
        (welcome,) = (event.welcome for event in client.heard if isinstance(event, Connected))
    assert TINY in {model.id for model in welcome.models}


@contextlib.contextmanager
def damaged_model(state: Path) -> Iterator[Path]:
    """A copy of the tiny model named `bad`, for as long as the `with` lasts."""
    bad = state / "models" / "bad"
    shutil.copytree(state / "models" / TINY, bad)
    try:
        yield bad
    finally:
        shutil.rmtree(bad)
