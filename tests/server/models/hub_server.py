"""A hub of models on this machine, as much of it as the downloader asks for."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE = 20_000
"""From that many bytes on a file has a hash of its own."""

GOOD = "Bearer good"

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Trouble:
    """What is wrong with a hub.

    Args:
        cuts_from: Files, or rests of them, of that size or more are broken off half-way.
        is_gated: Whether its files need a token, though not the list of them.
        is_spoiling: Whether a bit of every large file is wrong.
    """

    cuts_from: float = math.inf
    is_gated: bool = False
    is_spoiling: bool = False

    def spoil(self, data: bytes) -> bytes:
        """The data as it is sent."""
        if not self.is_spoiling or len(data) < LARGE:
            return data
        return bytes([data[0] ^ 1]) + data[1:]


class HubRequest(BaseHTTPRequestHandler):
    """Answers one connection; the class made by `hub_of` says for which model."""

    protocol_version = "HTTP/1.1"
    folder: Path
    model: str
    asked: list[str]
    trouble: Trouble
    ranges: list[int]

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        self.asked.append(f"{self.command} {self.path}")

    def _answer(self, *, has_body: bool) -> None:
        path = self.path.partition("?")[0]
        prefix = f"/{self.model}/resolve/main/"
        file = self.folder / path.removeprefix(prefix)
        if not self._is_let_in(path):
            self._refuse(401, "GatedRepo" if self.trouble.is_gated else "")
        elif path.startswith(f"/api/models/{self.model}"):
            self._send(json.dumps(describe(self.folder, self.model)).encode(), has_body=has_body)
        elif path.startswith(prefix) and file.is_file():
            self._send(file.read_bytes(), has_body=has_body)
        else:
            self._refuse(404, "RepoNotFound")

    def _is_let_in(self, path: str) -> bool:
        token = self.headers.get("Authorization")
        if self.trouble.is_gated and not path.startswith("/api"):
            return token == GOOD
        # A hub refuses whoever shows a token that is none, whatever is asked for.
        return token in {None, GOOD}

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, data: bytes, *, has_body: bool) -> None:
        asked = self.headers.get("Range")
        begin = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if asked:
            self.ranges.append(begin)
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        rest = data[begin:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if has_body and len(rest) >= self.trouble.cuts_from:
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
            self.close_connection = True
        elif has_body:
            self.wfile.write(self.trouble.spoil(rest))


@contextlib.contextmanager
def hub_of(
    folder: Path,
    model: str,
    asked: list[str],
    trouble: Trouble | None = None,
    ranges: list[int] | None = None,
) -> Iterator[str]:
    """Serve a folder as the one model of a hub.

    Gives its address, and notes what is asked for and from which byte on.
    """
    known: dict[str, object] = {"folder": folder, "model": model, "asked": asked}
    known |= {"trouble": trouble or Trouble(), "ranges": [] if ranges is None else ranges}
    answers = type("Answers", (HubRequest,), known)
    server = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def describe(folder: Path, model: str) -> dict[str, object]:
    """What the hub tells of a model."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        "id": model,
        "sha": COMMIT,
        "siblings": [
            {
                "rfilename": path.relative_to(folder).as_posix(),
                "size": path.stat().st_size,
                "blobId": git_hash(path.read_bytes()),
            }
            | ({"lfs": large_file(path.read_bytes())} if path.stat().st_size >= LARGE else {})
            for path in files
        ],
    }


def git_hash(data: bytes) -> str:
    """What git knows a file by."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def large_file(data: bytes) -> dict[str, object]:
    """What the hub tells of a large file."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
