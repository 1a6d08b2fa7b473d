"""`scumble serve`: which settings the server gets, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scumble_cli.arguments import parse
from scumble_cli.commands import serve
from scumble_protocol.endpoint import Endpoint
from scumble_protocol.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scumble_server.config import ServerConfig

FINGERPRINT = "3d" * 32


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., ServerConfig]:
    """Runs the command; gives the settings that the server was started with."""

    def run(*arguments: str) -> ServerConfig:
        configs = []

        def start(config: ServerConfig, ready: Callable[[Endpoint], None]) -> None:
            configs.append(config)
            ready(Endpoint("127.0.0.1", 7867, "secret", 1, "1", FINGERPRINT * config.is_tls))

        monkeypatch.setattr(serve, "serve", start)
        assert serve.run(parse(["serve", "--state", str(tmp_path), *arguments])) == 0
        return configs[0]

    return run


def test_a_server_for_this_machine_takes_any_free_port_and_says_nothing_of_others(
    served: Callable[..., ServerConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    config = served()
    assert (config.host, config.port, config.is_tls) == ("127.0.0.1", 0, False)
    said = capsys.readouterr()
    assert "SHA-256" not in said.out + said.err
    assert "scumble pair" not in said.out + said.err


def test_a_server_for_others_keeps_its_port_and_shows_its_fingerprint(
    served: Callable[..., ServerConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    config = served("--host", "0.0.0.0")  # noqa: S104
    assert (config.port, config.is_tls) == (7867, True)
    said = capsys.readouterr()
    assert FINGERPRINT in said.out + said.err
    assert "scumble pair" in said.out + said.err
    assert "secret" not in said.out + said.err
    assert served("--host", "0.0.0.0", "--port", "9000").port == 9000  # noqa: S104
    assert served("--host", "0.0.0.0", "--port", "0").port == 0  # noqa: S104


def test_pages_and_names_are_lists(served: Callable[..., ServerConfig]) -> None:
    config = served(
        "--allow-origin", "https://a.example, https://b.example", "--allow-host", "studio.lan,"
    )
    assert config.origins == ("https://a.example", "https://b.example")
    assert config.hosts == ("studio.lan",)


def test_a_certificate_goes_with_its_key(
    served: Callable[..., ServerConfig], tmp_path: Path
) -> None:
    certificate, key = tmp_path / "a.crt", tmp_path / "a.key"
    config = served("--tls-cert", str(certificate), "--tls-key", str(key))
    assert (config.tls_cert, config.tls_key, config.is_tls) == (certificate, key, True)
    with pytest.raises(RequestError, match="belong together"):
        served("--tls-cert", str(certificate))


def test_how_much_is_kept_can_be_said(served: Callable[..., ServerConfig]) -> None:
    usual = served().keep
    assert (usual.days, usual.bytes, usual.unseen_days) == (30, 8 * 2**30, 7)
    asked = served("--keep-days", "90", "--keep-gib", "0.5").keep
    assert (asked.days, asked.bytes, asked.unseen_days) == (90, 2**29, 7)


@pytest.mark.parametrize("words", [("--keep-days", "-1"), ("--keep-gib", "nan")])
def test_what_can_not_be_kept_is_refused(
    served: Callable[..., ServerConfig], words: tuple[str, str]
) -> None:
    with pytest.raises(RequestError, match="can't be kept"):
        served(*words)


@pytest.mark.parametrize(
    "origin", ["foo", "studio.example", "null", "*", "https://", "https://a.example/",
               "https://a.example/page", "https://A.example", "https://a b"],
)  # fmt: skip
def test_what_no_browser_calls_a_page_is_refused_at_the_start(
    served: Callable[..., ServerConfig], origin: str
) -> None:
    with pytest.raises(RequestError, match="not where a web page comes from") as caught:
        served("--allow-origin", f"https://b.example,{origin}")
    assert "https://studio.example" in caught.value.hint
