"""What `scumble models get` says of what has arrived, and how that is removed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scumble_cli.commands.models import how_to_use
from scumble_protocol.messages import ModelKind
from tests.cli.program import scumble
from tests.protocol.samples import STARTER
from tests.server.control.additions import make_other_vae

MODELS = (
    STARTER,
    replace(STARTER, id="vae/some--sharp", kind=ModelKind.VAE),
    replace(STARTER, id="ip_adapter/some--faces--a.safetensors", kind=ModelKind.REFERENCE),
    replace(STARTER, id="controlnet/some--edges.safetensors", kind=ModelKind.CONTROL),
)


@pytest.mark.parametrize(
    ("fetched", "named"),
    [
        ("some/sharp", "vae/some--sharp"),
        ("some/faces/a.safetensors", "ip_adapter/some--faces--a.safetensors"),
        ("some/edges", "controlnet/some--edges.safetensors"),
    ],
)
def test_an_addition_is_told_by_the_name_that_jobs_use(fetched: str, named: str) -> None:
    assert how_to_use(fetched, MODELS) == (named, f"Jobs name it {named}")


def test_a_model_is_used_by_its_own_name() -> None:
    assert how_to_use("starter", MODELS) == ("starter", "Use it with --model starter")


def test_what_is_not_listed_is_found_by_those_that_need_it() -> None:
    name, use = how_to_use("some/depth", MODELS)
    assert name == "some/depth"
    assert "by themselves" in use


def test_an_addition_is_removed_by_the_name_that_it_was_fetched_by(tmp_path: Path) -> None:
    kept, removed = (
        make_other_vae(tmp_path / "models" / "vae" / name) for name in ("kept", "some--sharp")
    )
    ended = scumble("models", "remove", "some/sharp", "--yes", state=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert kept.is_dir()
    assert not removed.exists()
    ended = scumble("models", "remove", "vae/kept", "--yes", state=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert not kept.exists()


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "journal").write_text("kept")
    for name in ("../journal", "..", "vae/../../journal"):
        assert scumble("models", "remove", name, "--yes", state=tmp_path).returncode == 1
    assert (tmp_path / "journal").exists()
