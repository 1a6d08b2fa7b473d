"""Asks for things by hostile names, and fails if a file outside of their folders is opened for it.

`python -m tests.fuzz.names_probe FOLDER EXAMPLES`: a process of its own, since what listens to
every opened file stays as long as the process. Prints how many names were tried.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from scumble_protocol.blobs import blob_id
from scumble_protocol.checks import check_job_id
from scumble_protocol.editor.styles import Styles
from scumble_protocol.errors import ScumbleError
from scumble_protocol.images import check_blob_id
from scumble_server.control.places import Role
from scumble_server.jobs.blobstore import BlobStore
from scumble_server.models.catalog import Catalog
from scumble_server.models.sources import HubSource
from scumble_server.prompts.library import Library

WINDOWS = (
    "CON",
    "NUL",
    "COM1",
    "LPT1.txt",
    "aux.safetensors",
    "a.",
    "a ",
    "C:secret",
    "C:\\secret",
)
REMOTE = ("\\\\host\\share\\secret", "//host/share/secret", "file:///etc/passwd", "~root/secret")
LOOKALIKES = (
    "..\N{FULLWIDTH SOLIDUS}secret", "..\N{DIVISION SLASH}secret", "\N{TWO DOT LEADER}/secret",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}/secret", "a\N{RIGHT-TO-LEFT OVERRIDE}b",
)  # fmt: skip
DOTS = ("..", ".", "", "/", "../secret", "..\\secret", "a/../../secret", "x" * 5000, "a\0b", "\0")


def prepare(root: Path) -> Path:
    """A state folder with one thing of each kind, and beside it the same things as secrets."""
    state = root / "state"
    weights = {"x": np.zeros((1, 8), np.float32)}
    for folder in (state / "models", root, state):
        folder.mkdir(parents=True, exist_ok=True)
    for kind in ("loras", "embeddings", *(role.value for role in Role)):
        (state / "models" / kind).mkdir()
        save_file(weights, state / "models" / kind / "known.safetensors")
    for ending in (".safetensors", "", ".txt", ".json", ".pth"):
        save_file(weights, root / f"secret{ending}")
    for kind in ("wildcards", "styles"):
        (state / kind).mkdir()
    (state / "wildcards" / "known.txt").write_text("a\nb\n")
    (state / "styles" / "known.json").write_text("{}")
    return state


def askers(state: Path) -> dict[str, Callable[[str], object]]:
    """Every way in which a name that came from elsewhere selects something."""
    catalog = Catalog([state / "models"], state / "none", is_private=False)
    library = Library.of(state)
    store = BlobStore(state / "blobs", budget=2**20, memory=0)

    def place(name: str) -> None:
        # Only what has the form of a hub's id comes as far as that.
        if isinstance(catalog.find(name), HubSource):
            inside = catalog.place_for(name).relative_to(state / "models")
            assert len(inside.parts) == 1, name

    def blob(name: str) -> None:
        check_blob_id(name)
        with contextlib.suppress(KeyError):
            store.get(name)

    asking: dict[str, Callable[[str], object]] = {
        "model": place,
        "addition": catalog.additions.by_id,
        "wildcard": library.lines,
        "lora": library.lora,
        "embedding": library.embedding,
        "style": Styles.read(state / "styles").get,
        "blob": blob,
        "job": check_job_id,
    }
    for role in Role:
        asking[role.value] = functools.partial(catalog.additions.find, role)
    return asking


def names(root: Path) -> st.SearchStrategy[str]:
    secrets = [str(root / name) for name in ("secret", "secret.txt", "secret.safetensors")]
    depths = [f"{'../' * depth}secret" for depth in range(1, 6)]
    plain = st.sampled_from(
        [*WINDOWS, *REMOTE, *LOOKALIKES, *DOTS, *secrets, *depths, "known", "KNOWN"]
    )
    glued = st.tuples(
        st.sampled_from(["", "known/", "loras/", "vae/", "./", "../", "%2e%2e/", "a--"]),
        plain,
        st.sampled_from(["", ".safetensors", ".txt", ".json", "\0.txt", "/", ".", "::$DATA"]),
    ).map("".join)
    return glued | st.text(max_size=60) | st.just(blob_id(b"no such")) | plain


class Watch:
    """Notes files outside of a folder that are opened or listed, while it is on."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._is_on = False
        self.strange: list[str] = []
        sys.addaudithook(self._hear)

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_on or event not in {"open", "os.listdir", "os.scandir"}:
            return
        if isinstance(path := arguments[0], (str, bytes)):
            self._is_on = False
            real = os.path.realpath(os.fsdecode(path))
            self._is_on = True
            is_python = real.endswith((".py", ".pyc"))  # a module that is imported late
            if (
                not is_python
                and real != self._root
                and not real.startswith(f"{self._root}{os.sep}")
            ):
                self.strange.append(f"{event} {real}")


def main(root: Path, examples: int) -> None:
    """Try so many names."""
    state = prepare(root)
    asking = askers(state)
    watch = Watch(state)
    tried = 0

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(name=names(root))
    def ask(name: str) -> None:
        nonlocal tried
        for kind, find in asking.items():
            tried += 1
            with contextlib.suppress(ScumbleError), watch.on():
                find(name)
            assert not watch.strange, (kind, name, watch.strange)

    ask()
    with watch.on():
        (root / "secret").read_bytes()
    assert watch.strange, "the watch is asleep"
    sys.stdout.write(f"{tried}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
