"""Switches a plugin on and off in the text of Krita's settings file, and changes no other byte.

The file is KConfig's: groups that begin with `[name]`, one `key=value` a line. A group may come
twice, and then counts as one; lines before the first group belong to a group without a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_GROUP: Final = "python"
_TRUE: Final = frozenset({"true", "on", "yes", "1"})
_HEADER: Final = re.compile(r"\s*\[(?P<group>.*)\]\s*")


class _Line(NamedTuple):
    group: str
    key: str
    value: str
    text: bytes
    """With the end of the line."""


def is_enabled(settings: bytes, plugin: str) -> bool | None:
    """Whether the plugin is switched on; None where nobody has said anything about it."""
    value = _value(settings, plugin)
    return None if value is None else value.lower() in _TRUE


def enable(settings: bytes, plugin: str) -> bytes:
    """The settings with the plugin switched on."""
    if is_enabled(settings, plugin):
        return settings
    return _with_value(settings, plugin, "true")


def restore(settings: bytes, before: bytes | None, plugin: str) -> bytes:
    """The settings with what they said of the plugin before it was enabled.

    Args:
        settings: As they are now. Krita may have written them anew since.
        before: As they were before `enable`; None where there was no file.
        plugin: The plugin's package.
    """
    if enable(before or b"", plugin) == settings:
        return before or b""
    value = _value(before or b"", plugin)
    if value is not None:
        return _with_value(settings, plugin, value)
    lines = [line for line in _lines(settings) if not _is_about(line, plugin)]
    had_group = any(line.group == _GROUP for line in _lines(before or b""))
    is_empty = not any(line.group == _GROUP and line.key for line in lines)
    if is_empty and not had_group:
        lines = [line for line in lines if line.group != _GROUP]
    return b"".join(line.text for line in lines)


def resource_folder(settings: bytes) -> str | None:
    """The folder that a painter has chosen for Krita's resources; None for the usual one."""
    chosen = [
        line.value
        for line in _lines(settings)
        if line.group == "" and line.key == "ResourceDirectory" and line.value
    ]
    return chosen[-1] if chosen else None


def _with_value(settings: bytes, plugin: str, value: str) -> bytes:
    lines = list(_lines(settings))
    end = b"\r\n" if b"\r\n" in settings else b"\n"
    entry = f"{_key(plugin)}={value}".encode() + end
    if any(_is_about(line, plugin) for line in lines):
        return b"".join(entry if _is_about(line, plugin) else line.text for line in lines)
    # Behind the last entry of the group, before the empty lines that end it.
    place = max((i for i, line in enumerate(lines, 1) if _fills_group(line)), default=None)
    if place is None:
        gap = end if lines and lines[-1].text.strip() else b""
        return _ended(settings, end) + gap + f"[{_GROUP}]".encode() + end + entry
    before = _ended(b"".join(line.text for line in lines[:place]), end)
    return before + entry + b"".join(line.text for line in lines[place:])


def _value(settings: bytes, plugin: str) -> str | None:
    values = [line.value for line in _lines(settings) if _is_about(line, plugin)]
    return values[-1] if values else None


def _lines(settings: bytes) -> Iterator[_Line]:
    group = ""
    for text in settings.splitlines(keepends=True):
        words = text.decode("utf-8", "replace")
        if header := _HEADER.fullmatch(words):
            group = header["group"]
            yield _Line(group, "", "", text)
            continue
        key, _, value = words.partition("=")
        is_entry = "=" in words and not words.lstrip().startswith("#")
        yield _Line(group, key.strip() if is_entry else "", value.strip(), text)


def _is_about(line: _Line, plugin: str) -> bool:
    return line.group == _GROUP and line.key == _key(plugin)


def _fills_group(line: _Line) -> bool:
    return line.group == _GROUP and bool(line.text.strip())


def _key(plugin: str) -> str:
    return f"enable_{plugin}"


def _ended(text: bytes, end: bytes) -> bytes:
    return text if not text or text.endswith((b"\n", b"\r")) else text + end
