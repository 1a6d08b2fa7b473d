"""What is wrong with a prompt is said before a model is loaded, and its choices afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from scumble_protocol.blobs import blob_id
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.prompts.library import Library
from scumble_server.prompts.wording import PromptUsed, word
from scumble_server.run import run
from scumble_server.work.made import Result
from scumble_server.work.report import silent
from tests.server.prompts.additions_files import attention_places, save_embedding, save_kohya
from tests.server.prompts.conftest import Get
from tests.server.sampling.jobs import SIDE, make_request


class NoShelf:
    def get(self, *_arguments: object) -> Any:
        raise AssertionError("a model was asked for")


BLOBS = {
    blob_id(data): data
    for data in (bytes(range(256)) * (SIDE * SIDE * 4 // 256), b"\xff" * SIDE * SIDE)
}


def request_for(prompt: str, **changes: object) -> Regenerate:
    image, mask = BLOBS
    size = Size(SIDE, SIDE)
    values: dict[str, object] = {
        "model": "sd1",
        "prompt": prompt,
        "steps": 2,
        "image": ImageRef(image, size, PixelFormat.RGBA8),
        "mask": ImageRef(mask, size, PixelFormat.GRAY8),
    }
    return make_request(**(values | changes))


def done(request: Regenerate, shelf: Any, library: Library) -> Result:
    return run(request, BLOBS.__getitem__, shelf, silent, library)


def colours(library: Library) -> None:
    assert library.wildcards is not None
    (library.wildcards / "colour.txt").write_text("red\ngreen\nblue\n", "utf-8")


def test_each_variation_says_the_prompt_that_it_was_made_with(
    shelf: Shelf, library: Library
) -> None:
    colours(library)
    request = request_for(r"a __colour__ {fox|owl} \(x\)", negative="{bad|worse}", count=6, seed=4)
    result = done(request, shelf, library)
    assert len(result.prompts) == 6
    assert len({used.prompt for used in result.prompts}) > 2
    for used in result.prompts:
        assert used.prompt.split()[1] in {"red", "green", "blue"}
        assert used.prompt.endswith(r"\(x\)")
        assert used.negative in {"bad", "worse"}
        assert (used.tokens, used.chunks) == (len(used.prompt.replace(" ", "")) - 2, 1)


def test_the_request_and_each_layer_s_own_prompt_make_the_same_again(
    shelf: Shelf, library: Library
) -> None:
    colours(library)
    request = request_for("a __colour__ {fox|owl}", count=3, seed=4)
    first, again = (done(request, shelf, library) for _ in range(2))
    for number, (layer, used) in enumerate(zip(first.layers, first.prompts, strict=True)):
        assert again.layers[number].pixels.tobytes() == layer.pixels.tobytes()
        alone = replace(
            request,
            prompt=used.prompt,
            negative=used.negative,
            seed=first.made[number].seed,
            count=1,
        )
        # Without the wildcards' files.
        result = done(alone, shelf, Library())
        assert result.layers[0].pixels.tobytes() == layer.pixels.tobytes()
        assert result.prompts == (used,)


def test_strength_zero_reports_the_prompt_too(library: Library) -> None:
    result = done(request_for("{a}", strength=0.0), NoShelf(), library)
    assert result.prompts == (PromptUsed("a", "blurry"),)


def test_loras_and_embeddings_come_from_their_folders(
    shelf: Shelf, tiny: Get, library: Library
) -> None:
    model = tiny("sd1")
    assert isinstance(model, DiffusionModel)
    assert library.loras is not None
    assert library.embeddings is not None
    save_kohya(library.loras / "ink.safetensors", model, attention_places(model))
    save_embedding(library.embeddings / "beast.safetensors", 32)
    plain, inked, named, both = (
        done(request_for(prompt), shelf, library)
        for prompt in ("a fox", "a fox<lora:ink:0.8>", "a beast", "<lora:ink>{<lora:ink>} a beast")
    )
    pictures = [result.layers[0].pixels for result in (plain, inked, named, both)]
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert np.isfinite(pictures[-1]).all()
    assert both.prompts[0].prompt == "<lora:ink><lora:ink> a beast"
    assert done(request_for("a fox"), shelf, library).layers[0].pixels.tobytes() == (
        pictures[0].tobytes()
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": "(a:1e9)"}, "1e\\+09"),
        ({"negative": "(a:nan)"}, "nan"),
        ({"prompt": "__colors__"}, "no wildcard 'colors'"),
        ({"prompt": "<lora:inky>"}, "no LoRA 'inky'"),
        ({"prompt": "<lora:ink:x>"}, "'x'"),
        ({"prompt": "<lora:broken>"}, "broken.safetensors"),
        ({"prompt": "<lora:other>"}, "holds no LoRA"),
        ({"negative": "<lora:ink>"}, "negative prompt"),
        ({"prompt": "an embedding:best"}, "no embedding 'best'"),
        ({"prompt": "a torn"}, "torn.safetensors"),
    ],
)
def test_it_is_refused_before_a_model_is_asked_for(
    changes: dict[str, str], said: str, tiny: Get, library: Library
) -> None:
    colours(library)
    assert library.loras is not None
    assert library.embeddings is not None
    model = tiny("sd1")
    save_kohya(library.loras / "ink.safetensors", model, attention_places(model))
    (library.loras / "broken.safetensors").write_bytes(b"not at all")
    save_file({"x": torch.zeros(1)}, library.loras / "other.safetensors")
    save_embedding(library.embeddings / "beast.safetensors", 32)
    (library.embeddings / "torn.safetensors").write_bytes(b"")
    with pytest.raises(RequestError, match=said) as raised:
        done(request_for(**({"prompt": "a"} | changes)), NoShelf(), library)
    assert raised.value.hint


@given(st.text(st.sampled_from("ab ,(){}[]<>:|_\\.01-loraembdingBREAK"), max_size=60))
def test_any_prompt_is_worded_or_refused_in_a_sentence(prompt: str) -> None:
    try:
        said = word(request_for(prompt, negative=prompt[::-1]), 1, Library())
    except RequestError:
        return
    again = word(request_for(said.prompt, negative=said.negative), 2, Library())
    assert again == said


def test_the_nearest_name_is_told(library: Library) -> None:
    colours(library)
    with pytest.raises(RequestError) as raised:
        word(request_for("__colors__"), 0, library)
    assert raised.value.code is ErrorCode.INVALID_VALUE
    assert raised.value.hint == "Did you mean colour?"
