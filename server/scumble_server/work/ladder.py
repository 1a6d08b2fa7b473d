"""What is done, rung by rung, when a device has too little memory for a job.

1. What is kept of earlier jobs is dropped: LoRAs, encoded texts and pictures.
2. Other models are put away, and what torch keeps in reserve is given back.
3. The VAE works in tiles.
4. Fewer variations are made at once (`fewer_at_once`).
5. Half as many pixels are worked on.
6. The model's parts take turns on the device, at the full size again.
7. Half as many pixels again, as long as the model can still make a picture of them.

What only enlarges takes the second rung, and then smaller pieces (`upscale/network.py`). Each rung
that is taken is said in the result's notes. What changes the model's pixels is undone after the
job, so that the next one is made as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from scumble_server.models.saving import decode_in_tiles, is_taking_turns, take_turns
from scumble_server.models.shortage import SHORTAGES, is_out_of_memory
from scumble_server.upscale.steps import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from scumble_protocol.geometry import Size
    from scumble_server.models.model import Model
    from scumble_server.prompts.wording import Wording
    from scumble_server.spec import ModelSpec
    from scumble_server.work.means import Means

T = TypeVar("T")

TURNS = "The parts of the model take turns on the device,"


class Ladder:
    """The rungs of one job; a context, at whose end what must not stay is undone.

    Args:
        model: The model that the job is done with; None where only other kinds are at work.
        means: Has the shelf with the other models, and takes the notes.
    """

    def __init__(self, model: Model | None, means: Means) -> None:
        self._model: Any = model
        self._means = means
        self._gentle = [self._put_others_away]
        if model is not None:
            self._gentle = [self._drop_kept, self._put_others_away, self._decode_in_tiles]
        self._halved = False
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        if self._model is not None and is_taking_turns(self._model.pipeline):
            self._means.note(f"{TURNS} since it is too large for it.")
        return self

    def __exit__(self, *_error: object) -> None:
        self._undo.close()

    def note(self, said: str) -> None:
        """Say in the result what was done."""
        self._means.note(said)

    @contextmanager
    def using(self, wording: Wording) -> Iterator[None]:
        """The model with what a wording adds, which takes memory too.

        Raises:
            RequestError: As `Model.using`.
        """
        with ExitStack() as added:
            self.relieved(lambda: added.enter_context(self._model.using(wording)))
            yield

    def relieve(self, error: Exception) -> bool:
        """Take the next rung that leaves the request as it is; False where none is left.

        Raises:
            Exception: The error itself, if it does not mean that memory is short.
        """
        _check(error)
        return any(self._gentle.pop(0)() for _ in tuple(self._gentle))

    def relieved(self, work: Callable[[], T]) -> T:
        """What some work gives, tried again after each rung that leaves the request as it is.

        Raises:
            Exception: The work's own error, if no such rung is left or it is none of memory.
        """
        try:
            return work()
        except SHORTAGES as error:
            if not self.relieve(error):
                raise
        return self.relieved(work)

    def smaller(self, spec: ModelSpec, working: Size, error: Exception) -> ModelSpec:
        """The spec for the next try, with half the pixels or with the model's parts in turns.

        Raises:
            Exception: The error itself, if nothing helps.
        """
        _check(error)
        if self._halved and take_turns(self._model):
            self._means.note(f"{TURNS} since there was not enough memory.")
            return self._model.spec  # type: ignore[no-any-return]
        pixels = working.pixels // 2
        if pixels < spec.min_side**2:
            if not take_turns(self._model):
                raise error
            self._means.note(f"{TURNS} since there was not enough memory.")
            return spec
        self._halved = True
        self._means.note(f"{SHORT} fewer pixels were worked on: about {pixels / 1e6:.2f} million.")
        return replace(spec, max_pixels=pixels)

    def _drop_kept(self) -> bool:
        if not self._model.forget():
            return False
        self._means.note(f"{SHORT} what was kept of earlier jobs was dropped.")
        return True

    def _put_others_away(self) -> bool:
        names = self._means.shelf.put_others_away()
        if names:
            self._means.note(f"{SHORT} other models were put away: {', '.join(names)}.")
        return bool(names)

    def _decode_in_tiles(self) -> bool:
        undo = decode_in_tiles(self._model)
        if undo is None:
            return False
        self._undo.callback(self._model.forget)  # pictures that were encoded in tiles, too
        self._undo.callback(undo)
        self._means.note(f"{SHORT} the picture was decoded in tiles.")
        return True


def _check(error: Exception) -> None:
    if not is_out_of_memory(error):
        raise error
