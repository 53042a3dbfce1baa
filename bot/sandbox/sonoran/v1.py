"""The rules of API v1: everything is a POST with credentials, a type and a data array in its body.

The four error texts and the success text are those of the v1 page add-call-note.
"""

from collections.abc import Callable, Mapping

from bot.sandbox.sonoran.answers import TEXT, Answer, backend_reached, json_answer, text_answer
from bot.sandbox.sonoran.both_versions import (
    DEFAULT_CLOSED_LIMIT,
    SEARCH_TYPES,
    call_members,
    emergency_members,
    listed_calls,
    note_object,
    server_members,
)
from bot.sandbox.sonoran.community import LOWEST_PLANS, PLANS, Community
from bot.sandbox.sonoran.model import Call, Server
from bot.sandbox.sonoran.requests import V1_KINDS, RecordedRequest

# The texts of the v1 page add-call-note.
INVALID_REQUEST_TYPE = "INVALID REQUEST TYPE"
INVALID_COMMUNITY_ID = "INVALID COMMUNITY ID"
API_IS_NOT_ENABLED = "API IS NOT ENABLED FOR THIS COMMUNITY"
INVALID_API_KEY = "INVALID API KEY"

# Choices: no source gives the texts for these cases.
INVALID_REQUEST_DATA = "INVALID REQUEST DATA"
CALL_NOT_FOUND = "CALL NOT FOUND"


class InvalidDataError(ValueError):
    """A member of the data is missing or of a wrong kind."""


def answer_v1(community: Community, request: RecordedRequest) -> Answer:
    """Carry out a v1 request and return the answer.

    A path that is not served, or another method than POST, answers 200 "Backend Service Reached"
    and does nothing (official FiveM client, v3). Every refusal is a 400 with one line of text
    (v1 page add-call-note). Choice: the credentials are looked at before the type, and the path
    is compared exactly.
    """
    kind = V1_KINDS.get(request.path)
    if kind is None or request.method != "POST":
        return backend_reached()
    body = request.json if isinstance(request.json, dict) else {}
    refusal = _refusal(community, body, request.path, kind)
    if refusal is not None:
        return text_answer(400, refusal)
    try:
        return _ENDPOINTS[kind](community, body.get("data"))
    except InvalidDataError:
        return text_answer(400, INVALID_REQUEST_DATA)


def _refusal(community: Community, body: Mapping[str, object], path: str, kind: str) -> str | None:
    if body.get("id") != community.community_id:
        return INVALID_COMMUNITY_ID
    if not community.api_enabled:
        return API_IS_NOT_ENABLED
    if body.get("key") != community.api_key:
        return INVALID_API_KEY
    # The path is the type in lower case behind its group (v1 pages).
    if body.get("type") != path.rpartition("/")[2].upper():
        return INVALID_REQUEST_TYPE
    if not community.plan_suffices(kind):
        # The wording is documented for Smart Signs with PRO; for other plans it is a guess.
        return f"VERSION {LOWEST_PLANS[kind]} REQUIRED"
    return None


def _add_call_note(community: Community, data: object) -> Answer:
    """Answer ADD_CALL_NOTE (v1 page add-call-note; `noteType` as the JavaScript client sends).

    The official JavaScript client demands integer IDs and a note that is not empty.
    """
    entry = _only_entry(data)
    server_id = _integer(entry, "serverId", 1)
    call_id = _integer(entry, "callId", None)
    note = _text(entry, "note")
    label = _text(entry, "label")
    note_type = _text(entry, "noteType")
    if note is None or not note.strip():
        raise InvalidDataError
    if server_id not in community.servers:
        return _server_not_found(server_id)
    if not community.takes_notes(call_id, server_id):
        return text_answer(400, CALL_NOT_FOUND)
    community.add_note(call_id, note, label=label, note_type=note_type, server_id=server_id)
    return text_answer(200, f"NOTE '{note}' added to call #{call_id}")


def _get_calls(community: Community, data: object) -> Answer:
    """Answer GET_CALLS (v1 page get-calls). Choice: a limit above 100 counts as 100."""
    entry = _only_entry(data)
    server_id = _integer(entry, "serverId", 1)
    limit = _integer(entry, "closedLimit", DEFAULT_CLOSED_LIMIT)
    offset = _integer(entry, "closedOffset", 0)
    search = SEARCH_TYPES.get(_integer(entry, "type", 100))
    if search is None or limit < 0 or offset < 0:
        raise InvalidDataError
    if server_id not in community.servers:
        return _server_not_found(server_id)
    calls = listed_calls(community, server_id, search, limit, offset)
    return json_answer(
        200,
        {
            "activeCalls": [_call_object(community, call) for call in calls.active],
            "emergencyCalls": [emergency_members(call) for call in calls.emergency],
            "closedCalls": [_call_object(community, call) for call in calls.closed],
        },
    )


def _get_servers(community: Community, data: object) -> Answer:
    """Answer GET_SERVERS (v1 page get-servers), whose data is an empty array.

    It goes out as text: the JavaScript client reads this reply itself when it arrives so.
    """
    if not isinstance(data, list):
        raise InvalidDataError
    servers = [_server_object(server) for server in community.servers.values()]
    return json_answer(200, {"servers": servers}, TEXT)


def _get_version(community: Community, data: object) -> Answer:
    """Answer GET_VERSION: a text that begins with the plan's number (official clients)."""
    if not isinstance(data, list):
        raise InvalidDataError
    return text_answer(200, str(PLANS[community.plan]))


_ENDPOINTS: Mapping[str, Callable[[Community, object], Answer]] = {
    "note": _add_call_note,
    "calls": _get_calls,
    "servers": _get_servers,
    "version": _get_version,
}


def _server_not_found(server_id: int) -> Answer:
    """Refuse a server; documented for other types only (v1 page auth-street-signs)."""
    return text_answer(400, f"Server not found with ID: {server_id}")


def _only_entry(data: object) -> Mapping[str, object]:
    """Return the one request object in the data array.

    Choice: anything but exactly one is refused, since what a batch does is unknown and every
    official client sends one.
    """
    if not isinstance(data, list) or len(data) != 1 or not isinstance(data[0], dict):
        raise InvalidDataError
    return data[0]


def _integer(entry: Mapping[str, object], name: str, default: int | None) -> int:
    value = entry.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidDataError
    return value


def _text(entry: Mapping[str, object], name: str) -> str | None:
    value = entry.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidDataError
    return value


def _call_object(community: Community, call: Call) -> dict[str, object]:
    """Return a dispatch call with the members of the v1 page get-calls and no others.

    The time of a note is a bare time of day there (`12:00:00`).
    """
    notes = community.notes_in_reply_order(call)
    return {
        **call_members(call),
        "notes": [note_object(note, note.time.strftime("%H:%M:%S")) for note in notes],
    }


def _server_object(server: Server) -> dict[str, object]:
    return {**server_members(server), "mapPort": 30121}
