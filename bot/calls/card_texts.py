"""What a call's card says: all that the CAD tells of a call, as literal text in one message.

Of texts from the CAD each stands on one line, escaped by `escape_markdown`, never within a mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise

from bot.calls.problems import CardProblem
from bot.calls.texts import ago, call_label, cut
from bot.interactions.markdown import CONTENT_LIMIT, escape_markdown, one_line, utf16_units
from bot.interactions.texts import Catalogue
from bot.sonoran import CallStatus, DispatchCall, ListedNote, parse_time

MOST_PAGES = 100
"""Pages of a call's notes that can be turned to."""

ADD_NOTE, KEEP, REFRESH = "Add note", "Keep in channel", "Refresh"
NEWER, OLDER = "Newer notes", "Older notes"
"""What the buttons say."""

PLACEHOLDER = "Open a call's card"
KEEP_HINT = "Keep in channel shows this card to everyone who can see this channel."

TEXTS: Catalogue = {
    CardProblem.CALLS_UNKNOWN: (
        "Callnote can't read the live calls now, as Sonoran CAD does not answer or was asked too "
        "often. Try again in a moment."
    ),
    CardProblem.CALL_ENDED: "Call #{call} is closed or gone, so its card can't be kept.",
    CardProblem.CARDS_OFF: (
        "An administrator has switched off cards in channels: /callnote-config cards"
    ),
    CardProblem.CARD_FORBIDDEN: (
        "Callnote can't write in this channel: ask an administrator to give it View Channel and "
        "Send Messages here (in a thread, Send Messages in Threads)."
    ),
    CardProblem.CARD_NOT_POSTED: "Discord did not accept the card. Try again in a moment.",
    CardProblem.CARD_NOT_STORED: (
        "Callnote can't reach its database, so the card would not be kept up to date. Try again "
        "in a moment."
    ),
    CardProblem.CARD_LEFT: "This card is no longer kept up to date: use /call for a new one.",
    CardProblem.OUTDATED_CARD: "This is out of date: use /call again.",
}


class Ending(Enum):
    """Why a card in a channel is not kept up to date any more; the value is what it says then."""

    CLOSED = "The call is closed."
    GONE = "The call is no longer in the CAD: it was deleted, or closed some time ago."
    REPLACED = "A newer card of this call is below."
    TOO_MANY = "No longer kept up to date, as there are newer cards: use /call"
    TOO_OLD = "No longer kept up to date, as this card is a week old: use /call"
    OFF = "No longer kept up to date: an administrator has switched off cards in channels."
    DISCONNECTED = "No longer kept up to date."


_STATUSES = {
    CallStatus.PENDING: "pending",
    CallStatus.ACTIVE: "active",
    CallStatus.CLOSED: "closed",
}

_TITLE, _ADDRESS, _SHORT, _AUTHOR = 110, 110, 20, 40  # UTF-16 units before they are escaped
_TEXT = 280  # the same, of a description or a note's text
_ESCAPED_TEXT = 480  # after that
_FOOT_ROOM = 260
_PAGE_ROOM = 24  # for the line above the notes
_PAGE_NOTES = 10
_ORDERED = 20  # notes by which their order is told


def card_content(
    call: DispatchCall,
    page: int = 0,
    *,
    foot: Sequence[str] = (),
    status: str | None = None,
) -> tuple[str, bool]:
    """Return a card with a page of its call's notes, and whether there are older notes.

    The notes come newest first. `foot` are small lines of our own below, 250 UTF-16 units at most
    in all. The content is within Discord's limit.
    """
    notes = newest_first(call.shown_notes)
    head = [_title(call), _facts(call, notes, status)]
    place = [literal(call.address, _ADDRESS), _named("postal", literal(call.postal, _SHORT))]
    if shown := " · ".join(filter(None, place)):
        head.append(f"📍 {shown}")
    if description := _long(call.description):
        head.append(description)
    # The line above the notes counts alike on every page, so that notes stay on theirs.
    room = CONTENT_LIMIT - _FOOT_ROOM - _PAGE_ROOM - sum(utf16_units(line) + 1 for line in head)
    lines, older = _page(notes, page, room)
    heading = "**Notes**" if page == 0 else f"**Notes**, page {page + 1}"
    head.append(heading if notes else "No notes yet.")
    return "\n".join([*head, *lines, *map(_small, foot)]), older


def gone_card(call_id: int) -> str:
    """Return the card of a call of which nothing is known but that it is gone."""
    return f"**#{call_id}**\n{_small(Ending.GONE.value)}"


def plain_card(call_id: int) -> str:
    """Return the card of a call whose texts Discord refuses."""
    return f"**#{call_id}**\nDiscord does not show this call's texts: look at it in the CAD."


def kept_foot(call_id: int, *, older: bool, stale_since: int | None) -> list[str]:
    """Return the small lines below a card in a channel; `stale_since` in seconds since 1970."""
    foot = [f"Older notes: /call call:{call_id}"] if older else []
    if stale_since is not None:
        foot.append(f"Nothing new from Sonoran CAD since <t:{stale_since}:t>.")
    return foot


def private_foot(*, age: float, may_keep: bool, kept_at: str | None) -> list[str]:
    """Return the small lines below a card that one member sees.

    `age` is that of an old list, in seconds, else 0; `kept_at` the address of the card that was
    just kept in the channel.
    """
    foot = [f"The calls as they were {ago(age)}."] if age else []
    if kept_at is not None:
        foot.append(f"Kept in this channel: {kept_at}")
    elif may_keep:
        foot.append(KEEP_HINT)
    return foot


def list_content(calls: Sequence[DispatchCall], total: int, *, age: float) -> str:
    """Return the list of live calls: the first of `total`, as many as fit and can be chosen.

    `age` is as for `private_foot`.
    """
    if not total:
        return "There are no live calls."
    lines = ["**1 live call**" if total == 1 else f"**{total:,} live calls**"]
    foot = [f"The calls as they were {ago(age)}."] if age else []
    if total > len(calls):
        foot.append("Not all can be chosen below: use /call to find any by number or words.")
    room = CONTENT_LIMIT - _FOOT_ROOM - utf16_units(lines[0])
    for call in calls:
        line = f"• {literal(call_label(call), 200)}"
        room -= utf16_units(line) + 1
        if room < 0:
            break
        lines.append(line)
    return "\n".join([*lines, *map(_small, foot)])


def not_listed(call_id: int, *, emergency: bool, near: bool) -> str:
    """Say that no dispatch call with this number is live, nor was closed lately."""
    said = f"Call #{call_id} is not among the live calls of this CAD server."
    if emergency:
        said = f"#{call_id} is a 911 call; only dispatch calls have cards."
    return f"{said} Did you mean one of these?" if near else said


def literal(text: str, limit: int) -> str:
    """Return a text of the CAD's on one line, cut to `limit` UTF-16 units and then escaped."""
    return escape_markdown(cut(one_line(text[: 2 * limit]), limit), limit=max(150, 2 * limit))


def newest_first(notes: Sequence[ListedNote]) -> list[ListedNote]:
    """Return notes with the newest first, as far as their times tell; else the last one is."""
    steps = [
        (before, after)
        for first, second in pairwise(notes[:_ORDERED])
        if (before := _sortable(first.time)) and (after := _sortable(second.time))
    ]
    falling = sum(before > after for before, after in steps)
    rising = sum(before < after for before, after in steps)
    return list(notes) if falling > rising else list(reversed(notes))


def _title(call: DispatchCall) -> str:
    title = literal(f"{call.code} {call.title}", _TITLE)
    return f"**#{call.call_id}** · {title}" if title else f"**#{call.call_id}**"


def _facts(call: DispatchCall, notes: Sequence[ListedNote], status: str | None) -> str:
    """Return the line with priority, status, units and times."""
    if status is None:
        status = "closed" if call.closed else _STATUSES.get(call.status or CallStatus.ACTIVE, "")
    units = len(call.unit_ids)
    opened = _since_1970(notes[-1].time) if notes else None
    updated = None if call.updated is None else int(call.updated.timestamp())
    if opened is not None and updated is not None and opened > updated:
        opened = None  # a time in a zone that the CAD does not name
    facts = [
        _named("priority", literal(call.priority, _SHORT)),
        status,
        "no units" if not units else "1 unit" if units == 1 else f"{units} units",
        "" if opened is None else f"first note <t:{opened}:R>",
        "" if updated is None else f"changed <t:{updated}:R>",
    ]
    line = " · ".join(filter(None, facts))
    return line[:1].upper() + line[1:]


def _page(notes: Sequence[ListedNote], page: int, room: int) -> tuple[list[str], bool]:
    """Return the lines of a page, each as long as there is room; the last one if too far."""
    lines: list[str] = []
    at, left = 0, room
    for line in _lines(notes):
        units = utf16_units(line) + 1
        if lines and (units > left or len(lines) == _PAGE_NOTES):
            if at == page:
                return lines, page + 1 < MOST_PAGES
            lines, at, left = [], at + 1, room
        lines.append(line)
        left -= units
    return lines, False


def _lines(notes: Sequence[ListedNote]) -> Iterator[str]:
    for note in notes:
        moment = _since_1970(note.time)
        time = literal(note.time, _SHORT) if moment is None else f"<t:{moment}:t>"
        yield " ".join(filter(None, ["•", time, _author(note), _long(note.text)]))


def _author(note: ListedNote) -> str:
    author = literal(note.label, _AUTHOR)
    return f"{author}:" if author else ""


def _long(text: str) -> str:
    return escape_markdown(cut(text[: _TEXT + 1], _TEXT), limit=_ESCAPED_TEXT)


def _named(name: str, value: str) -> str:
    return f"{name} {value}" if value else ""


def _small(line: str) -> str:
    return f"-# {line}"


def _since_1970(text: str) -> int | None:
    """Return the seconds of a time with its day; None for any other."""
    time = parse_time(text) if "T" in text or "-" in text else None
    return None if time is None else int(time.timestamp())


def _sortable(text: str) -> tuple[int, str] | None:
    """Return what orders a time among others of its kind, None for none."""
    moment = _since_1970(text)
    if moment is not None:
        return moment, ""
    return (0, text) if text[:1].isdigit() else None
