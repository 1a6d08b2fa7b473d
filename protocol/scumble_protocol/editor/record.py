"""How a layer was made, as the JSON that is kept with the layer and in files.

One object: the fields of the request with its `kind`; `made`, what came of it in this layer;
`notes`, what was done otherwise than asked; `asked`, what the painter set and the request lacks.
Of these only the request was there at first, and records of then are still read.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.messages import ResultLayer
from scumble_protocol.requests import Regenerate, Request

_MADE = ("seed", "prompt", "negative", "tokens", "chunks", "passes", "title")
_ASKED = ("padding", "area", "source", "controls", "references", "regions")
"""Settings that are not in a request, or are there as pictures and not as the layers chosen."""


def request_json(
    request: Request,
    layer: ResultLayer | None = None,
    notes: tuple[str, ...] = (),
    asked: Settings | None = None,
) -> str:
    """The record of a layer.

    Args:
        request: The complete request.
        layer: What came of it.
        notes: What was done otherwise than asked.
        asked: The settings of which the request was made.
    """
    record: dict[str, Any] = {"kind": request.kind, **dataclasses.asdict(request)}
    if layer is not None:
        values = dataclasses.asdict(layer)
        record["made"] = {name: values[name] for name in _MADE}
    if notes:
        record["notes"] = notes
    if asked is not None:
        values = dataclasses.asdict(asked)
        record["asked"] = {name: values[name] for name in _ASKED}
    return json.dumps(record, ensure_ascii=False)


def settings_of(record: str) -> Settings:
    """The settings in a layer's record, to run them again or to change them.

    Controls, references and regions are left out, since their layers may be gone.

    Raises:
        RequestError: It is not the record of a regeneration.
    """
    fields = _regeneration(record)
    asked = {name: value for name, value in _asked(fields).items() if name in _OF_THE_WHOLE}
    return Settings.from_json(json.dumps({**fields, **asked}))


def settings_of_layer(record: str) -> Settings:
    """The settings that make this layer alone again, whatever became of wildcards.

    Raises:
        RequestError: It is not the record of a regeneration.
    """
    settings = settings_of(record)
    if not is_variation(record):
        return settings
    made = json.loads(record)["made"]
    said = {name: made[name] for name in ("seed", "prompt", "negative") if name in made}
    changed = {**json.loads(settings.to_json()), **said, "count": 1}
    return Settings.from_json(json.dumps(changed))


def is_variation(record: str) -> bool:
    """Whether a record says itself which variation of the request its layer is.

    Raises:
        RequestError: It is not the record of a regeneration.
    """
    made = _regeneration(record).get("made")
    return isinstance(made, Mapping) and not made.get("title")


def with_guides(settings: Settings, record: str) -> Settings:
    """The settings with the controls, references and regions of a record, by their layers.

    Raises:
        RequestError: It is not the record of a regeneration.
    """
    asked = _asked(_regeneration(record))
    guides = {name: asked[name] for name in ("controls", "references", "regions") if name in asked}
    return Settings.from_json(json.dumps({**json.loads(settings.to_json()), **guides}))


_OF_THE_WHOLE = ("padding", "area", "source")


def _regeneration(record: str) -> dict[str, Any]:
    try:
        fields = json.loads(record)
        kind = fields["kind"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _not_a_record() from error
    if kind != Regenerate.kind:
        raise _not_a_record()
    return dict(fields)


def _asked(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = fields.get("asked", {})
    return asked if isinstance(asked, Mapping) else {}


def _not_a_record() -> RequestError:
    return RequestError(
        ErrorCode.INVALID_VALUE,
        "This layer does not say how it was regenerated.",
        "Choose a layer that Scumble made by regenerating a selection.",
    )
