"""What a panel asks while one types: answered one after the other, beside everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import AskNames, Measure, Measured, Names, Refused

Question = Measure | AskNames
Answer = Measured | Names


class Questions:
    """The questions of one connection; of several of a kind that wait, only the newest counts.

    Args:
        answer: Answers one, on another thread.
        tell: Takes the answer, on the event loop's thread.
        most: Characters of the longest prompt that is measured.
        executor: The threads that questions are answered on.
    """

    def __init__(
        self,
        answer: Callable[[Question], Answer],
        tell: Callable[[Answer | Refused], None],
        most: int,
        executor: Executor,
    ) -> None:
        self._answer = answer
        self._tell = tell
        self._most = most
        self._executor = executor
        self._waiting: dict[type[Question], Question] = {}
        self._working: asyncio.Task[None] | None = None

    def ask(self, question: Question) -> None:
        """Have a question answered, soon; a prompt that no request could have is refused."""
        if isinstance(question, Measure) and len(question.text) > self._most:
            self._tell(_too_long(len(question.text), self._most))
            return
        self._waiting[type(question)] = question
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())

    async def end(self) -> None:
        """Answer no more but what is worked on."""
        self._waiting.clear()
        if self._working is not None:
            await self._working

    async def _work(self) -> None:
        while self._waiting:
            _, question = self._waiting.popitem()
            loop = asyncio.get_running_loop()
            self._tell(await loop.run_in_executor(self._executor, self._answer, question))


def _too_long(length: int, most: int) -> Refused:
    return Refused(
        "",
        ErrorCode.TOO_LARGE,
        f"The prompt is {length} characters long.",
        f"It may have {most} at most; shorten it.",
    )
