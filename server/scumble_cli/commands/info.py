"""`scumble info`: how a picture was made, as far as its file says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scumble_cli.terminal import say
from scumble_cli.version import version
from scumble_protocol.editor.dropped import GRAPH, recipe_of_file
from scumble_protocol.editor.inscribed import PARAMETERS, RECORD, texts_of
from scumble_protocol.editor.parameters import parameters_of
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping


def run(arguments: Namespace) -> int:
    """Tell.

    Raises:
        RequestError: The file can't be read, or does not say how it was made.
    """
    path = Path(arguments.file)
    texts = texts_of(path)
    parameters = texts.get(PARAMETERS) or _written(texts)
    if not parameters and GRAPH not in texts:
        recipe_of_file(path)  # which raises the sentence that says so
    if arguments.json:
        say(json.dumps(_fields(path, parameters, texts), indent=2, ensure_ascii=False))
        return 0
    if parameters:
        say(parameters)
    else:
        _say_settings(recipe_of_file(path).settings)
    try:
        more = list(_more(_record(texts)))
    except (AttributeError, LookupError, TypeError, ValueError):
        more = ["Note: the record of how it was made is damaged."]
    for line in more:
        say(line)
    return 0


def _more(record: Mapping[str, Any]) -> Iterator[str]:
    """What A1111's text has no place for."""
    passes = record.get("made", {}).get("passes", ())
    for one in passes if len(passes) > 1 else ():
        yield f"Pass: {_pass(one)}"
    for note in record.get("notes", ()):
        yield f"Note: {note}"


def _pass(one: Mapping[str, Any]) -> str:
    if not one["steps"]:  # a network that enlarges or repairs, which takes no steps
        return str(one["name"])
    size = f"{one['working']['width']}x{one['working']['height']}"
    return f"{one['name']} at {size}, strength {one['strength']:g}, {one['steps']} steps"


def _fields(path: Path, parameters: str, texts: Mapping[str, str]) -> dict[str, object]:
    """What `--json` prints: the text, our record, and the settings to use it again."""
    try:
        recipe = recipe_of_file(path, guides=True)
        settings, passed_over = json.loads(recipe.settings.to_json()), recipe.passed_over
    except RequestError:  # of an upscale or a removal, which have no such settings
        settings, passed_over = None, ()
    return {
        "file": str(path),
        "parameters": parameters,
        "record": _record(texts) or None,
        "settings": settings,
        "passed_over": passed_over,
    }


def _say_settings(settings: Settings) -> None:
    usual = json.loads(Settings().to_json())
    for name, value in json.loads(settings.to_json()).items():
        if value != usual[name]:
            say(f"{name}: {value}")


def _record(texts: Mapping[str, str]) -> dict[str, Any]:
    try:
        record = json.loads(texts.get(RECORD, "{}"))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _written(texts: Mapping[str, str]) -> str:
    """The text for a record that came without it."""
    return parameters_of(texts[RECORD], version()) if _record(texts) else ""
