"""What a successful reply to a listing says; the same members in both versions.

From the pages get-calls and get-servers of either version. Keys are compared without case at
every level: version 2 writes the outermost ones in Pascal case and version 1 does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

from bot.sonoran.exchange import Reply, fields_of, json_of
from bot.sonoran.models import (
    CadServer,
    CallList,
    CallStatus,
    DispatchCall,
    ListedNote,
    ServerList,
)
from bot.sonoran.wire import unclear_read

CALL_LIST_BYTES: Final = 32 * 1024 * 1024
"""How much of a call list is read: room for hundreds of notes of 4,000 emoji, 12 bytes each."""

SHORT_TEXT: Final = 300
"""Characters of a call's title, code, address or postal that are read; a line has fewer."""

LONG_TEXT: Final = 4000
"""Characters of a call's description that are read; a message of Discord's has as many at most."""

_MOST_UNITS = 100
_LARGEST_NUMERAL = 10**9
_LARGEST_SERVER = 2**31 - 1  # the largest number of a CAD server that a database takes
_STATUSES = {status.value: status for status in CallStatus}
_LISTS: Final = (("activecalls", False), ("closedcalls", True))
_REPLACED: Final = "\ufffd"  # in place of what is no UTF-8, or cannot be stored


def read_calls(reply: Reply, server_id: int) -> CallList:
    """Return the dispatch calls that a reply lists, and of 911 calls the ids.

    Raises `OutcomeUnknownError` unless the reply is whole and has a list, of open calls or of
    closed ones, and where something stands in it of which nothing can be read. The list is not
    whole if a call has no id, which is left out; nor without a list of open calls, or with anything
    else in place of one of closed calls. Of a call that stands twice the notes count as not read,
    as what cannot be told apart must not be taken for the call in question.
    """
    fields, damaged, whole = _fields(reply), reply.damaged, True
    calls: dict[int, DispatchCall] = {}
    lists = [(fields.get(name), closed) for name, closed in _LISTS]
    if not any(isinstance(entries, list) for entries, _ in lists):
        raise unclear_read(reply)
    for entries, closed in lists:
        if not isinstance(entries, list):
            whole &= closed and entries is None
            continue
        for entry in map(fields_of, entries):
            call_id = _number(entry, "callid")
            if call_id is None:
                whole = False
                continue
            if call_id in calls:
                calls[call_id] = replace(calls[call_id], notes=None)
                continue
            calls[call_id] = _call(entry, server_id, call_id, closed=closed, damaged=damaged)
    if not (calls or whole):
        raise unclear_read(reply)
    emergencies = fields.get("emergencycalls")
    listed = map(fields_of, emergencies if isinstance(emergencies, list) else ())
    numbers = (_number(entry, "callid") for entry in listed)
    emergency_ids = frozenset(number for number in numbers if number is not None)
    return CallList(server_id, tuple(calls.values()), emergency_ids, whole)


def parse_time(text: str) -> datetime | None:
    """Return the time in an ISO 8601 text, in UTC unless it says otherwise; None for any other."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_servers(reply: Reply) -> ServerList:
    """Return number and name of the servers that a reply lists, and nothing else of them.

    An entry without a usable number may be any server: without it the list is not whole. Of two
    with the same number the first counts. Raises `OutcomeUnknownError` unless the reply is whole.
    """
    entries = _fields(reply).get("servers")
    if not isinstance(entries, list):
        raise unclear_read(reply)
    servers: dict[int, CadServer] = {}
    whole = True
    for entry in map(fields_of, entries):
        server_id = _number(entry, "id")
        if server_id is None or not 1 <= server_id <= _LARGEST_SERVER:
            whole = False
        else:
            servers.setdefault(server_id, CadServer(server_id, _text(entry, "name")))
    return ServerList(tuple(servers.values()), whole)


def _fields(reply: Reply) -> dict[str, Any]:
    """Return the reply's object, empty for a cut reply; a JSON text may quote it once more.

    Version 1's get servers arrives as text, which the official JavaScript client parses itself.
    """
    value = reply.json if reply.complete else None
    if isinstance(value, str):
        value = json_of(value)
    return fields_of(value)


def _call(
    entry: Mapping[str, Any], server_id: int, call_id: int, *, closed: bool, damaged: bool
) -> DispatchCall:
    noted, unreadable = _notes(entry.get("notes"), damaged=damaged)
    shown = _any_notes(entry.get("notes")) if noted is None or unreadable else noted
    units = entry.get("idents")
    status = _number(entry, "status")
    return DispatchCall(
        server_id,
        call_id,
        title=_text(entry, "title"),
        code=_text(entry, "code"),
        address=_text(entry, "address"),
        closed=closed,
        notes=noted,
        unreadable_notes=unreadable,
        shown_notes=shown,
        postal=_text(entry, "postal") or _numeral(entry, "postal"),
        description=_text(entry, "description", LONG_TEXT),
        priority=_text(entry, "priority") or _numeral(entry, "priority"),
        status=None if status is None else _STATUSES.get(status),
        unit_ids=tuple(filter(_is_number, units if isinstance(units, list) else ()))[:_MOST_UNITS],
        updated=parse_time(_text(entry, "updated")),
    )


def _notes(value: Any, *, damaged: bool) -> tuple[tuple[ListedNote, ...] | None, int]:
    """Return the notes, and how many entries cannot be read whole.

    None if there is no list at all: before 2022-12-05 they were one string. In a `damaged` reply a
    note with a replaced character is among both.
    """
    if not isinstance(value, list):
        return None, 0
    notes, odd = [], 0
    for entry in map(fields_of, value):
        label, text = entry.get("label"), entry.get("content")
        if isinstance(label, str) and isinstance(text, str):
            notes.append(ListedNote(label, text, _text(entry, "time")))
            odd += damaged and _REPLACED in label + text
        else:
            odd += 1
    return tuple(notes), odd


def _any_notes(value: Any) -> tuple[ListedNote, ...]:
    """Return what can be shown of notes, each an object or a text, of which one may stand alone."""
    notes = []
    for each in value if isinstance(value, list) else [value]:
        entry = {"content": each} if isinstance(each, str) else fields_of(each)
        if text := _text(entry, "content", None):
            notes.append(ListedNote(_text(entry, "label"), text, _text(entry, "time")))
    return tuple(notes)


def _text(fields: Mapping[str, Any], name: str, limit: int | None = SHORT_TEXT) -> str:
    """Return a text, empty where there is none.

    In place of halves of a surrogate pair, which no message can carry, it has ?, and U+FFFD in
    place of NUL, which PostgreSQL cannot store.
    """
    value = fields.get(name)
    if not isinstance(value, str):
        return ""
    return value[:limit].encode(errors="replace").decode().replace("\0", _REPLACED)


def _numeral(fields: Mapping[str, Any], name: str) -> str:
    """Return a number of reasonable size as text, empty where there is none."""
    value = _number(fields, name)
    return "" if value is None or abs(value) > _LARGEST_NUMERAL else str(value)


def _number(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    return value if _is_number(value) else None


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
