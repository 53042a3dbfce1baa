"""Replaces Discord's codes in a text, such as mentions and times, with words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from bot.interactions.markdown import one_line

_CODE = re.compile(
    r"<(?P<kind>@[!&]?|#)(?P<id>[0-9]{1,20})>"
    r"|<a?(?P<emoji>:\w{2,32}:)[0-9]{1,20}>"
    r"|<t:(?P<time>-?[0-9]{1,13})(?::(?P<style>[a-zA-Z]))?>"
    r"|</(?P<command>[\w' -]{1,100}):[0-9]{1,20}>"
    r"|<id:(?P<page>[a-z]+(?:-[a-z]+)*)(?::[0-9]{1,20})?>"
)
_STYLES = {
    "t": "%H:%M",
    "T": "%H:%M:%S",
    "d": "%Y-%m-%d",
    "D": "%Y-%m-%d",
    "S": "%Y-%m-%d %H:%M:%S",
}
_USUAL_STYLE = "%Y-%m-%d %H:%M"  # also for the relative one, as a note is read later
_PAGES = {
    "browse": "Browse Channels",
    "customize": "Channels & Roles",
    "guide": "Server Guide",
    "linked-roles": "Linked Roles",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Names by Discord id, for what a note mentions."""

    members: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)


def has_codes(note: str) -> bool:
    """Whether there is any code in the note, so that its text as sent is another one."""
    return _CODE.search(note) is not None


def mentioned_members(note: str) -> list[int]:
    """Return the ids of the members that the note mentions, each once, in order."""
    found = (match for match in _CODE.finditer(note) if match["kind"] in ("@", "@!"))
    return list(dict.fromkeys(int(match["id"]) for match in found))


def mentioned_channels(note: str) -> list[int]:
    """Return the ids of the channels and threads that the note mentions, each once, in order."""
    found = (match for match in _CODE.finditer(note) if match["kind"] == "#")
    return list(dict.fromkeys(int(match["id"]) for match in found))


def has_times(note: str) -> bool:
    """Whether there is a time in the note."""
    return any(match["time"] for match in _CODE.finditer(note))


def with_names(note: str, names: Names, zone: tzinfo, *, keep_unknown: bool = False) -> str:
    """Return the note with words in place of every code: a name, or a time in `zone`.

    The codes are Discord's (API reference, Message Formatting). A name that is not known becomes
    `@unknown` or `#unknown`, or with `keep_unknown` its code is left to be looked up; a time beyond
    the calendar stays as it is, as in Discord.
    """

    def words(match: re.Match[str]) -> str:
        if match["time"]:
            return _time(int(match["time"]), match["style"] or "f", zone) or match[0]
        if match["page"]:
            return _PAGES.get(match["page"], match["page"].replace("-", " "))
        if match["command"]:
            return f"/{match['command']}"
        if match["emoji"]:
            return match["emoji"]
        number = int(match["id"])
        known = {"#": names.channels, "@&": names.roles}.get(match["kind"], names.members)
        if keep_unknown and number not in known:
            return match[0]
        if match["kind"] == "#":
            return f"#{one_line(names.channels.get(number, 'unknown'))}"
        return f"@{one_line(known.get(number, 'unknown')).removeprefix('@')}"

    return _CODE.sub(words, note)


def _time(seconds: int, style: str, zone: tzinfo) -> str | None:
    """Return a moment, in seconds since 1970, in a style of Discord's; None if it is no date."""
    try:
        moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone)
    except (OverflowError, ValueError):
        return None
    return moment.strftime(f"{_STYLES.get(style, _USUAL_STYLE)} %Z")
