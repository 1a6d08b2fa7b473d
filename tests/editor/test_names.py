"""Everything has a name that a painter can read."""

from __future__ import annotations

import dataclasses

from scumble_protocol.choices import Sampler
from scumble_protocol.editor.language import Language
from scumble_protocol.editor.modes import Mode
from scumble_protocol.editor.names import SAMPLER_NAMES, mode_names, model_facts
from tests.client.passing_server import MODELS


def test_every_mode_and_every_sampler_has_a_name() -> None:
    assert set(mode_names(Language({}).tr)) == set(Mode)
    assert set(SAMPLER_NAMES) == set(Sampler)
    assert len(set(SAMPLER_NAMES.values())) == len(Sampler)


def test_modes_are_named_in_the_painters_language() -> None:
    assert mode_names(Language.of("de").tr)[Mode.FILL] == "Füllen"


def test_a_model_is_told_by_family_size_and_id() -> None:
    model = dataclasses.replace(
        MODELS[0], id="painting.safetensors", title="Painting", family="sd1", bytes=3 * 2**30 // 2
    )
    assert model_facts(model) == "Painting\nsd1\n1.5 GiB\npainting.safetensors"
    assert "\n3 MiB\n" in model_facts(dataclasses.replace(model, bytes=3 * 2**20))


def test_what_is_not_known_of_a_model_is_left_out() -> None:
    model = dataclasses.replace(MODELS[0], id="x", title="x", family="", bytes=0)
    assert model_facts(model) == "x"
