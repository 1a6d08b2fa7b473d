"""The request that made a layer, as the JSON that is kept with the layer."""

from __future__ import annotations

import dataclasses
import json

from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.requests import Regenerate, Request


def request_json(request: Request) -> str:
    """The complete request as one JSON object with the fields of its class and its `kind`."""
    return json.dumps({"kind": request.kind, **dataclasses.asdict(request)}, ensure_ascii=False)


def settings_of(record: str) -> Settings:
    """The settings in a layer's record, to run them again or to change them.

    Raises:
        RequestError: It is not the record of a regeneration.
    """
    try:
        kind = json.loads(record)["kind"]
    except (ValueError, TypeError, KeyError) as error:
        raise _not_a_record() from error
    if kind != Regenerate.kind:
        raise _not_a_record()
    return Settings.from_json(record)


def _not_a_record() -> RequestError:
    return RequestError(
        ErrorCode.INVALID_VALUE,
        "This layer does not say how it was regenerated.",
        "Choose a layer that Scumble made by regenerating a selection.",
    )
