"""What a panel remembers from one run of its editor to the next."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from scumble_protocol.editor.order import Order
from scumble_protocol.errors import ScumbleError
from scumble_protocol.private_file import read_values, write_values

_log = logging.getLogger(__name__)

MOST_PROMPTS = 100


@dataclass(frozen=True)
class Pending:
    """A job that was not over when it was written down.

    Args:
        key: The picture that it belongs to, see `Picture.key`; empty if it was never saved.
        title: What was asked for, for people.
        server: Which server has it, see `client.Address`; empty for that of this machine.
    """

    key: str
    title: str
    server: str = ""


Soon = Callable[[Callable[[], None]], None]
"""Has something done, perhaps on another thread, in the order in which it is asked."""


def at_once(do: Callable[[], None]) -> None:
    """Do it right here."""
    do()


@dataclass
class Memory:
    """Kept in one JSON file, which is written whole or not at all.

    Args:
        file: The file; None to remember nothing beyond this run.
        order: The order that was last used.
        prompts: The prompts that were used, the newest first.
        pending: By job, those that were not over.
        soon: Has the file written. Some milliseconds of waiting for a disk are felt in an editor,
            so that `Client.soon` is for the panels.
    """

    file: Path | None = None
    order: Order = Order()  # noqa: RUF009 (frozen, so it can be shared)
    prompts: tuple[str, ...] = ()
    pending: dict[str, Pending] = field(default_factory=dict)
    soon: Soon = field(default=at_once, compare=False)

    @classmethod
    def of(cls, file: Path, soon: Soon = at_once) -> Memory:
        """What the file says; what can't be read of it is as in the first run."""
        remembered = read_values(file.parent, file.name)
        if remembered is None:
            return cls(file, soon=soon)
        try:
            return cls(
                file,
                Order.from_json(json.dumps(remembered["order"])),
                tuple(str(prompt) for prompt in remembered["prompts"]),
                {job: Pending(**pending) for job, pending in remembered["pending"].items()},
                soon,
            )
        except (TypeError, KeyError, AttributeError, ScumbleError) as error:
            _log.warning("%s is of another kind, so the panel starts anew: %r", file, error)
            return cls(file, soon=soon)

    def use(self, order: Order) -> None:
        """Remember an order, and its prompt as the newest."""
        self.order = order
        prompt = order.settings.prompt.strip()
        if prompt:
            others = tuple(other for other in self.prompts if other != prompt)
            self.prompts = (prompt, *others)[:MOST_PROMPTS]
        self.save()

    def expect(self, job: str, pending: Pending) -> None:
        """Remember a job until it is over."""
        if self.pending.get(job) != pending:
            self.pending[job] = pending
            self.save()

    def over(self, job: str) -> None:
        """Forget a job."""
        if self.pending.pop(job, None) is not None:
            self.save()

    def of_picture(self, key: str) -> Iterator[str]:
        """The jobs of a picture."""
        return (job for job, pending in self.pending.items() if pending.key == key)

    def save(self) -> None:
        """Write all of it down; a disk that can't be written is logged, and no reason to stop."""
        file = self.file
        if file is None:
            return
        remembered = {
            "order": json.loads(self.order.to_json()),
            "prompts": self.prompts,
            "pending": {job: asdict(pending) for job, pending in self.pending.items()},
        }
        self.soon(partial(_write, file, remembered))


def _write(file: Path, remembered: Mapping[str, object]) -> None:
    try:
        write_values(file.parent, file.name, remembered)
    except OSError as error:
        _log.warning("What the panel remembers can't be kept: %s", error)
