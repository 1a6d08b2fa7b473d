"""`python -m scumble_server`: the server alone, without the rest of the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scumble_protocol.endpoint import Endpoint, state_folder
from scumble_protocol.errors import ScumbleError
from scumble_server.app import serve
from scumble_server.config import ServerConfig


def main() -> int:
    """Serve until SIGINT or SIGTERM: 0 after that, 1 when the server could not start."""
    parser = argparse.ArgumentParser(prog="python -m scumble_server", description=__doc__)
    parser.add_argument("--state", type=Path, default=state_folder(), metavar="DIR")
    parser.add_argument("--host", default=ServerConfig.host)
    parser.add_argument("--port", type=int, default=ServerConfig.port)
    parser.add_argument("--tls", action="store_true", help="encrypt on loopback, too")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE")
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    parser.add_argument("--origins", nargs="*", default=(), metavar="ORIGIN")
    parser.add_argument("--hosts", nargs="*", default=(), metavar="NAME")
    parser.add_argument("--device", default=ServerConfig.device)
    parser.add_argument("--model", default=ServerConfig.model, metavar="ID")
    parser.add_argument("--hang-seconds", type=float, default=ServerConfig.hang_seconds)
    parser.add_argument("--log-level", default=ServerConfig.log_level)
    arguments = parser.parse_args()
    try:
        serve(ServerConfig(**vars(arguments)), _announce)
    except ScumbleError as error:
        print(f"scumble: {error}", file=sys.stderr)
        return 1
    return 0


def _announce(endpoint: Endpoint) -> None:
    print(f"Scumble listens on {endpoint.url}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
