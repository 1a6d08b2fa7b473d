"""The list of recommended models holds what the rest of the program knows."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from scumble_server.families.known import family_by_id
from scumble_server.models.configs import HABITS
from scumble_server.models.recommended import Recommended, recommended


def test_the_list_has_every_family_that_needs_nothing_more() -> None:
    listed = {model.family for model in recommended()}
    assert {"sd1", "sdxl", "sd3", "flux1", "flux2", "qwen-image", "z-image"} <= listed


@pytest.mark.parametrize("model", recommended(), ids=lambda model: str(model.title))
def test_an_entry_is_complete(model: Recommended) -> None:
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", model.id)
    assert family_by_id(model.family) or model.family in HABITS
    assert 0 < model.least <= model.memory
    assert model.disk >= 0
    assert model.good_at.endswith(".")
    assert model.licence


def test_no_model_is_listed_twice() -> None:
    ids = [model.id for model in recommended()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_command_line_shows_it(options: tuple[str, ...]) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "scumble_cli", "models", "recommended", *options],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(model.id in shown for model in recommended())
    if options:
        assert [entry["id"] for entry in json.loads(shown)] == [it.id for it in recommended()]
