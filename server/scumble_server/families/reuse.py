"""What a transformer's blocks made at one step, taken again at the next where little changed.

Between steps that are alike, so is what the first block adds. Where that changed by less than a
model's `reuse`, diffusers leaves out the other blocks and adds what they added last. It is not the
same picture, so nobody has it who did not ask: a model's `scumble.json` says so.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from diffusers import FirstBlockCacheConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY_STEP = "every step"
"""The name under which is kept what a pipeline keeps that evaluates once a step. Those that do it
twice, with the prompt and without, name the two themselves."""


@contextmanager
def reusing(transformer: Any, change: float) -> Iterator[None]:
    """While in it, blocks are left out at steps that are alike; nothing of it is kept afterwards.

    Args:
        transformer: Of a family that `reuses`, calculating one picture: of several at once the
            decision would be one for all, and a picture would depend on the others.
        change: The most that the first block's addition may have changed, as a part of itself; at 0
            the blocks are left as they are.
    """
    if not change:
        yield
        return
    transformer.enable_cache(FirstBlockCacheConfig(threshold=change))
    try:
        with transformer.cache_context(EVERY_STEP):
            yield
    finally:
        transformer.disable_cache()
