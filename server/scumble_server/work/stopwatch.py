"""How long a job spends on what."""

from __future__ import annotations

import time

from scumble_server.work.report import ProgressReport, Report, Reporter


class Stopwatch:
    """Adds up seconds by phase; exactly one phase runs at a time, the first from the start on."""

    def __init__(self, phase: str) -> None:
        self._seconds: dict[str, float] = {}
        self._phase = phase
        self._since = time.perf_counter()

    def enter(self, phase: str) -> None:
        """End the running phase and go on with this one, which may have run before."""
        now = time.perf_counter()
        self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now

    def listening(self, report: Reporter) -> Reporter:
        """The reporter, with the watch entering every phase that it is told of."""

        def listen(told: Report) -> None:
            if isinstance(told, ProgressReport) and told.phase.value != self._phase:
                self.enter(told.phase.value)
            report(told)

        return listen

    def stop(self) -> dict[str, float]:
        """Seconds by phase, in the order in which the phases began."""
        self.enter(self._phase)
        return dict(self._seconds)
