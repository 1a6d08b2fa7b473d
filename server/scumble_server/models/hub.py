"""Fetching a model from a hub of models, file by file, with progress and cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import huggingface_hub
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from scumble_protocol.errors import ErrorCode, RequestError, ServerError
from scumble_protocol.messages import Phase
from scumble_server.models.folders import PICKLES
from scumble_server.report import ProgressReport

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from scumble_server.report import Reporter

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
"""The folders of a model that are fetched; of its weights only those as safetensors."""

MIB = 2**20

HTTP_ERROR: type[Exception] = vars(huggingface_hub.errors)["HTTPError"]
"""The base of the errors of failing connections and answers, which the hub's library imports."""


def fetch(model: str, target: Path, report: Reporter, endpoint: str | None = None) -> None:
    """Fetch the model `owner/name` in diffusers' layout into the folder `target`.

    What was fetched before an interruption is not fetched again: everything goes to a hidden
    folder first, which gets its name when it is complete.

    Args:
        model: The id.
        target: The folder that the model shall have; its parent is made if need be.
        report: Told of the bytes, in MiB; what it raises ends the download.
        endpoint: Address of the hub; None takes Hugging Face's, or what `HF_ENDPOINT` says.

    Raises:
        RequestError: `UNKNOWN_MODEL` when the hub has no such model, `UNSUPPORTED_MODEL` when it
            can't be used, `UNSAFE_MODEL` when it comes only as pickles.
        ServerError: `DOWNLOAD_FAILED` when the hub can't be reached or the connection breaks.
    """
    incoming = target.with_name(f".incoming-{target.name}")
    try:
        files = choose_files(model, _files(model, endpoint))
        progress = _Bytes(sum(files.values()), model, report)
        for name in files:
            huggingface_hub.hf_hub_download(
                model,
                name,
                local_dir=incoming,
                tqdm_class=progress.bar(),
                endpoint=endpoint,
            )
    except (RepositoryNotFoundError, GatedRepoError) as error:
        raise RequestError(
            ErrorCode.UNKNOWN_MODEL,
            f"The hub has no model {model!r} that may be fetched.",
            "Check its name; for one with a licence to accept, log in with `hf auth login` first.",
        ) from error
    except (HTTP_ERROR, OSError, huggingface_hub.errors.HFValidationError) as error:
        raise ServerError(
            ErrorCode.DOWNLOAD_FAILED,
            f"The model {model!r} is not on this machine and could not be fetched from the hub.",
            "Check the connection to the internet, or copy the model into the models folder.",
        ) from error
    incoming.rename(target)


def choose_files(model: str, files: dict[str, int]) -> dict[str, int]:
    """The files to fetch out of all that a model has, with their sizes in bytes.

    Of weights that come in several forms one is taken: fp16 before full precision, since that is
    what GPUs calculate in and half as long to fetch.

    Raises:
        RequestError: `UNSUPPORTED_MODEL` or `UNSAFE_MODEL`.
    """
    if "model_index.json" not in files:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"The model {model!r} has no diffusers layout.",
            "Download its .safetensors file into the models folder by hand.",
        )
    chosen = {"model_index.json": files["model_index.json"]}
    for part in PARTS:
        own = {name: size for name, size in files.items() if name.startswith(f"{part}/")}
        chosen |= {name: size for name, size in own.items() if name.endswith((".json", ".txt"))}
        weights = _weights(own)
        if not weights and any(name.endswith(PICKLES) for name in own):
            raise RequestError(
                ErrorCode.UNSAFE_MODEL,
                f"The model {model!r} comes only as pickles, which could run any program.",
                "Choose a model with .safetensors files.",
            )
        chosen |= weights
    return chosen


def _weights(files: dict[str, int]) -> dict[str, int]:
    """One form of a part's weights: the fp16 files if there are any, else the plain ones."""
    weights = {name: size for name, size in files.items() if name.endswith(".safetensors")}
    half = {name: size for name, size in weights.items() if ".fp16" in name}
    plain = {name: size for name, size in weights.items() if name.rsplit("/", 1)[1].count(".") == 1}
    return half or plain


def _files(model: str, endpoint: str | None) -> dict[str, int]:
    info = huggingface_hub.HfApi(endpoint).model_info(model, files_metadata=True)
    return {file.rfilename: file.size or 0 for file in info.siblings or ()}


class _Bytes:
    """Adds up the bytes of all files and reports them, in MiB."""

    def __init__(self, total: int, model: str, report: Reporter) -> None:
        self._total = max(1, total // MIB)
        self._done = 0
        self._detail = f"fetching {model}"
        self._report = report
        self.add(0)

    def add(self, count: float) -> None:
        """So many bytes more are there; raises `Cancelled` out of the reporter."""
        self._done += int(count)
        step = min(self._done // MIB, self._total)
        self._report(ProgressReport(Phase.LOADING, step, self._total, detail=self._detail))

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
