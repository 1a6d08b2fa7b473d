"""A hub of models on this machine, as much of it as the downloader asks for."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class HubRequest(BaseHTTPRequestHandler):
    """Answers one connection; the class made by `hub_of` says for which model."""

    protocol_version = "HTTP/1.1"
    folder: Path
    model: str
    asked: list[str]

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
        if path.startswith(f"/api/models/{self.model}"):
            self._send(json.dumps(describe(self.folder, self.model)).encode(), has_body=has_body)
        elif path.startswith(prefix) and file.is_file():
            self._send(file.read_bytes(), has_body=has_body)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, data: bytes, *, has_body: bool) -> None:
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if has_body:
            self.wfile.write(data)


@contextlib.contextmanager
def hub_of(folder: Path, model: str, asked: list[str]) -> Iterator[str]:
    """Serve a folder as the one model of a hub; gives its address, notes what is asked for."""
    answers = type("Answers", (HubRequest,), {"folder": folder, "model": model, "asked": asked})
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
            {"rfilename": path.relative_to(folder).as_posix(), "size": path.stat().st_size}
            for path in files
        ],
    }
