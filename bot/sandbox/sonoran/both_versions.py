"""What the replies of API v1 and v2 share: which calls are listed, and members of their objects."""

from collections.abc import Mapping
from typing import NamedTuple

from bot.sandbox.sonoran.community import Community
from bot.sandbox.sonoran.model import SERVER_ADDRESS, Call, EmergencyCall, Note, Server

DEFAULT_CLOSED_LIMIT = 10
MOST_CLOSED_CALLS = 100
"""Closed calls in one reply, by default and at most (v1 page get-calls)."""

SEARCH_TYPES: Mapping[int, tuple[bool, bool]] = {
    0: (True, False),
    1: (False, True),
    100: (True, True),
}
"""Call table types: whether dispatch and whether 911 calls are listed (v1, v2 page get-calls)."""


class ListedCalls(NamedTuple):
    """The calls of one reply; `closed_count` counts the closed ones before the limit."""

    active: list[Call]
    emergency: list[EmergencyCall]
    closed: list[Call]
    closed_count: int


def listed_calls(
    community: Community, server_id: int, search: tuple[bool, bool], limit: int, offset: int
) -> ListedCalls:
    """Return the calls of a server that a request asks for; `search` is from SEARCH_TYPES.

    Choices: a limit above 100 counts as 100, lists filtered out are there but empty.
    """
    dispatch, emergency = search
    active = community.open_calls_of(server_id) if dispatch else []
    closed = community.closed_calls_of(server_id) if dispatch else []
    shown = closed[offset : offset + min(limit, MOST_CLOSED_CALLS)]
    emergencies = community.emergency_calls_of(server_id) if emergency else []
    return ListedCalls(active, emergencies, shown, len(closed))


def call_members(call: Call) -> dict[str, object]:
    """Return what both versions tell of a dispatch call besides its notes."""
    return {
        "callId": call.call_id,
        "origin": 0,
        "status": call.status,
        "priority": call.priority,
        "block": "",
        "address": call.address,
        "postal": call.postal,
        "title": call.title,
        "code": call.code,
        "description": call.description,
        "idents": call.unit_ids,
    }


def note_object(note: Note, time: str) -> dict[str, object]:
    """Return a note; the `note` and `noteType` sent are `content` and `type` here."""
    return {
        "time": time,
        "label": note.label,
        "type": note.type,
        "content": note.content,
    }


def emergency_members(call: EmergencyCall) -> dict[str, object]:
    """Return what both versions tell of a 911 call, which has no notes."""
    return {
        "callId": call.call_id,
        "isEmergency": True,
        "caller": call.caller,
        "location": call.location,
        "description": "",
    }


def server_members(server: Server) -> dict[str, object]:
    """Return what both versions tell of a server."""
    return {
        "id": server.server_id,
        "name": server.name,
        "description": "",
        "signal": "",
        "mapUrl": "",
        "mapIp": SERVER_ADDRESS,
        "listenerPort": 30120,
        "differingOutbound": False,
        "outboundIp": SERVER_ADDRESS,
        "enableMap": False,
        "mapType": "REGULAR",
        "isStatic": False,
    }
