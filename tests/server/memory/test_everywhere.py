"""Memory that runs out anywhere: the job is done otherwise or fails clearly, and leaves no trace.

The engine and the models are real ones, tiny; each place raises what torch, numpy, OpenCV or the
system raise there, once or for ever.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.guides import Control, ControlKind
from scumble_protocol.requests import Request
from scumble_server import app
from scumble_server.control import loading as control_loading
from scumble_server.control import preparing
from scumble_server.control.networks import ControlNet
from scumble_server.engine import DeviceEngine
from scumble_server.families.latents import Latents
from scumble_server.models import loading as loading_module
from scumble_server.models.catalog import Catalog
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shortage import is_out_of_memory
from scumble_server.prompts import lora as lora_module
from scumble_server.prompts.library import Library
from scumble_server.sampling.guidance import Guided
from scumble_server.upscale.network import Network
from scumble_server.work.made import Result
from scumble_server.work.report import silent
from tests.server.control.additions import make_control
from tests.server.families.tiny import make_family
from tests.server.models.checkpoints import make_folder
from tests.server.photos import opaque, photo
from tests.server.prompts.additions_files import attention_places, save_kohya
from tests.server.tiles.jobs import Desk

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

SIDE = 64

SHORTAGES: Mapping[str, Callable[[], Exception]] = {
    "CUDA": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    "Python": MemoryError,
    "the CPU": lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"),
    "the system": lambda: OSError(errno.ENOMEM, "Cannot allocate memory"),
    "OpenCV": lambda: cv2.error("(-4:Insufficient memory) Failed to allocate 100 bytes"),
}


@dataclass
class Machine:
    """An engine with its models, and the requests that it is asked."""

    engine: DeviceEngine
    desk: Desk

    def run(self, request: Request) -> Result:
        return self.engine.run(request, self.desk.blobs.__getitem__, silent)

    def model(self, name: str = "tiny") -> Any:
        return self.desk.shelf.get(name, silent)

    def forget(self, *, everything: bool) -> None:
        """Have nothing in memory that would keep a job from going by a place."""
        models = self.desk.shelf._models  # type: ignore[attr-defined]  # noqa: SLF001
        if everything:
            models.clear()
        for model in models.values():
            getattr(model, "forget", bool)()
        for name in [name for name in models if "controlnet" in name or "canny" in name]:
            del models[name]

    def request(self, name: str) -> Request:
        """A request that goes by one place or another."""
        picture = opaque(photo()[:SIDE, :SIDE])
        if name == "upscaling":
            return self.desk.upscale(picture, 2, model="starter-2x")
        plain = self.desk.regenerate(picture, np.full((SIDE, SIDE), 255, np.uint8), "tiny")
        plain = replace(plain, strength=0.7, prompt="a cup")
        if name == "flux1":
            sampler = self.model("flux1").spec.sampler
            return replace(plain, model="flux1", sampler=sampler)
        if name == "control":
            guide = Control(ControlKind.CANNY, self.desk.keep(picture))
            return replace(plain, controls=(guide,))
        return replace(plain, prompt="a cup <lora:style:1>") if name == "lora" else plain


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    models = tmp_path_factory.mktemp("state") / "models"
    make_folder(models / "tiny")
    make_folder(models / "other", family="sdxl")
    make_family(models / "flux1", "flux1")
    make_control(models / "controlnet" / "sd1-canny", "sd1")
    (models / "loras").mkdir()
    model = machine_with(models).model()
    save_kohya(models / "loras" / "style.safetensors", model, attention_places(model))
    return models


def machine_with(folder: Path) -> Machine:
    engine = DeviceEngine(
        "cpu", Catalog([folder], app.STARTER_FOLDER), None, Library.of(folder.parent)
    )
    return Machine(engine, Desk(engine._shelf))  # noqa: SLF001


@pytest.fixture(scope="module")
def machine(folder: Path) -> Machine:
    return machine_with(folder)


@dataclass(frozen=True)
class Place:
    """Where memory runs out: a function, and the request that goes by there."""

    owner: Any
    name: str
    request: str


PLACES = {
    "loading": Place(loading_module, "load_folder", "plain"),
    "loading a family": Place(loading_module, "load_folder", "flux1"),
    "text encoding": Place(DiffusionModel, "_encode_text", "plain"),
    "VAE encoding": Place(DiffusionModel, "_encode", "plain"),
    "VAE encoding of a family": Place(Latents, "encode", "flux1"),
    "a step": Place(Guided, "__call__", "plain"),
    "VAE decoding": Place(DiffusionModel, "decode", "plain"),
    "upscaling": Place(Network, "_one", "upscaling"),
    "loading a control network": Place(control_loading, "load_addition", "control"),
    "making a control picture": Place(preparing, "preprocessed", "control"),
    "a control network": Place(ControlNet, "residuals", "control"),
    "reading a LoRA": Place(lora_module, "_delta", "lora"),
    "adding a LoRA": Place(lora_module, "_hook", "lora"),
}


class Shortage:
    """Lets memory run out at a place: the first so many times after so many that go well."""

    def __init__(self, place: Place, kind: str, *, well: int = 0, times: int = 1) -> None:
        self._place = place
        self._make = SHORTAGES[kind]
        self._well = well
        self._times = times
        self.calls = 0

    def __enter__(self) -> Shortage:
        function = getattr(self._place.owner, self._place.name)

        def scarce(*given: Any, **named: Any) -> Any:
            self.calls += 1
            if self._well < self.calls <= self._well + self._times:
                raise self._make()
            return function(*given, **named)

        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(self._place.owner, self._place.name, scarce)
        return self

    def __exit__(self, *_error: object) -> None:
        self._patch.undo()


def pixels(result: Result) -> list[bytes]:
    return [layer.pixels.tobytes() + layer.mask.tobytes() for layer in result.layers]


def weights(model: Any) -> list[bytes]:
    return [value.numpy().tobytes() for value in model.unet.state_dict().values()]


def hooks(model: Any) -> int:
    """How many hooks of ours there are; transformers has its own."""
    parts = (model.unet, model.pipeline.text_encoder, model.vae)
    found = [
        hook
        for part in parts
        for module in part.modules()
        for hook in module._forward_hooks.values()  # noqa: SLF001
    ]
    return sum(hook.__module__.startswith("scumble_server") for hook in found)


@pytest.fixture(scope="module")
def undisturbed(folder: Path) -> Mapping[str, list[bytes]]:
    """What a machine that never runs out of memory makes of each request."""
    machine = machine_with(folder)
    names = {place.request for place in PLACES.values()}
    return {name: pixels(machine.run(machine.request(name))) for name in names}


@pytest.mark.parametrize("at", PLACES)
def test_memory_that_runs_out_once_is_met_and_leaves_no_trace(
    machine: Machine, undisturbed: Mapping[str, list[bytes]], at: str
) -> None:
    place = PLACES[at]
    request = machine.request(place.request)
    machine.desk.shelf.put_others_away()
    machine.forget(everything=at.startswith("loading"))
    with Shortage(place, "CUDA") as shortage:
        result = machine.run(request)
    assert shortage.calls > 1
    after = machine.run(request)
    assert len(result.layers) == len(after.layers)
    assert after.notes == ()
    assert pixels(after) == undisturbed[place.request]
    assert hooks(machine.model()) == 0


@pytest.mark.parametrize(
    ("at", "kind"), list(zip(PLACES, itertools.cycle(SHORTAGES), strict=False))
)
def test_memory_that_never_suffices_is_one_clear_error_and_the_next_job_is_as_ever(
    machine: Machine, undisturbed: Mapping[str, list[bytes]], at: str, kind: str
) -> None:
    place = PLACES[at]
    request = machine.request(place.request)
    before = weights(machine.model())
    machine.forget(everything=at.startswith("loading"))
    with Shortage(place, kind, times=10**6), pytest.raises(ServerError) as caught:
        machine.run(request)
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY
    assert caught.value.hint
    assert weights(machine.model()) == before
    assert hooks(machine.model()) == 0
    after = machine.run(request)
    assert after.notes == ()
    assert pixels(after) == undisturbed[place.request]


def test_a_middle_step_that_fails_is_met(machine: Machine) -> None:
    plain: Any = machine.request("plain")
    request = replace(plain, steps=8, strength=1.0)
    before = pixels(machine.run(request))
    with Shortage(PLACES["a step"], "the CPU", well=2) as shortage:
        result = machine.run(request)
    assert shortage.calls > 4
    assert any("memory" in note for note in result.notes)
    assert pixels(machine.run(request)) == before


def test_a_lora_that_is_half_added_leaves_no_hook(machine: Machine) -> None:
    request = machine.request("lora")
    model = machine.model()
    with Shortage(PLACES["adding a LoRA"], "Python", well=2, times=10**6):
        with pytest.raises(ServerError):
            machine.run(request)
        assert hooks(model) == 0


def test_an_enlarged_picture_is_made_in_pieces_which_is_said_and_not_kept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = opaque(photo()[:200, :200])
    request = machine.desk.upscale(picture, 2, model="starter-2x")
    before = machine.run(request)
    machine.model("other")
    enlarge = Network._one  # noqa: SLF001

    def scarce(self: Network, tile: Any) -> Any:
        if max(tile.shape[:2]) > 128:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return enlarge(self, tile)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Network, "_one", scarce)
        result = machine.run(request)
    assert ["put away" in result.notes[0], "smaller pieces" in result.notes[1]] == [True, True]
    after = machine.run(request)
    assert after.notes == ()
    assert pixels(after) == pixels(before)


def test_what_a_library_says_of_other_things_is_not_taken_for_memory() -> None:
    for error in (RuntimeError("shapes"), OSError(errno.ENOENT, "gone"), ValueError("bad")):
        assert not is_out_of_memory(error)
    for make in SHORTAGES.values():
        assert is_out_of_memory(make())
    assert is_out_of_memory(RuntimeError("could not create a primitive")), "oneDNN's words"
