"""What can be said on the command line; imports nothing heavy, since every start pays for it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from scumble_protocol.geometry import Rect

MODEL_ACTIONS = ("list", "info", "get", "remove")
EDITORS = ("krita", "gimp")

_Add = Callable[..., argparse.ArgumentParser]
_Option = tuple[str, Callable[[str], object], str, str]
"""Flag, type, placeholder, help. An option that is left out is None: the model's or our default."""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; `command` names the module to run. Wrong usage ends with code 2."""
    program = _program()
    arguments = program.parse_args(argv)
    if fault := _fault_of(arguments):
        program.error(fault)
    return arguments


def _fault_of(arguments: argparse.Namespace) -> str:
    """What the parser can't see by itself: arguments that don't go together."""
    if arguments.command == "models" and (arguments.action == "list") != (arguments.model is None):
        rule = "takes no ID" if arguments.model else "needs the ID of a model"
        return f"`scumble models {arguments.action}` {rule}"
    if arguments.command in {"install", "uninstall"}:
        if (arguments.resources or arguments.kritarc) and arguments.editor != "krita":
            return f"--resources and --kritarc go with `scumble {arguments.command} krita`"
        if arguments.kritarc and not arguments.resources:
            return "--kritarc needs --resources too"
        if arguments.plug_ins and arguments.editor != "gimp":
            return f"--plug-ins goes with `scumble {arguments.command} gimp`"
    return ""


def _program() -> argparse.ArgumentParser:
    program = argparse.ArgumentParser(
        prog="scumble",
        description="Regenerates selections of pictures with diffusion models on your own machine.",
        epilog="`scumble COMMAND --help` explains a command.",
    )
    program.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = program.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for describe in (_serve, _regenerate, _upscale, _models, _styles, _doctor, _bench, _demo):
        describe(commands.add_parser)
    _editor(commands.add_parser, "install", "put the plugin into Krita or GIMP")
    _editor(commands.add_parser, "uninstall", "take the plugin out of Krita or GIMP")
    _bundle(commands.add_parser)
    return program


class _Version(argparse.Action):
    """Prints the version; finds it only when asked, since that takes a look at the packages."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from scumble_cli.version import version

        sys.stdout.write(f"scumble {version()}\n")
        parser.exit()


def _serve(add: _Add) -> None:
    serve = add("serve", help="run the server that Krita and GIMP talk to")
    _options(
        serve,
        ("--host", str, "H", "address to listen on (default: 127.0.0.1, this machine only)"),
        ("--port", int, "P", "port to listen on, 0 for any free one"),
        ("--model", model, "ID", "the model to work with where a request names none"),
        ("--device", str, "D", "auto, cpu, cuda, cuda:N, mps or xpu (default: auto)"),
        ("--state", str, "DIR", "folder for models, journal and pictures"),
    )


def _regenerate(add: _Add) -> None:
    regenerate = add("regenerate", help="make a selection of a picture anew")
    regenerate.add_argument("picture", metavar="PICTURE", help="PNG, TIFF, JPEG, WebP, … file")
    area = regenerate.add_mutually_exclusive_group()
    area.add_argument("--select", type=rectangle, metavar="X,Y,W,H", help="rectangle in pixels")
    area.add_argument(
        "--mask", metavar="FILE", help="picture of the same size; white: all anew, grey: partly"
    )
    regenerate.add_argument(
        "--prompt", required=True, metavar="TEXT", help="what the area should become"
    )
    _options(
        regenerate,
        ("--negative", str, "TEXT", "what it should not become"),
        ("--style", str, "NAME", "see `scumble styles`"),
        ("--strength", float, "S", "from 0, everything is kept, to 1, nothing is kept"),
        ("--steps", int, "N", "steps of the full schedule, 1 to 200"),
        ("--cfg", float, "F", "how literally to take the prompt, 1 to 30"),
        ("--sampler", str, "NAME", "euler, euler_a, dpmpp_2m, ddim, unipc, …"),
        ("--seed", int, "N", "the same seed gives the same picture (default: random)"),
        ("--count", int, "N", "number of variations, 1 to 16"),
        ("--model", model, "ID", "see `scumble models`; a path works too"),
        ("--grow", int, "PX", "widen the selection by so many pixels"),
        ("--feather", int, "PX", "width of the selection's soft rim"),
        ("--padding", int, "PX", "how much of the surroundings the model sees"),
    )
    regenerate.add_argument(
        "--keep-color", action="store_true", help="don't match the colours at the rim"
    )
    _output(regenerate, ".png, .tiff or, with layers, .ora file (default: beside PICTURE)")
    _server(regenerate)
    _json(regenerate)


def _upscale(add: _Add) -> None:
    upscale = add("upscale", help="enlarge a picture")
    upscale.add_argument("picture", metavar="PICTURE", help="PNG, TIFF, JPEG, WebP, … file")
    upscale.add_argument(
        "--scale", type=float, required=True, metavar="F", help="factor, above 1 up to 8"
    )
    _options(upscale, ("--model", model, "ID", "an upscaler or its path (default: Scumble's own)"))
    _output(upscale, ".png or .tiff file (default: beside PICTURE)")
    _server(upscale)
    _json(upscale)


def _models(add: _Add) -> None:
    models = add("models", help="list, fetch and remove models")
    models.add_argument(
        "action",
        nargs="?",
        choices=MODEL_ACTIONS,
        default="list",
        help="list (default); info: what is known of one; get: fetch one by its hub id, "
        "owner/name; remove: delete one from Scumble's own models folder",
    )
    models.add_argument("model", nargs="?", metavar="ID")
    models.add_argument("--yes", action="store_true", help="remove without asking")
    _server(models)
    _json(models)


def _styles(add: _Add) -> None:
    styles = add("styles", help="list the style presets, or show one")
    styles.add_argument("style", nargs="?", metavar="NAME")
    _json(styles)


def _doctor(add: _Add) -> None:
    doctor = add("doctor", help="check that everything Scumble needs is in order")
    _json(doctor)


def _bench(add: _Add) -> None:
    bench = add("bench", help="measure this machine")
    bench.add_argument("--rounds", type=int, default=5, metavar="N", help="least of N (default: 5)")
    _options(bench, ("--only", str, "NAME", "one measurement; `--only list` names them"))
    _json(bench)


def _demo(add: _Add) -> None:
    demo = add("demo", help="regenerate a selection of a sample picture")
    demo.add_argument(
        "--out", default="demo-out", metavar="DIR", help="folder to write to (default: demo-out)"
    )
    _server(demo)
    _json(demo)


def _editor(add: _Add, name: str, text: str) -> None:
    command = add(name, help=text)
    command.add_argument(
        "editor", nargs="?", choices=EDITORS, help="which one (default: every one that is found)"
    )
    _options(
        command,
        ("--resources", folder, "DIR", "Krita's resource folder, where it isn't the usual one"),
        ("--kritarc", folder, "FILE", "Krita's settings file that belongs to that folder"),
        ("--plug-ins", folder, "DIR", "GIMP's folder for plug-ins, where it isn't the usual one"),
    )


def _bundle(add: _Add) -> None:
    bundle = add("bundle", help="make the plugins as zips, to install them by hand")
    bundle.add_argument("folder", type=folder, metavar="DIR", help="folder to write them to")


def _options(command: argparse.ArgumentParser, *options: _Option) -> None:
    for flag, kind, placeholder, text in options:
        command.add_argument(flag, type=kind, metavar=placeholder, help=text)


def _output(command: argparse.ArgumentParser, text: str) -> None:
    _options(command, ("--out", str, "FILE", text))
    command.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")


def _server(command: argparse.ArgumentParser) -> None:
    _options(
        command,
        ("--server", str, "URL", "ws://HOST:PORT of a server (default: find or start one)"),
        ("--token", str, "TOKEN", "that server's token (default: $SCUMBLE_TOKEN)"),
    )


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="print the result as JSON; progress goes to stderr"
    )


def rectangle(text: str) -> Rect:
    """`X,Y,W,H` in whole pixels.

    Raises:
        argparse.ArgumentTypeError: It is not four whole numbers: wrong usage.
        RequestError: The rectangle is empty.
    """
    try:
        x, y, width, height = (int(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not X,Y,W,H in whole pixels") from None
    return Rect(x, y, width, height)


def folder(text: str) -> Path:
    """A path as the shell would take it, made absolute."""
    return Path(text).expanduser().absolute()


def model(text: str) -> str:
    """The id of a model; a path is made absolute, since the server runs in another folder."""
    looks_like_path = os.sep in text or text.endswith((".safetensors", ".pth"))
    path = Path(text).expanduser()
    return str(path.resolve()) if looks_like_path and path.exists() else text
