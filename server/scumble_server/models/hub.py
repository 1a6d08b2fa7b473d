"""Fetching a model or an addition from a hub, file by file, with progress and cancel."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import huggingface_hub
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.messages import Phase
from scumble_server.control.layout import CONFIG
from scumble_server.models.file_names import is_inside
from scumble_server.models.hub_additions import (
    Wanted,
    check_config,
    choose_addition,
    parted,
    role_of,
)
from scumble_server.models.hub_files import INDEX, HubFile, choose_files, is_whole
from scumble_server.work.report import ProgressReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from typing_extensions import Self

    from scumble_server.control.places import Role
    from scumble_server.work.report import Reporter

MIB = 2**20

NAMED = 6
"""Most files that are named when they have to be fetched by hand."""

HTTP_ERROR: type[Exception] = vars(huggingface_hub.errors)["HTTPError"]
"""The base of the errors of failing connections and answers, which the hub's library imports."""


def fetch(
    model: str,
    target: Path,
    report: Reporter,
    endpoint: str | None = None,
    place: Callable[[Role], Path] | None = None,
) -> None:
    """Fetch a model in diffusers' layout into the folder `target`, or an addition into its own.

    What was fetched before an interruption is not fetched again, half a file neither: everything
    goes to a hidden folder first, which gets its name when it is complete. Every file is compared
    with the hash that the hub tells of it.

    Args:
        model: The id: `owner/name`, and for an addition also a file or folder in there.
        target: The folder that the model shall have; its parent is made if need be. An addition
            gets its name.
        report: Told of the bytes, in MiB; what it raises ends the download.
        endpoint: Address of the hub; None takes Hugging Face's, or what `HF_ENDPOINT` says.
        place: Gives the folder of a kind of additions; None takes the usual ones beside `target`.

    Raises:
        RequestError: `UNKNOWN_MODEL` when the hub has no such model, `UNSUPPORTED_MODEL` when it
            can't be used, `UNSAFE_MODEL` when it comes only as pickles.
        ServerError: `DOWNLOAD_FAILED` when the hub can't be reached, the connection breaks or a
            file arrives damaged; `DISK_FULL` when there is no room for it.
    """
    incoming = target.with_name(f".incoming-{target.name}")
    repository, inside = parted(model)
    hub = Hub(repository, endpoint)
    files: dict[str, HubFile] = {}
    addition: Wanted | None = None
    with _said_plainly(hub, target, files):
        offered = hub.files()
        if inside or INDEX not in offered:
            addition = choose_addition(model, offered)
        files |= addition.files if addition else choose_files(model, offered)
        _check_room(incoming, files)
        progress = _Bytes(sum(file.size for file in files.values()), model, report)
        for name, file in files.items():
            _fetch_file(hub, name, file, incoming, progress)
            if addition and name.rpartition("/")[2] == CONFIG:
                check_config(model, incoming / name)
    shutil.rmtree(incoming / ".cache", ignore_errors=True)
    if addition is None:
        incoming.rename(target)
    else:
        _shelve(
            model, incoming, addition, target, place or (lambda role: target.parent / role.value)
        )


def _fetch_file(hub: Hub, name: str, file: HubFile, incoming: Path, progress: _Bytes) -> None:
    path = incoming / name
    hub.download(name, incoming, progress.bar())
    if not is_whole(path, file):
        path.unlink()
        raise _damaged_on_the_way(hub.model, name)
    progress.finish(file.size)


def _shelve(
    model: str, incoming: Path, addition: Wanted, target: Path, place: Callable[[Role], Path]
) -> None:
    """Bring an addition that has arrived to the folder of its kind, under the target's name."""
    arrived = incoming / addition.path
    try:
        folder = place(role_of(model, arrived))
    except RequestError:
        shutil.rmtree(incoming)
        raise
    folder.mkdir(parents=True, exist_ok=True)
    ending = arrived.suffix if arrived.is_file() and target.suffix != arrived.suffix else ""
    arrived.rename(folder / f"{target.name}{ending}")
    shutil.rmtree(incoming, ignore_errors=True)


class Hub:
    """One model of a hub.

    A token that is there is not used until the hub asks for one: models that everybody may have
    then come even if it is an old one.

    Args:
        model: The id.
        endpoint: Address of the hub; None takes the usual one.
    """

    def __init__(self, model: str, endpoint: str | None) -> None:
        self.model = model
        self.endpoint = endpoint
        self._token: bool | None = False

    @property
    def address(self) -> str:
        """Where a browser finds the model."""
        return f"{self.endpoint or huggingface_hub.constants.ENDPOINT}/{self.model}"

    def files(self) -> dict[str, HubFile]:
        """All files of the model, by their names there; none whose name leads out of a folder."""
        try:
            return self._files()
        except (GatedRepoError, RepositoryNotFoundError):
            self._token = None
            return self._files()

    def download(self, name: str, into: Path, bar: type[object]) -> None:
        """Fetch one file; goes on where it was broken off."""
        try:
            self._download(name, into, bar)
        except GatedRepoError:
            # The list of files is open to all where the files are not.
            if self._token is None:
                raise
            self._token = None
            self._download(name, into, bar)

    def _files(self) -> dict[str, HubFile]:
        api = huggingface_hub.HfApi(self.endpoint, token=self._token)
        info = api.model_info(self.model, files_metadata=True)
        return {
            file.rfilename: HubFile(
                file.size or 0, file.lfs.sha256 if file.lfs else "", file.blob_id or ""
            )
            for file in info.siblings or ()
            if is_inside(file.rfilename)
        }

    def _download(self, name: str, into: Path, bar: type[object]) -> None:
        huggingface_hub.hf_hub_download(
            self.model,
            name,
            local_dir=into,
            tqdm_class=bar,
            endpoint=self.endpoint,
            token=self._token,
        )


@contextlib.contextmanager
def _said_plainly(hub: Hub, target: Path, files: Mapping[str, HubFile]) -> Iterator[None]:
    """While in it, what goes wrong with the hub becomes one sentence and what to do next."""
    try:
        yield
    except GatedRepoError as error:
        raise RequestError(
            ErrorCode.UNKNOWN_MODEL,
            f"The model {hub.model!r} is given only to those who accept its licence.",
            f"Accept it at {hub.address}, log in with `hf auth login`, and try again.",
        ) from error
    except RepositoryNotFoundError as error:
        raise RequestError(
            ErrorCode.UNKNOWN_MODEL,
            f"The hub has no model {hub.model!r} that may be fetched.",
            "Check its name; if it is a private one, log in with `hf auth login` first.",
        ) from error
    except (HTTP_ERROR, HfHubHTTPError, OSError, huggingface_hub.errors.HFValidationError) as error:
        raise ServerError(
            ErrorCode.DOWNLOAD_FAILED,
            f"The model {hub.model!r} could not be fetched from the hub.",
            "Try again: what has arrived is kept. Or fetch "
            f"{_by_hand(files)} from {hub.address} by hand into {target}.",
        ) from error


def _by_hand(files: Mapping[str, HubFile]) -> str:
    if not files:
        return "its files"
    names = sorted(files)
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{rest}"


def _check_room(incoming: Path, files: Mapping[str, HubFile]) -> None:
    incoming.mkdir(parents=True, exist_ok=True)
    there = sum(path.stat().st_size for path in incoming.rglob("*") if path.is_file())
    missing = sum(file.size for file in files.values()) - there
    free = shutil.disk_usage(incoming).free
    if missing > free:
        raise ServerError(
            ErrorCode.DISK_FULL,
            f"The model takes {missing / 1e9:.1f} GB more, and {free / 1e9:.1f} GB are free.",
            f"Make room on the disk of {incoming.parent}.",
        )


def _damaged_on_the_way(model: str, name: str) -> ServerError:
    return ServerError(
        ErrorCode.DOWNLOAD_FAILED,
        f"The file {name} of {model!r} arrived damaged and was deleted.",
        "Try again; only this file is fetched anew.",
    )


class _Bytes:
    """Adds up the bytes of all files and reports them, in MiB."""

    def __init__(self, total: int, model: str, report: Reporter) -> None:
        self._total = max(1, total // MIB)
        self._finished = 0
        self._done = 0
        self._detail = f"fetching {model}"
        self._report = report
        self.add(0)

    def add(self, count: float) -> None:
        """So many bytes more are there; raises `Cancelled` out of the reporter."""
        self._done += int(count)
        step = min(self._done // MIB, self._total)
        self._report(ProgressReport(Phase.LOADING, step, self._total, detail=self._detail))

    def finish(self, size: int) -> None:
        """A file of that size is there, whether it was fetched now or before."""
        self._finished += size
        self.add(max(0, self._finished - self._done))

    def bar(self) -> type[object]:
        """A progress bar for the downloader that tells us instead of a terminal."""
        add = self.add

        class Bar(ProgressBar):
            def update(self, count: float = 1) -> None:
                add(count)

        return Bar


class ProgressBar:
    """As much of tqdm's bar as the downloader touches; draws nothing."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        self.total: float | None = None
        self.n = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def update(self, count: float = 1) -> None:
        """So many bytes more are there."""

    def update_transfer(self, count: float = 1) -> None:
        """So many bytes came over the network; not told, since packed ones are fewer."""

    def set_description(self, *_arguments: object, **_options: object) -> None:
        """Says what is being done."""

    def set_postfix_str(self, *_arguments: object, **_options: object) -> None:
        """Says how fast."""

    def refresh(self) -> None:
        """Draws."""

    def close(self) -> None:
        """Ends."""
