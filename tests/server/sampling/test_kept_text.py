"""What a UNet makes of the text is made once a run, and results stay the same to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from scumble_server.models import kept_text
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.kept_text import keeping_text
from scumble_server.models.linear import multiply_by_onednn
from scumble_server.work.report import silent
from tests.server.models.checkpoints import make_unet
from tests.server.sampling.jobs import make_crop, make_request, sample_one

READ, TEXT, OTHER = torch.randn(2, 4, 8, 8), torch.randn(2, 77, 32), torch.randn(2, 77, 32)


@pytest.fixture
def unet() -> torch.nn.Module:
    torch.set_num_threads(1)
    unet: torch.nn.Module = make_unet("sd1", channels=4).requires_grad_(requires_grad=False)
    return unet


def texts_layers(unet: torch.nn.Module) -> dict[str, Any]:
    return {
        name: part
        for name, part in unet.named_modules()
        if name.endswith(("attn2.to_k", "attn2.to_v"))
    }


def counted(unet: torch.nn.Module) -> list[str]:
    """Gets the name of each layer for text whenever that one multiplies."""
    done: list[str] = []

    def counting(name: str, forward: Any) -> Callable[[torch.Tensor], torch.Tensor]:
        def multiply(read: torch.Tensor) -> torch.Tensor:
            done.append(name)
            return torch.as_tensor(forward(read))

        return multiply

    for name, layer in texts_layers(unet).items():
        vars(layer)["forward"] = counting(name, layer.forward)
    return done


def predict(unet: Any, text: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(unet(READ, 500, text, return_dict=False)[0])


def test_every_layer_multiplies_each_text_once_a_run(unet: torch.nn.Module) -> None:
    done = counted(unet)
    with keeping_text(unet):
        for text in (TEXT, OTHER, TEXT, OTHER):
            predict(unet, text)
    assert done
    assert sorted(done) == sorted(2 * list(texts_layers(unet)))
    with keeping_text(unet):
        predict(unet, TEXT)
    assert len(done) == 3 * len(texts_layers(unet))


def test_predictions_are_the_same_to_the_bit_whichever_text_comes(unet: torch.nn.Module) -> None:
    multiply_by_onednn(unet)
    plain = {id(text): predict(unet, text) for text in (TEXT, OTHER)}
    with keeping_text(unet):
        for text in (TEXT, OTHER, OTHER, TEXT):
            assert torch.equal(predict(unet, text), plain[id(text)])


def test_an_equal_text_in_another_tensor_is_made_anew(unet: torch.nn.Module) -> None:
    done = counted(unet)
    with keeping_text(unet):
        predict(unet, TEXT)
        predict(unet, TEXT.clone())
    assert len(done) == 2 * len(texts_layers(unet))


def test_a_hook_that_adds_to_a_layer_is_asked_in_each_evaluation(unet: torch.nn.Module) -> None:
    layer = next(iter(texts_layers(unet).values()))
    added = [1.0, 2.0]
    handle = layer.register_forward_hook(lambda _layer, _read, made: made + added[0])
    once = predict(unet, TEXT)
    with keeping_text(unet):
        assert torch.equal(predict(unet, TEXT), once)
        added.pop(0)
        changed = predict(unet, TEXT)
    assert not torch.equal(changed, once)
    assert torch.equal(predict(unet, TEXT), changed)
    handle.remove()


def test_what_has_no_room_is_made_in_each_evaluation(
    unet: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = texts_layers(unet)
    sizes = [2 * 77 * layer.out_features * 4 for layer in layers.values()]
    monkeypatch.setattr(kept_text, "MOST_BYTES", max(sizes))
    done = counted(unet)
    plain = predict(unet, TEXT)
    done.clear()
    with keeping_text(unet):
        assert torch.equal(predict(unet, TEXT), plain)
        assert torch.equal(predict(unet, TEXT), plain)
    assert len(layers) < len(done) < 2 * len(layers)


def test_the_unet_is_as_it_was_when_a_run_ends_in_an_error(unet: torch.nn.Module) -> None:
    multiply_by_onednn(unet)
    before = {name: vars(layer)["forward"] for name, layer in texts_layers(unet).items()}

    def run() -> None:
        with keeping_text(unet):
            predict(unet, TEXT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert {name: vars(it)["forward"] for name, it in texts_layers(unet).items()} == before


def test_a_unet_that_torch_compiles_is_left_alone(unet: torch.nn.Module) -> None:
    unet.compile(backend="eager")
    with keeping_text(unet):
        assert not any("forward" in vars(layer) for layer in texts_layers(unet).values())


@pytest.mark.parametrize("name", ["sd1", "sdxl", "sd1-inpaint"])
@pytest.mark.parametrize("cfg", [1.0, 5.0])
def test_jobs_give_the_same_bytes_whether_anything_is_kept_or_not(
    name: str,
    cfg: float,
    tiny_model: Callable[[str], DiffusionModel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, request = tiny_model(name), make_request(cfg=cfg, steps=3)
    kept = sample_one(make_crop(), model, request, 1, silent)
    monkeypatch.setattr(kept_text, "MOST_BYTES", 0)
    assert np.array_equal(sample_one(make_crop(), model, request, 1, silent), kept)
