"""Replaces the mention codes in a text with names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.interactions.markdown import one_line

_MENTION = re.compile(r"<(@[!&]?|#)([0-9]{1,20})>|<a?(:\w{2,32}:)[0-9]{1,20}>")


@dataclass(frozen=True, slots=True)
class Names:
    """Names by Discord id, for what a note mentions."""

    members: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)


def mentioned_members(note: str) -> list[int]:
    """Return the ids of the members that the note mentions, each once, in order."""
    found = (match for match in _MENTION.finditer(note) if match[1] in ("@", "@!"))
    return list(dict.fromkeys(int(match[2]) for match in found))


def with_names(note: str, names: Names) -> str:
    """Return the note with a name in place of every mention code.

    The codes are Discord's (API reference, Message Formatting). A name that is not known becomes
    `@unknown` or `#unknown`.
    """

    def name(match: re.Match[str]) -> str:
        if match[3]:
            return match[3]
        kind, number = match[1], int(match[2])
        if kind == "#":
            return f"#{one_line(names.channels.get(number, 'unknown'))}"
        known = names.roles if kind == "@&" else names.members
        return f"@{one_line(known.get(number, 'unknown')).removeprefix('@')}"

    return _MENTION.sub(name, note)
