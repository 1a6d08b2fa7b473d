"""The models in memory: loaded when first asked for, put away when others need the room."""

from __future__ import annotations

import gc
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from safetensors import SafetensorError

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.messages import Phase
from scumble_server.control.sources import AdditionSource
from scumble_server.models.device import default_budget
from scumble_server.models.headers import damaged
from scumble_server.models.hub import fetch
from scumble_server.models.importing import IMPORTING
from scumble_server.models.saving import ACCELERATORS
from scumble_server.models.shortage import SHORTAGES, is_out_of_memory
from scumble_server.models.sources import (
    CheckpointSource,
    FileSource,
    FolderSource,
    HubSource,
    LanczosSource,
    UpscalerSource,
)
from scumble_server.upscale.lanczos import Lanczos
from scumble_server.work.report import ProgressReport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scumble_protocol.messages import ModelInfo
    from scumble_server.compiling.compiler import Compiler
    from scumble_server.control.addition import Addition
    from scumble_server.control.catalog import Additions
    from scumble_server.models.catalog import Catalog
    from scumble_server.models.model import Model
    from scumble_server.spec import ModelSpec
    from scumble_server.upscale.face_restorer import FaceRestorer
    from scumble_server.upscale.upscaler import Upscaler
    from scumble_server.work.report import Reporter

    Kept = Model | Upscaler | FaceRestorer | Addition


class Shelf:
    """Models by id, least recently used first.

    Args:
        catalog: Says where models are.
        device: Where they are loaded to.
        memory_budget: Most bytes of weights kept at once (one model may exceed it alone); None
            takes what suits the device.
        compiler: Has the UNets compiled that are loaded; None leaves them as they are.
        fast: Whether models shall calculate in fewer bits, where that is quicker.
        attention: Keeps which kernels are the quickest on a GPU; None leaves that to torch.
    """

    def __init__(
        self,
        catalog: Catalog,
        device: torch.device,
        memory_budget: int | None = None,
        compiler: Compiler | None = None,
        *,
        fast: bool = False,
        attention: Path | None = None,
    ) -> None:
        self._catalog = catalog
        self._device = device
        self._budget = default_budget(device) if memory_budget is None else memory_budget
        self._models: OrderedDict[str, Kept] = OrderedDict()
        self._in_use: set[str] = set()
        self._compiler = compiler
        self._fast = fast
        self._attention = attention

    @property
    def memory_used(self) -> int:
        """Bytes of the weights in memory."""
        return sum(model.bytes for model in self._models.values())

    @property
    def loaded(self) -> tuple[str, ...]:
        """The ids of the models in memory, least recently used first."""
        return tuple(self._models)

    def list(self) -> tuple[ModelInfo, ...]:
        """Every usable model of the catalog, and whether it is in memory."""
        return self._catalog.list(self._models, self._device.type)

    @property
    def additions(self) -> Additions:
        """What there is to be added to models."""
        return self._catalog.additions

    def get(self, model: str, report: Reporter) -> Model | Upscaler | FaceRestorer:
        """A model, loaded if it isn't yet, and fetched first where it has a hub id.

        Raises:
            RequestError: As `Catalog.find`.
            ServerError: `OUT_OF_MEMORY`, or `DOWNLOAD_FAILED`.
        """
        self._in_use.clear()
        # No addition has the id of a model.
        kept = self._kept(model, lambda: self._load(model, report), report)
        return cast("Model | Upscaler | FaceRestorer", kept)

    def load(self, model: str, report: Reporter) -> None:
        """Have a model in memory, so that later work starts at once.

        What is added to models is only fetched, where it has a hub id: it is loaded with the model
        that it is added to.

        Raises:
            RequestError: As `get`.
            ServerError: As `get`.
        """
        if self.additions.by_id(model) is not None:
            return
        if isinstance(source := self._catalog.find(model), HubSource):
            self._fetch(source, report)
        if self.additions.by_id(model) is None:
            self.get(model, report)

    def addition(self, source: AdditionSource, report: Reporter) -> Addition:
        """What is added to the model that was asked for last, which stays in memory too.

        Raises:
            RequestError: `DAMAGED_MODEL` or `UNSUPPORTED_MODEL`.
            ServerError: `OUT_OF_MEMORY`.
        """

        def load() -> Addition:
            self._make_room(source.bytes)
            return self._load_or_make_room(source)

        return self._kept(source.id, load, report)

    def _kept(self, name: str, load: Callable[[], Kept], report: Reporter) -> Kept:
        """What has this id, from memory or loaded."""
        if name not in self._models:
            report(ProgressReport(Phase.LOADING, 0, 1, detail=name))
            self._models[name] = load()
            report(ProgressReport(Phase.LOADING, 1, 1, detail=name))
        self._models.move_to_end(name)
        self._in_use.add(name)
        return self._models[name]

    def spec_of(self, model: str) -> ModelSpec | None:
        """What a diffusion model needs, without loading it.

        None for upscalers, and for models that still have to be fetched.

        Raises:
            RequestError: As `Catalog.find`.
        """
        if known := self._models.get(model):
            return getattr(known, "spec", None)
        source = self._catalog.find(model)
        return source.spec if isinstance(source, (FolderSource, CheckpointSource)) else None

    def put_others_away(self) -> tuple[str, ...]:
        """Put away every model that the job does not use; gives their ids."""
        others = tuple(
            name for name, model in self._models.items() if name not in self._in_use and model.bytes
        )
        for name in others:
            del self._models[name]
        self._give_back()
        return others

    def _load(self, model: str, report: Reporter) -> Kept:
        source = self._catalog.find(model)
        if isinstance(source, HubSource):
            self._fetch(source, report)
            source = self._catalog.find(model)
        if isinstance(source, LanczosSource):
            return Lanczos()
        if isinstance(source, HubSource):
            raise damaged(self._catalog.place_for(model), "has gone again")
        self._make_room(source.bytes)
        kept = self._load_or_make_room(source)
        if self._compiler is not None:
            from scumble_server.compiling.unet import attach

            attach(kept, source, self._compiler)
        if self._attention is not None and self._device.type == "cuda":
            from scumble_server.models.attention import choose_attention

            choose_attention(kept, self._attention)
        return kept

    def _fetch(self, source: HubSource, report: Reporter) -> None:
        target = self._catalog.place_for(source.id)
        fetch(source.id, target, report, place=self.additions.place_for)

    def _load_or_make_room(self, source: FileSource | AdditionSource) -> Kept:
        """What a file holds; where memory is short, with all others put away, then in turns."""
        for is_last in (False, True):
            if (kept := self._try(source)) is not None:
                return kept
            self._make_room(0 if is_last else self._budget)
        if self._device.type in ACCELERATORS and (kept := self._try(source, in_turns=True)):
            return kept
        raise _out_of_memory(source)

    def _try(self, source: FileSource | AdditionSource, *, in_turns: bool = False) -> Kept | None:
        """What a file holds, or None where memory is short for it."""
        try:
            return _load_file(source, self._device, in_turns=in_turns, fast=self._fast)
        except SHORTAGES as error:
            if not is_out_of_memory(error):
                raise damaged(source.path, f"can't be loaded ({_first_line(error)})") from error
        return None

    def _make_room(self, size: int) -> None:
        """Put models away that the job does not use, until so many bytes fit the budget."""
        for name in tuple(self._models):
            if name not in self._in_use and self.memory_used + size > self._budget:
                del self._models[name]
        self._give_back()

    def _give_back(self) -> None:
        """Give memory back that nothing holds any more."""
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _load_file(
    source: FileSource | AdditionSource, device: torch.device, *, in_turns: bool, fast: bool
) -> Kept:
    load = _loading(source, device, in_turns=in_turns, fast=fast)
    try:
        return load()
    except (OSError, ValueError, LookupError, TypeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise MemoryError(_first_line(error)) from error
        raise damaged(source.path, f"can't be loaded ({_first_line(error)})") from error


def _loading(
    source: FileSource | AdditionSource, device: torch.device, *, in_turns: bool, fast: bool
) -> Callable[[], Kept]:
    """What loads a file. Its libraries are imported here, and only where a job needs them."""
    if isinstance(source, UpscalerSource):
        from scumble_server.upscale.loading import load_network

        return partial(load_network, source.path, device)
    with IMPORTING:
        from scumble_server.control.loading import load_addition
        from scumble_server.models.loading import load_checkpoint, load_folder
    if isinstance(source, AdditionSource):
        return partial(load_addition, source, device)
    how = {"in_turns": in_turns, "fast": fast}
    if isinstance(source, FolderSource):
        return partial(load_folder, source.path, source.spec, device, **how)
    return partial(load_checkpoint, source.path, source.checkpoint, device, **how)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")


def _out_of_memory(source: FileSource | AdditionSource) -> ServerError:
    gigabytes = source.bytes / 2**30
    return ServerError(
        ErrorCode.OUT_OF_MEMORY,
        f"There is not enough memory for {source.id}, whose weights take {gigabytes:.1f} GB.",
        "Close other programs that use the device, or choose a smaller model.",
    )
