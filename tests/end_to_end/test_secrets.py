"""A server through a normal day: what it leaves behind and says holds no token, code or prompt."""

from __future__ import annotations

import contextlib
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scumble_protocol.client.pairing import pair
from scumble_protocol.endpoint import Endpoint
from scumble_protocol.errors import PeerError, RequestError
from scumble_protocol.messages import Failed
from scumble_protocol.pairing import OfferPairing, PairingOffer
from tests.end_to_end.server_process import TINY, painter, regenerate, running_server
from tests.fuzz.hostile_client import HostileClient
from tests.server.models.checkpoints import make_folder
from tests.timing import IS_NIGHTLY

PROMPTS = ("zebra-quokka", "narwhal-okapi", "axolotl-tapir")
WRONG_TOKEN = "a-wrong-but-secret-token"  # noqa: S105
MAY_HAVE = {"endpoint.json", "token"}
"""Files that hold the owner's token, for programs of the same user."""


@dataclass
class Day:
    """What is left of it.

    Args:
        state: The state folder.
        said: What the server wrote on its output, and to strangers.
        tokens: The owner's token, that of a client, and a wrong one.
        code: The code that let the client in.
    """

    state: Path
    said: bytes
    tokens: tuple[str, ...]
    code: str

    def files_with(self, secret: str) -> set[str]:
        """The names of the files that hold some text, however they are packed."""
        spellings = {secret.encode(), secret.encode("utf-16-le"), secret.replace("-", "").encode()}
        return {
            file.relative_to(self.state).as_posix()
            for file in self.state.rglob("*")
            if file.is_file() and any(spelling in file.read_bytes() for spelling in spellings)
        }


@pytest.fixture(scope="module", params=["info", "debug"] if IS_NIGHTLY else ["info"])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Day:
    state = tmp_path_factory.mktemp("day")
    make_folder(state / "models" / TINY)
    options = ("--model", TINY, "--device", "cpu", "--tls", "--log-level", str(request.param))
    with running_server(state, *options) as server:
        here = server.listening()
        paint(state)
        owner = HostileClient(here, here.token)
        owner.say(OfferPairing())
        (offer,) = [one for one in owner.answers() if isinstance(one, PairingOffer)]
        for code in ("AAAA-AAAA", offer.code[::-1]):
            with contextlib.suppress(PeerError, RequestError):
                pair(here.url, code, "stranger")
        client = pair(here.url, offer.code, "my other computer")
        strangers = list(misbehaviour(here, client.token))
        heard = b"".join(frame for one in strangers for frame in one.heard)
        for one in (owner, *strangers):
            one.close()
        server.terminate()
        said = server.last_words.encode() + heard
    return Day(state, said, (here.token, client.token, WRONG_TOKEN), offer.code)


def paint(state: Path) -> None:
    """Jobs that succeed, fail and are refused, with prompts that nobody else may read."""
    with painter(state) as ann:
        request, blobs = regenerate(prompt=PROMPTS[0], negative=PROMPTS[1])
        ann.result(ann.submit(request, blobs))
        request, blobs = regenerate(prompt=PROMPTS[2], model="no-such-model")
        assert isinstance(ann.end_of(ann.submit(request, blobs)), Failed)
        ann.end_of(ann.submit(regenerate(prompt=f"{PROMPTS[2]} <lora:none:1>")[0], blobs))


def misbehaviour(here: Endpoint, token: str) -> Iterator[HostileClient]:
    """Clients that come with what is wrong, or say it."""
    yield HostileClient(here, WRONG_TOKEN)
    for frame in (b"garbage", token, here.token.encode(), b"\x81\xa4type" + token.encode()):
        stranger = HostileClient(here)
        stranger.throw(frame)
        stranger.answers()
        yield stranger
        guest = HostileClient(here, token)
        assert guest.is_in
        guest.throw(frame)
        guest.answers()
        yield guest


def test_tokens_are_where_they_belong_and_nowhere_else(day: Day) -> None:
    owner, client, wrong = day.tokens
    assert day.files_with(owner) <= MAY_HAVE
    assert day.files_with(client) == set()
    assert day.files_with(wrong) == set()


def test_the_code_is_kept_nowhere(day: Day) -> None:
    assert day.files_with(day.code) == set()


def test_what_was_said_holds_no_secret(day: Day) -> None:
    for secret in (*day.tokens, day.code, *PROMPTS):
        assert secret.encode() not in day.said
    assert b"Traceback" not in day.said


def test_files_with_secrets_are_for_their_owner_alone(day: Day) -> None:
    private = {"clients.json", "token", *(file.name for file in day.state.glob("*.log*"))}
    private |= {file.name for file in day.state.glob("journal.sqlite*")}
    assert len(private) >= 4
    for name in private:
        assert _is_private(day.state / name) or _is_private(day.state), name


def _is_private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_prompts_are_in_the_journal_alone_unless_debugging(day: Day) -> None:
    lines = [
        json.loads(line)
        for file in day.state.glob("*.log*")
        for line in file.read_text("utf-8").splitlines()
    ]
    assert len(lines) > 5
    assert not any("exception" in line for line in lines)
    if any(line["level"] == "debug" for line in lines):
        return
    for prompt in PROMPTS:
        files = {name.partition("-")[0] for name in day.files_with(prompt)}
        assert files <= {"journal.sqlite"}, prompt
