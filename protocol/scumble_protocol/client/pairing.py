"""Being let in by a server on another computer, with the code that it shows."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
from collections.abc import Callable
from typing import cast

from scumble_protocol.client.address import Address
from scumble_protocol.client.certificate import fingerprint_of
from scumble_protocol.client.connecting import OPEN_SECONDS, no_answer, open_connection
from scumble_protocol.client.websocket import ClientConnection, ConnectionClosed
from scumble_protocol.errors import ErrorCode, PeerError, RequestError, ScumbleError, error_of
from scumble_protocol.messages import PROTOCOL_VERSION, Refused
from scumble_protocol.pairing import NAME_LENGTH, Pair, Paired, prove, tidy_code
from scumble_protocol.session import ClientSession


def tidy_url(typed: str) -> str:
    """The address of a server as people type it, as a URL: `gpu:7860` is `wss://gpu:7860`.

    Raises:
        RequestError: It can't be one.
    """
    text = typed.strip().rstrip("/")
    if "://" not in text:
        if not re.search(r":\d+$", text):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                "This is not the whole address of a server.",
                "It ends with a colon and a number, like gpu.local:7860; `scumble pair` shows it.",
            )
        text = f"wss://{text}"
    return Address(text, "").url


def pair(url: str, code: str, name: str) -> Address:
    """Be let in; waits until the server has answered.

    Whoever answers is not trusted: both sides prove that they know the code, and which certificate
    they see, so that nobody between them can take part.

    Args:
        url: The server's address, as people type it.
        code: The code that the server shows, as people type it.
        name: What this client is to be called in the server's list.

    Raises:
        RequestError: The address or the code can't be one.
        PeerError: No server is there, the code is wrong or good no longer, there were too many
            attempts, or who answers does not know the code either.
    """
    url = tidy_url(url)
    tidy = tidy_code(code)
    if tidy is None:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "This is not a code.",
            "A code has 8 letters and digits, like K7QF-2M9X; `scumble pair` shows one where the "
            "server runs.",
        )
    connection = open_connection(url, is_pairing=True)
    try:
        return _paired(connection, url, tidy, name[:NAME_LENGTH] or "?")
    finally:
        connection.close()


class Pairing:
    """Pairs on a thread of its own, for whoever can't wait.

    Args:
        done: Called on that thread with what came of it.
    """

    def __init__(self, done: Callable[[Address | ScumbleError], None]) -> None:
        self._done = done

    def start(self, url: str, code: str, name: str) -> None:
        """Begin; see `pair`."""
        thread = threading.Thread(
            target=self._run, args=(url, code, name), name="scumble-pair", daemon=True
        )
        thread.start()

    def _run(self, url: str, code: str, name: str) -> None:
        try:
            outcome: Address | ScumbleError = pair(url, code, name)
        except ScumbleError as error:
            outcome = error
        self._done(outcome)


def _paired(connection: ClientConnection, url: str, code: str, name: str) -> Address:
    fingerprint = fingerprint_of(connection)
    nonce = secrets.token_hex(32)
    proof = prove(code, "client", nonce, fingerprint)
    session = ClientSession(Pair(PROTOCOL_VERSION, name, nonce, proof))
    try:
        for frame in session.frames_to_send():
            connection.send(frame)
        answer = connection.recv(timeout=OPEN_SECONDS, decode=False)
    except TimeoutError as error:
        raise no_answer(url) from error
    except ConnectionClosed as error:
        raise PeerError(
            ErrorCode.DISCONNECTED,
            f"The server at {url} hung up before it answered.",
            "Try again; if that does not help, update Scumble on both computers.",
        ) from error
    (said,) = session.receive(answer)
    if isinstance(said, Refused):
        raise error_of(said.code, said.message, said.hint)
    paired = cast("Paired", said)  # the session lets nothing else through
    if not hmac.compare_digest(paired.proof, prove(code, "server", nonce, fingerprint)):
        raise PeerError(
            ErrorCode.UNTRUSTED,
            "What answers does not know the code, so it is not your server.",
            "Check the address. If it is right, somebody may have come between you and the server: "
            "take another network, and a new code.",
        )
    return Address(url, paired.token, fingerprint, server=url)
