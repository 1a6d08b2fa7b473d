"""The commands that look after the machine: `serve`, `doctor`, `bench` and `demo`."""

from __future__ import annotations

from scumble_cli.arguments.options import Add, add_json, add_options, add_server
from scumble_cli.arguments.values import model


def describe(add: Add) -> None:
    """Add the commands."""
    _serve(add)
    doctor = add("doctor", help="check that everything Scumble needs is in order")
    add_json(doctor)
    bench = add("bench", help="measure this machine")
    bench.add_argument("--rounds", type=int, default=5, metavar="N", help="least of N (default: 5)")
    add_options(bench, ("--only", str, "NAME", "one measurement; `--only list` names them"))
    add_json(bench)
    demo = add("demo", help="regenerate a selection of a sample picture")
    demo.add_argument(
        "--out", default="demo-out", metavar="DIR", help="folder to write to (default: demo-out)"
    )
    add_server(demo)
    add_json(demo)


def _serve(add: Add) -> None:
    serve = add("serve", help="run the server that Krita and GIMP talk to")
    add_options(
        serve,
        ("--host", str, "H", "address to listen on (default: 127.0.0.1, this machine only)"),
        ("--port", int, "P", "port to listen on, 0 for any free one"),
        ("--model", model, "ID", "the model to work with where a request names none"),
        ("--device", str, "D", "auto, cpu, cuda, cuda:N, mps or xpu (default: auto)"),
        ("--state", str, "DIR", "folder for models, journal and pictures"),
    )
