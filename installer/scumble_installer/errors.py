"""What can keep Scumble from being set up, each said in one sentence with what to do next."""

from __future__ import annotations


class InstallerError(Exception):
    """The base: a sentence for a person and a hint what to do; never shown as a traceback."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}"


class UnsuitableMachineError(InstallerError):
    """The machine lacks something that the installer will not or cannot get by itself."""


class StepFailedError(InstallerError):
    """A command of the plan failed; the same call goes on from there."""


class BundleError(InstallerError):
    """A plugin can't be put together from what is installed here."""


class EditorError(InstallerError):
    """A plugin can't be put into an editor, or taken out, as things are now."""
