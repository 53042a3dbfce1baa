"""Replies to listings made by hand, and what is read in them."""

import pytest

from bot.sonoran import (
    CadServer,
    CallList,
    ListedNote,
    OutcomeUnknownError,
    Reason,
    ServerList,
)
from bot.sonoran.exchange import Reply
from bot.sonoran.listings import read_calls, read_servers
from tests.sonoran.wire_replies import reply

NOTE = {"time": "12:00:00", "label": "D-2", "type": "text", "content": "Caller hung up"}
ADDRESS = "203.0.113.7"
SERVER = {"id": 1, "name": "Main", "mapIp": ADDRESS, "outboundIp": ADDRESS, "listenerPort": 30120}
MAIN_ALONE = ServerList((CadServer(1, "Main"),))
PLACEHOLDERS = [b"Backend Service Reached", b"Sonoran CAD: Backend Service Reached"]
DEEP = b'{"ActiveCalls":' * 100_000


def call(call_id: object = 417, **members: object) -> dict[str, object]:
    return {"callId": call_id, "title": "Collision", "notes": [NOTE], **members}


def calls(*active: object, closed: object = ()) -> dict[str, object]:
    return {"ActiveCalls": list(active), "EmergencyCalls": [], "ClosedCalls": closed}


def read(body: object) -> CallList:
    return read_calls(reply(body), 2)


def notes_in(notes: object) -> tuple[ListedNote, ...] | None:
    (found,) = read(calls(call(notes=notes))).calls
    return found.notes


def unclear(received: Reply, *, servers: bool = False) -> OutcomeUnknownError:
    with pytest.raises(OutcomeUnknownError) as caught:
        read_servers(received) if servers else read_calls(received, 2)
    assert caught.value.reason is Reason.UNCLEAR_REPLY
    return caught.value
