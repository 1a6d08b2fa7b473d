"""One order from beginning to end, for a procedure that returns when it is done."""

from __future__ import annotations

from typing import Final

from scumble_gimp.canvas import GimpPicture
from scumble_gimp.line import Line
from scumble_gimp.memory import GimpMemory
from scumble_gimp.progress import ProgressBar
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.memory import Pending
from scumble_protocol.editor.modes import Mode, missing
from scumble_protocol.editor.order import Order
from scumble_protocol.editor.ordering import start
from scumble_protocol.editor.progress import advanced
from scumble_protocol.editor.studio import Applied, JobFailed, Offered, StudioEvent, Unplaced
from scumble_protocol.editor.styles import Styles
from scumble_protocol.editor.view import JobView
from scumble_protocol.errors import ErrorCode, PeerError, RequestError
from scumble_protocol.messages import Accepted, Cancelled, Progress, Started

LOST_SECONDS: Final = 60.0
"""How long to wait for a server that was lost in the middle of a job."""


class Errand:
    """Has one thing done for a picture, and shows how it goes.

    Args:
        picture: The picture.
        line: The line to the server.
        memory: Where the job is remembered in case this process is killed.
        bar: Where progress is shown.
        tr: Translates what painters read.
    """

    def __init__(
        self,
        picture: GimpPicture,
        line: Line,
        memory: GimpMemory,
        bar: ProgressBar,
        tr: Translate,
    ) -> None:
        self._picture = picture
        self._line = line
        self._memory = memory
        self._bar = bar
        self._tr = tr

    def reach(self, *, may_start: bool) -> None:
        """Wait until the server is reached; start one if there is none and that is wanted.

        Raises:
            ScumbleError: It can't be, or refuses us.
        """
        will_start = may_start and self._line.can_start
        self._bar.show(self._tr("Starting the server …") if will_start else self._tr("Connecting"))
        self._line.reach(self._bar.pulse, may_start=may_start)

    def left_behind(self) -> dict[str, Pending]:
        """The jobs of this picture that earlier runs left behind and this server has."""
        left = self._memory.left_behind(self._picture.key())
        return {job: kept for job, kept in left.items() if kept.server == self._line.server}

    def run(self, order: Order, styles: Styles, title: str) -> None:
        """Have it done; returns when the result is in the picture.

        Args:
            order: What to do.
            styles: The style presets that there are.
            title: How people call the job if it has no prompt.

        Raises:
            ScumbleError: It can't be done, failed, or was cancelled.
        """
        reason = self.reason_against(order.mode)
        if reason:
            hint = self._tr("Look for a newer Scumble, or another model.")
            raise RequestError(ErrorCode.INVALID_VALUE, reason, hint)
        title = order.prompt or title
        job = start(self._line.studio, order, styles)
        self._remember(job, title)
        self._await(job, title)

    def fetch(self, job: str, title: str) -> None:
        """Put the result of an earlier run into the picture. Raises like `run`."""
        self._remember(job, title)
        self._line.studio.adopt(job)
        self._await(job, title)

    def drop(self, job: str) -> None:
        """Neither wait for the job of an earlier run nor keep what it made."""
        self._line.studio.drop(job)
        self._memory.over(job)

    def reason_against(self, mode: Mode) -> str:
        """Why the server does not offer this; empty if it does."""
        studio = self._line.studio
        return missing(studio.features, studio.models, self._tr)[mode]

    def _remember(self, job: str, title: str) -> None:
        self._memory.expect(job, Pending(self._picture.key(), title, self._line.server))

    def _await(self, job: str, title: str) -> None:
        view = JobView(job, title, self._tr("Sending"))
        self._bar.show_job(view)
        is_done = False
        while not is_done:
            for event in self._line.hear():
                if isinstance(event, (Accepted, Started, Progress)) and event.job == job:
                    view = advanced(view, event, self._tr)
                    self._bar.show_job(view)
                is_done = is_done or self._ends(event, job)
            self._bear_loss()
            self._bar.pulse()

    def _ends(self, event: StudioEvent, job: str) -> bool:
        """Whether the event ends the job well; what ends it otherwise is raised."""
        if not isinstance(event, (Applied, Offered, Unplaced, JobFailed, Cancelled)):
            return False
        if event.job != job:
            return False
        if isinstance(event, Offered):
            self._line.studio.place(job)
            return False
        if isinstance(event, Unplaced):
            raise event.error  # the server keeps the result, and we remember the job
        self._memory.over(job)
        if isinstance(event, JobFailed):
            raise event.error
        if isinstance(event, Cancelled):
            raise RequestError(
                ErrorCode.UNKNOWN_JOB, "The job was cancelled elsewhere.", "Start it again."
            )
        if event.finished.notes:
            self._bar.note("\n".join(self._tr(note) for note in event.finished.notes))
        return True

    def _bear_loss(self) -> None:
        if self._line.seconds_lost == 0.0:
            return
        self._bar.show(self._tr("Waiting for the server"))
        if self._line.seconds_lost > LOST_SECONDS:
            raise PeerError(
                ErrorCode.DISCONNECTED,
                f"The server was lost, and did not come back in {LOST_SECONDS:.0f} seconds.",
                "Start it again; then call Scumble for this picture to get the result.",
            )
