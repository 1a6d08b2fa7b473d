"""The commands that look after the machine, from `serve` to `demo`."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.options import Add, Option, add_json, add_options, add_server
from scumble_cli.arguments.values import folder, model

SERVING: tuple[Option, ...] = (
    ("--host", str, "H", "address to listen on (default: 127.0.0.1, this machine only)"),
    ("--port", int, "P", "port to listen on, 0 for any free one (default: 0; 7867 with --host)"),
    ("--tls-cert", folder, "FILE", "certificate, PEM (default: one that the server makes)"),
    ("--tls-key", folder, "FILE", "its key, PEM, without a password"),
    ("--allow-origin", str, "O,…", "web pages that may use the server: https://studio.example"),
    ("--allow-host", str, "H,…", "further names that the server is reached by"),
    ("--model", model, "ID", "the model to work with where a request names none"),
    ("--device", str, "D", "auto, cpu, cuda, cuda:N, mps or xpu (default: auto)"),
    ("--state", folder, "DIR", "folder for models, journal and pictures"),
    ("--keep-days", float, "N", "for how many days results are kept (default: 30)"),
    ("--keep-gib", float, "N", "how many GiB of results are kept (default: 8)"),
    ("--hang-seconds", float, "S", "how long the device may be silent in a job (default: 300)"),
    ("--compile", str, "on|off", "compile models for the sizes that jobs have (default: off)"),
    ("--fast", str, "on|off", "calculate in fewer bits where that is quicker (default: off)"),
    ("--log-level", str, "LEVEL", "debug (with prompts), info, warning or error (default: info)"),
)
"""How a server may be started, by hand or as a service."""


def describe(add: Add) -> None:
    """Add the commands."""
    add_options(add("serve", help="run the server that Krita and GIMP talk to"), *SERVING)
    _service(add)
    status = add("status", help="how the server is: 0 if one runs, 3 if none does")
    add_server(status)
    add_json(status)
    _logs(add)
    doctor = add("doctor", help="check that everything Scumble needs is in order")
    add_json(doctor)
    _bench(add)
    demo = add("demo", help="regenerate a selection of a sample picture")
    demo.add_argument(
        "--out", default="demo-out", metavar="DIR", help="folder to write to (default: demo-out)"
    )
    add_server(demo)
    add_json(demo)


def _bench(add: Add) -> None:
    bench = add("bench", help="measure this machine")
    bench.add_argument(
        "--suite",
        action="append",
        choices=("bridge", "sampling", "memory", "cold", "live", "editor", "growth", "gpu"),
        help="what to measure, may be said again (default: all but editor, growth, gpu)",
    )
    bench.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="least and median of N (default: 5)"
    )
    add_options(
        bench,
        ("--only", str, "NAME", "one measurement; `--only list` names them"),
        ("--out", str, "FILE", "write JSON there too; into a folder under the time"),
        ("--compare", str, "FILE", "also print ratios to an earlier run that --out wrote"),
        ("--plot", str, "FILE", "draw phases and growth (PNG or SVG; needs matplotlib)"),
    )
    bench.add_argument(
        "--against",
        choices=("diffusers",),
        help="also measure its own pipeline, in turns with ours",
    )
    add_json(bench)
    bench.set_defaults(fault_of=_fault_of_bench)


def _fault_of_bench(arguments: argparse.Namespace) -> str:
    if arguments.json and arguments.compare:
        return "--compare prints lines for people; leave --json out, or compare its file later"
    return ""


def _service(add: Add) -> None:
    service = add("service", help="have the server started whenever you log in")
    service.add_argument(
        "action",
        choices=("install", "uninstall", "show", "status"),
        help="set it up, take it away, print what would be set up, or tell whether it runs",
    )
    service.add_argument(
        "--system",
        choices=("linux", "darwin", "win32"),
        help="what to show it for (default: this system)",
    )
    add_options(service, *SERVING)
    service.set_defaults(fault_of=_fault_of_service)


def _fault_of_service(arguments: argparse.Namespace) -> str:
    if arguments.system and arguments.action != "show":
        return "--system goes with `scumble service show`"
    return ""


def _logs(add: Add) -> None:
    logs = add("logs", help="print what the server did")
    logs.add_argument("--follow", action="store_true", help="go on with what it does from now on")
    add_options(
        logs,
        ("--job", str, "ID", "only lines of this job, or any that begins so"),
        ("--level", str, "LEVEL", "only lines of this level or above: debug, info, warning, error"),
        ("--lines", int, "N", "only the last N lines (default: 200, or all of a job)"),
    )
    logs.set_defaults(fault_of=_fault_of_logs)


def _fault_of_logs(arguments: argparse.Namespace) -> str:
    if arguments.level not in {None, "debug", "info", "warning", "error"}:
        return f"{arguments.level!r} is none of debug, info, warning and error"
    if arguments.lines is not None and arguments.lines < 0:
        return "--lines can't be negative"
    return ""
