"""The jobs of a panel: which picture each belongs to, how it goes, and whose result waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from scumble_protocol.editor.gallery import Picture
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.memory import Memory, Pending
from scumble_protocol.editor.progress import advanced
from scumble_protocol.editor.view import JobView, Offer, PreviewView
from scumble_protocol.messages import Accepted, Progress, Started


@dataclass
class Job:
    """A job that is not over; `is_done` once its result waits to be placed."""

    view: JobView
    picture: Picture | None
    preview: PreviewView | None = None
    is_started: bool = False
    is_done: bool = False


class JobList:
    """Those that are not over.

    Args:
        memory: Keeps them for the next run of the editor.
        tr: Translates.
    """

    def __init__(self, memory: Memory, tr: Translate) -> None:
        self._memory = memory
        self._tr = tr
        self._jobs: dict[str, Job] = {}
        self._server = ""

    def get(self, job: str) -> Job | None:
        """The job of this id, if it is one of these."""
        return self._jobs.get(job)

    def begin(self, job: str, title: str, picture: Picture, *, is_kept: bool) -> None:
        """There is a new one; `is_kept` if its result is to be waited for in later runs too."""
        self._jobs[job] = Job(JobView(job, title, self._tr("Sending")), picture)
        if is_kept:
            self._memory.expect(job, Pending(picture.key(), title, self._server))

    def reopen(self, picture: Picture) -> list[tuple[str, str]]:
        """What an earlier run left unfinished for a picture, and is to be asked for anew.

        Each is given with the server that has it.
        """
        key = picture.key()
        left = [job for job in self._memory.of_picture(key) if key and job not in self._jobs]
        for job in left:
            title = self._memory.pending[job].title
            self._jobs[job] = Job(JobView(job, title, self._tr("Waiting")), picture)
        return [(job, self._memory.pending[job].server) for job in left]

    def close(self, picture: Picture) -> None:
        """A picture is gone; its jobs belong to none."""
        for job in self._jobs.values():
            if job.picture is picture:
                job.picture = None

    def connect(self, server: str) -> None:
        """This server does from now on what is begun."""
        self._server = server

    def disconnect(self) -> None:
        """Nothing is known of them while there is no connection."""
        for job in self._jobs.values():
            if not job.is_done:
                phase = self._tr("Waiting for the server")
                job.view = replace(job.view, phase=phase, seconds_left=None)
                job.preview, job.is_started = None, False

    def advance(self, event: Accepted | Started | Progress) -> None:
        """One of them goes on."""
        pending = self._memory.pending.get(event.job)
        if pending is not None and isinstance(event, Accepted):
            self._memory.expect(event.job, replace(pending, server=self._server))
        job = self._jobs.get(event.job)
        if job is not None and not job.view.is_stopping:
            job.is_started = job.is_started or not isinstance(event, Accepted)
            job.view = advanced(job.view, event, self._tr)

    def over(self, job: str) -> None:
        """Forget one."""
        self._jobs.pop(job, None)
        self._memory.over(job)

    def of(self, picture: Picture | None) -> list[Job]:
        """The jobs of a picture that are not done; what is kept about them follows its name."""
        if picture is None:
            return []
        mine = [job for job in self._jobs.values() if job.picture is picture]
        for job in mine:
            pending = self._memory.pending.get(job.view.job)
            if pending is not None:
                self._memory.expect(job.view.job, replace(pending, key=picture.key()))
        return [job for job in mine if not job.is_done]

    def shown(self, picture: Picture | None) -> Job | None:
        """The one that is worked on, else the next."""
        mine = self.of(picture)
        return next((job for job in mine if job.is_started), mine[0] if mine else None)

    def offers(
        self, picture: Picture | None, is_being_placed: Callable[[str], bool]
    ) -> tuple[Offer, ...]:
        """The results that wait for a picture."""
        if picture is None:
            return ()
        key = picture.key()
        return tuple(
            Offer(job.view.job, self._tr("“{title}” is done and waits.", title=job.view.title))
            for job in self._jobs.values()
            if job.is_done and not is_being_placed(job.view.job)
            if job.picture is picture
            or (job.picture is None and self._memory.pending[job.view.job].key in {key, ""})
        )
