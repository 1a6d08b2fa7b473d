"""What made a variation, so that it can be made again."""

from __future__ import annotations

import dataclasses
import re

from scumble_protocol.editor.gallery import Variation
from scumble_protocol.editor.record import is_variation, settings_of, settings_of_layer
from scumble_protocol.editor.settings import Settings
from scumble_protocol.errors import RequestError

_NUMBER = re.compile(r"\d+")


def recall(variation: Variation) -> Settings | None:
    """The settings that make this variation alone; None if they are not known.

    Older records are those of a whole group. Which of its seeds made this layer is in the layer's
    name then, as long as nobody has renamed it; the group's first seed stands in else.
    """
    try:
        if is_variation(variation.request_json):
            return settings_of_layer(variation.request_json)
        settings = settings_of(variation.request_json)
    except RequestError:
        return None
    first = settings.seed or 0
    named = [int(number) for number in _NUMBER.findall(variation.name)]
    seed = next((seed for seed in named if first <= seed < first + settings.count), first)
    return dataclasses.replace(settings, seed=seed, count=1)
