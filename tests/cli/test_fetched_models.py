"""What `scumble models get` says of what has arrived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scumble_cli.commands.models import how_to_use
from scumble_protocol.messages import ModelKind
from tests.protocol.samples import STARTER

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
