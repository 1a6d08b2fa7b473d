"""A web page that tries everything a page can try against a Scumble server, in a real browser."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.end_to_end.editors.conftest import missing
from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REBOUND = "evil.test"
"""A name that the page's owner made to point to the painter's own machine."""

_SCRIPT = """
const results = {};
const port = %(port)d, frame = new Uint8Array(%(hello)s);

function socket(name, url, protocols) {
  return new Promise(resolve => {
    let ws;
    try { ws = new WebSocket(url, protocols); }
    catch (error) { results[name] = 'refused'; return resolve(); }
    ws.binaryType = 'arraybuffer';
    const end = what => { results[name] = results[name] || what; resolve(); };
    ws.onopen = () => { results[name] = 'open'; ws.send(frame); };
    ws.onmessage = event => {
      const text = new TextDecoder('latin1').decode(event.data);
      results[name] = text.includes('welcome') ? 'in' : 'answered: ' + text.slice(0, 60);
      ws.close(); resolve();
    };
    ws.onerror = () => end('refused');
    ws.onclose = () => end('refused');
    setTimeout(() => end('no answer'), %(wait)d);
  });
}

async function ask(name, url, options) {
  try {
    const answer = await fetch(url, options);
    if (answer.type === 'opaque') results[name] = 'unreadable';
    else results[name] = answer.status >= 400 ? 'refused' : 'read: ' + (await answer.text());
  } catch (error) { results[name] = 'refused'; }
}

function form(name, url) {
  return new Promise(resolve => {
    const target = document.createElement('iframe');
    target.name = 'target-' + name;
    document.body.append(target);
    const sent = document.createElement('form');
    Object.assign(sent, {action: url, method: 'POST', enctype: 'text/plain', target: target.name});
    sent.innerHTML = '<input name="type" value="submit">';
    document.body.append(sent);
    target.onload = () => {
      try { results[name] = target.contentDocument ? 'blank' : 'unreadable'; }
      catch (error) { results[name] = 'unreadable'; }
      resolve();
    };
    setTimeout(() => { results[name] = results[name] || 'no answer'; resolve(); }, %(wait)d);
    sent.submit();
  });
}

function beacon(name, url) {
  results[name] = navigator.sendBeacon(url, frame) ? 'unreadable' : 'refused';
}

(async () => {
  const ws = 'ws://', http = 'http://';
  for (const host of ['127.0.0.1', 'localhost', '%(rebound)s']) {
    const here = host + ':' + port;
    await socket('socket ' + host, ws + here, ['scumble.v1']);
    await socket('socket without subprotocol ' + host, ws + here);
    await ask('get ' + host, http + here + '/');
    await ask('get unread ' + host, http + here + '/', {mode: 'no-cors'});
    await ask('post ' + host, http + here + '/', {
      method: 'POST', body: frame, headers: {'Content-Type': 'application/msgpack'}});
    await ask('post unread ' + host, http + here + '/', {
      method: 'POST', body: frame, mode: 'no-cors', credentials: 'include'});
    await form('form ' + host, http + here + '/');
    beacon('beacon ' + host, http + here + '/');
  }
  fetch('/findings', {method: 'POST', body: JSON.stringify(results)});
})();
"""


class Page:
    """A page that is served from its own port."""

    def __init__(self) -> None:
        self.body = b""
        self.found: queue.Queue[dict[str, str]] = queue.Queue()
        self.port = 0

    def aim(self, server_port: int, hello: bytes) -> None:
        """Choose what is attacked.

        Args:
            server_port: Where the server listens.
            hello: What the page says as soon as a websocket is open.
        """
        script = _SCRIPT % {
            "port": server_port,
            "hello": json.dumps(list(hello)),
            "wait": 1000 * int(5000 * MS),
            "rebound": REBOUND,
        }
        self.body = f"<!doctype html><body><script>{script}</script>".encode()

    def origin(self, host: str) -> str:
        """What the browser says where the page comes from."""
        return f"http://{host}:{self.port}"

    def browse(self, profile: Path, host: str = "127.0.0.1") -> dict[str, str]:
        """Open the page in a browser of its own; what became of each of its attempts.

        Args:
            profile: An empty folder for the browser.
            host: The name under which the page is opened.
        """
        browser = subprocess.Popen(
            [
                chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={profile}", f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
                self.origin(host) + "/",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return self.found.get(timeout=240_000 * MS)
        finally:
            browser.terminate()
            browser.wait()


@contextlib.contextmanager
def hostile_page() -> Iterator[Page]:
    """Serve such a page."""
    page = Page()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(page.body)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            page.found.put(json.loads(self.rfile.read(length)))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        page.port = web.server_address[1]
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        try:
            yield page
        finally:
            web.shutdown()
            thread.join()


def chromium() -> str:
    """The browser; the test is skipped without one."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("chromium")
    return str(found)
