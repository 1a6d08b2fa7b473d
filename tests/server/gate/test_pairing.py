"""How an editor on another computer is let in, known again, and let in no more."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.messages import AskStatus, Refused, Status
from scumble_protocol.pairing import (
    AskClients,
    Clients,
    OfferPairing,
    Pair,
    Paired,
    PairingOffer,
    Revoke,
    new_code,
    prove,
    tidy_code,
)
from scumble_server.clients import registry
from scumble_server.clients.offers import Offers
from scumble_server.clients.registry import Registry
from tests.server.gate.visits import (
    NONCE,
    UNHURRIED,
    Door,
    asked,
    close_code,
    enter,
    greet,
    pair_with,
    paired,
    refusal,
    submit,
    visit,
)
from tests.server.service.rig import Server, variant

FINGERPRINT = "3d" * 32


async def offered(owner: object) -> PairingOffer:
    offer = await asked(owner, OfferPairing())  # type: ignore[arg-type]
    assert isinstance(offer, PairingOffer)
    return offer


def test_a_code_lets_one_client_in_who_is_known_from_then_on(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            offer = await offered(owner)
            assert offer.seconds == 600
            assert len(offer.fingerprint) == 64
            async with door() as stranger:
                answer = await asked(stranger, pair_with(offer))
                assert isinstance(answer, Paired)
                tidy = tidy_code(offer.code)
                assert tidy is not None
                assert answer.proof == prove(tidy, "server", NONCE, offer.fingerprint)
                assert await close_code(stranger) == 1008
            async with door() as again:
                refused = await refusal(again, pair_with(offer))
                assert refused.code is ErrorCode.UNAUTHORIZED
            async with door() as guest:
                await enter(guest, answer.token)
                clients = await asked(owner, AskClients())
                assert isinstance(clients, Clients)
                (client,) = clients.clients
                assert (client.name, client.connections) == ("studio", 1)
                assert client.seen >= client.since

    visit(Server(tmp_path), act, tls=True)


def test_a_paired_client_is_known_to_the_next_server_and_its_token_is_nowhere(
    tmp_path: Path,
) -> None:
    tokens: list[str] = []

    async def before(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            tokens.append(await paired(door, owner))

    async def after(door: Door) -> None:
        async with door() as guest:
            await enter(guest, tokens[0])

    server = Server(tmp_path)
    visit(server, before)
    server.kill()
    visit(Server(tmp_path), after)
    assert (tmp_path / "clients.json").stat().st_mode & 0o777 == 0o600
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or tokens[0].encode() not in file.read_bytes()


def test_a_name_can_not_do_anything_to_a_terminal(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            await paired(door, owner, "a\x1b]0;owned\x07\nb\u202e")
            clients = await asked(owner, AskClients())
            assert isinstance(clients, Clients)
            assert clients.clients[0].name == "a?]0;owned??b?"

    visit(Server(tmp_path), act)


def test_whoever_sees_another_certificate_does_not_get_in_with_the_right_code(
    tmp_path: Path,
) -> None:
    async def act(door: Door) -> None:
        async with door() as owner, door() as deceived:
            await enter(owner)
            offer = replace(await offered(owner), fingerprint="00" * 32)
            refused = await refusal(deceived, pair_with(offer))
            assert refused.code is ErrorCode.UNAUTHORIZED

    visit(Server(tmp_path), act, tls=True)


def test_five_wrong_codes_make_the_offer_void(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            offer = await offered(owner)
            for code in [new_code() for _ in range(5)] + [offer.code]:
                async with door() as stranger:
                    refused = await refusal(stranger, pair_with(offer, code))
                    assert refused.code is ErrorCode.UNAUTHORIZED
            clients = await asked(owner, AskClients())
            assert clients == Clients(())

    visit(Server(tmp_path), act)


def test_wrong_codes_count_as_attempts_of_their_address(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as owner:
            await enter(owner)
            codes = []
            for _ in range(4):
                async with door() as stranger:
                    refused = await refusal(stranger, Pair(1, "studio", NONCE, "00" * 32))
                    codes.append(refused.code)
            assert codes == [ErrorCode.UNAUTHORIZED] * 3 + [ErrorCode.TOO_MANY_ATTEMPTS]
            # The machine's owner is not kept out.
            async with door() as again:
                await enter(again)

    visit(Server(tmp_path), act, links=replace(UNHURRIED, attempts=3))


@pytest.mark.parametrize("question", [OfferPairing(), AskClients(), Revoke("local")])
def test_only_the_machines_owner_lets_others_in(question: OfferPairing, tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as owner, door() as guest:
            await enter(owner)
            await enter(guest, await paired(door, owner))
            assert (await refusal(guest, question)).code is ErrorCode.FORBIDDEN
            assert isinstance(await asked(guest, AskStatus()), Status)

    visit(Server(tmp_path), act)


def test_a_client_that_is_revoked_is_out_at_once_and_no_other_is(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as owner, door() as guest, door() as other:
            await enter(owner)
            token = await paired(door, owner, "first")
            await enter(guest, token)
            await enter(other, await paired(door, owner, "second"))
            clients = await asked(owner, AskClients())
            assert isinstance(clients, Clients)
            left = await asked(owner, Revoke(clients.clients[0].id))
            assert isinstance(left, Clients)
            assert [client.name for client in left.clients] == ["second"]
            assert await close_code(guest) == 1008
            async with door() as again:
                refused = await greet(again, token)
                assert isinstance(refused, Refused)
                assert refused.code is ErrorCode.UNAUTHORIZED
            assert isinstance(await asked(other, AskStatus()), Status)
            assert await asked(owner, Revoke("nobody")) == left

    visit(Server(tmp_path), act)


def test_the_jobs_of_a_client_that_is_revoked_are_stopped_and_no_others(tmp_path: Path) -> None:
    server = Server(tmp_path)

    async def act(door: Door) -> None:
        async with door() as owner, door() as guest:
            await enter(owner)
            await enter(guest, await paired(door, owner))
            await submit(guest, "running")
            await submit(guest, "waiting", variant(2))
            await submit(owner, "hers", variant(3))
            clients = await asked(owner, AskClients())
            assert isinstance(clients, Clients)
            await asked(owner, Revoke(clients.clients[0].id))
            assert server.worker.cancelled == ["running"]
            server.stopped("running")
            assert server.worker.given == ["running", "hers"]

    visit(server, act)


def test_revoking_local_revokes_nobody(tmp_path: Path) -> None:
    async def act(door: Door) -> None:
        async with door() as owner, door() as other:
            await enter(owner)
            await enter(other)
            assert await asked(owner, Revoke("local")) == Clients(())
            assert isinstance(await asked(other, AskStatus()), Status)

    visit(Server(tmp_path), act)


# The offer


def redeemed(offers_: Offers, *pairs: Pair) -> list[bool]:
    async def main() -> list[bool]:
        answers = await asyncio.gather(*(offers_.redeem(pair) for pair in pairs))
        return [answer is not None for answer in answers]

    return asyncio.run(main())


def right(shown: str) -> Pair:
    return pair_with(PairingOffer(shown, 600, (), FINGERPRINT))


def test_a_code_is_good_for_ten_minutes() -> None:
    now = 0.0
    offers_ = Offers(FINGERPRINT, lambda: now)
    shown = offers_.make()
    now = 601.0
    assert redeemed(offers_, right(shown)) == [False]
    shown = offers_.make()
    now += 599.0
    assert redeemed(offers_, right(shown)) == [True]
    offers_.close()


def test_a_newer_code_takes_the_place_of_the_older() -> None:
    offers_ = Offers(FINGERPRINT)
    first, second = offers_.make(), offers_.make()
    assert redeemed(offers_, right(first)) == [False]
    assert redeemed(offers_, right(second)) == [True]
    offers_.close()


def test_of_two_who_come_at_once_with_the_code_one_gets_in() -> None:
    offers_ = Offers(FINGERPRINT)
    pair = right(offers_.make())
    assert redeemed(offers_, pair, pair) == [True, False]
    offers_.close()


def test_a_code_that_is_replaced_while_it_is_tried_is_good_no_longer() -> None:
    offers_ = Offers(FINGERPRINT)
    pair = right(offers_.make())

    async def main() -> str | None:
        trying = asyncio.create_task(offers_.redeem(pair))
        await asyncio.sleep(0)
        offers_.make()
        return await trying

    assert asyncio.run(main()) is None
    offers_.close()


# The registry


def test_a_registry_knows_tokens_and_when_they_came(tmp_path: Path) -> None:
    now = 1000.0
    kept = Registry(tmp_path, lambda: now)
    token = kept.add("studio")
    user = kept.user_of(token)
    assert user is not None
    assert kept.user_of("other") is None
    now = 2000.0
    kept.came(user)
    now = 2010.0
    kept.came(user)
    (client,) = Registry(tmp_path).clients({user: 2})
    assert (client.since, client.seen, client.connections) == (1000.0, 2000.0, 2)
    assert kept.remove(user)
    assert not kept.remove(user)
    assert Registry(tmp_path).user_of(token) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"clients": 1}', '{"clients": [{"id": "c1"}]}',
     '{"clients": [{"id": 1, "name": "", "token_hash": "", "since": 0, "seen": 0}]}'],
)  # fmt: skip
def test_a_damaged_registry_lets_nobody_in_and_is_kept_aside(text: str, tmp_path: Path) -> None:
    (tmp_path / "clients.json").write_text(text)
    kept = Registry(tmp_path)
    assert kept.clients({}) == ()
    assert (tmp_path / "clients.json.damaged").read_text() == text
    kept.add("studio")
    assert len(json.loads((tmp_path / "clients.json").read_text())["clients"]) == 1


def test_a_client_is_let_in_only_once_that_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Registry(tmp_path)
    token = kept.add("studio")
    user = kept.user_of(token)
    assert user is not None

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(registry, "write_values", full)
    with pytest.raises(ServerError, match="is full"):
        kept.add("other")
    assert len(kept.clients({user: 0})) == 1
    kept.came(user)  # which is no reason to send it away
    with pytest.raises(ServerError, match="is full"):
        kept.remove(user)
    assert kept.user_of(token) is None  # it is out all the same
