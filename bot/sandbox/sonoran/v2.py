"""The rules of API v2: paths with IDs in them, a bearer key, problem documents as refusals."""

import re
import secrets
from collections.abc import Mapping

from bot.sandbox.sonoran.answers import Answer, json_answer, problem_answer
from bot.sandbox.sonoran.both_versions import DEFAULT_CLOSED_LIMIT, SEARCH_TYPES, listed_calls
from bot.sandbox.sonoran.community import LOWEST_PLANS, Community
from bot.sandbox.sonoran.model import Account
from bot.sandbox.sonoran.rate_limit import RateLimits
from bot.sandbox.sonoran.requests import (
    V2_CALLS,
    V2_IDENTIFIERS,
    V2_KINDS,
    V2_NOTES,
    RecordedRequest,
)
from bot.sandbox.sonoran.v2_objects import (
    account_object,
    call_object,
    emergency_object,
    identifiers_object,
    info_object,
    server_object,
    version_object,
)

PLAN_PROBLEM = "https://sonorancad.com/errors/err-ss-101"
"""Problem type of a plan refusal; the official FiveM client looks for `err-ss-101` in it."""


class RefusedError(Exception):
    """The request is refused with a problem document."""

    def __init__(self, status: int, title: str, detail: str, problem_type: str | None = None):
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.problem_type = problem_type


def answer_v2(
    community: Community, rate_limits: RateLimits | None, request: RecordedRequest
) -> Answer:
    """Carry out a v2 request and return the answer; without `rate_limits` none is enforced.

    Every reply of the backend carries `X-Trace-Id` (official Lua client), a refusal the same
    value as `traceId`; the gateway's 429 never reached the backend and has none. Authenticated
    replies carry `Cache-Control: no-store` (v2 page authentication, as of 2026-04-07).
    """
    trace_id = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    headers = {"X-Trace-Id": trace_id}
    try:
        _authenticate(community, request)
        headers["Cache-Control"] = "no-store"
        kind, server_id, call_id = _route(request)
        wait = rate_limits.take(community.api_key, kind) if rate_limits else None
        if wait is not None:
            return _rate_limited(wait)
        if not community.plan_suffices(kind):
            # Seen for Smart Signs only (official FiveM client); for the rest a choice.
            required = f"The {LOWEST_PLANS[kind]} version is required."
            raise RefusedError(402, "Payment Required", required, PLAN_PROBLEM)
        answer = _carry_out(community, request, kind, server_id, call_id)
    except RefusedError as refused:
        answer = problem_answer(
            refused.status,
            refused.title,
            refused.detail,
            request.path,
            trace_id,
            refused.problem_type,
        )
    answer.headers.update(headers)
    return answer


def _authenticate(community: Community, request: RecordedRequest) -> None:
    """Check the key before anything else.

    401 when the header is missing, is not Bearer, or the key is invalid (v2 page authentication).
    Choice: a community whose API is switched off answers 403.
    """
    if not request.bearer or request.bearer != community.api_key:
        raise RefusedError(401, "Unauthorized", "A valid API key is required as a Bearer token.")
    if not community.api_enabled:
        raise RefusedError(403, "Forbidden", "The API is not enabled for this community.")


def _route(request: RecordedRequest) -> tuple[str, int, int]:
    """Return the kind, server ID and call ID that a path names, 0 for an ID it does not have.

    Choices: an unknown path answers 404, a wrong method 405, an ID that is no positive integer
    400 (official clients refuse to send one).
    """
    if notes := V2_NOTES.fullmatch(request.path):
        _require_method(request, "POST")
        return "note", _identifier(notes[1], "serverId"), _identifier(notes[2], "callId")
    if calls := V2_CALLS.fullmatch(request.path):
        _require_method(request, "GET")
        return "calls", _identifier(calls[1], "serverId"), 0
    if V2_IDENTIFIERS.fullmatch(request.path):
        _require_method(request, "GET")
        return "identifiers", 0, 0
    kind = V2_KINDS.get(request.path)
    if kind is None:
        raise RefusedError(404, "Not Found", "There is no such endpoint.")
    _require_method(request, "GET")
    return kind, 0, 0


def _require_method(request: RecordedRequest, method: str) -> None:
    if request.method != method:
        raise RefusedError(405, "Method Not Allowed", f"This endpoint takes {method} only.")


def _identifier(text: str, name: str) -> int:
    value = _whole_number(text, name)
    if value == 0:
        raise _bad_request(f"{name} must be positive.")
    return value


def _rate_limited(wait: int) -> Answer:
    """Return the gateway's plain JSON, which is no problem document (v2 page authentication)."""
    request_id = secrets.token_hex(16)
    answer = json_answer(429, {"message": "API rate limit exceeded", "request_id": request_id})
    answer.headers.update({"Retry-After": str(wait), "X-Kong-Request-Id": request_id})
    return answer


def _carry_out(
    community: Community, request: RecordedRequest, kind: str, server_id: int, call_id: int
) -> Answer:
    if server_id and server_id not in community.servers:
        # A server not configured for the community (v2 pages get-calls, add-call-note).
        raise RefusedError(404, "Not Found", f"Server {server_id} is not configured.")
    if kind == "note":
        return _add_call_note(community, request, server_id, call_id)
    if kind == "calls":
        return _get_calls(community, request.query, server_id)
    if kind == "account":
        discord_id = _whole_number(request.query.get("discord", ""), "discord")
        return json_answer(200, account_object(_account(community.accounts.get(discord_id))))
    if kind == "identifiers":
        named = V2_IDENTIFIERS.fullmatch(request.path)
        uuid = named[1] if named else ""
        accounts = {account.uuid: account for account in community.accounts.values()}
        return json_answer(200, identifiers_object(_account(accounts.get(uuid))))
    if kind == "servers":
        # The one reply whose outermost key is lower case (v2 page get-servers).
        servers = [server_object(server) for server in community.servers.values()]
        return json_answer(200, {"servers": servers})
    if kind == "version":
        return json_answer(200, version_object(community))
    return json_answer(200, info_object(community))


def _add_call_note(
    community: Community, request: RecordedRequest, server_id: int, call_id: int
) -> Answer:
    """Add a note (v2 page add-call-note): `note`, optional `noteType` and `label`.

    The v1 body format is refused, and a body must be `application/json` (v2 page authentication,
    as of 2026-04-07). Choices: 415 for another content type, 400 for a missing or blank note, 404
    for a call that takes no notes, any text as `noteType` (the examples contradict each other).
    """
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise RefusedError(415, "Unsupported Media Type", "The body must be application/json.")
    body = request.json
    if not isinstance(body, dict):
        raise _bad_request("The body must be a JSON object.")
    if not body.keys().isdisjoint({"id", "key", "type", "data"}):
        raise _bad_request("The request format of API v1 is not accepted.")
    note = _text(body, "note")
    note_type = _text(body, "noteType")
    label = _text(body, "label")
    if note is None or not note.strip():
        raise _bad_request("note is required.")
    if not community.takes_notes(call_id, server_id):
        raise RefusedError(404, "Not Found", f"Call {call_id} was not found.")
    community.add_note(call_id, note, label=label, note_type=note_type, server_id=server_id)
    return json_answer(200, {"callId": call_id, "note": note})


def _get_calls(community: Community, query: Mapping[str, str], server_id: int) -> Answer:
    """List calls (v2 page get-calls): closedLimit 10, closedOffset 0, type 100 by default.

    The outermost keys are Pascal case, as the official FiveM client reads them. Choices: a limit
    above 100 counts as 100 (the v1 page has that limit), a type that is not 0, 1 or 100 answers
    400 (an official test sends `dispatch`), lists filtered out are there but empty.
    """
    limit = _whole_number(query.get("closedLimit", str(DEFAULT_CLOSED_LIMIT)), "closedLimit")
    offset = _whole_number(query.get("closedOffset", "0"), "closedOffset")
    search = SEARCH_TYPES.get(_whole_number(query.get("type", "100"), "type"))
    if search is None:
        raise _bad_request("type must be 0, 1 or 100.")
    calls = listed_calls(community, server_id, search, limit, offset)
    return json_answer(
        200,
        {
            "ActiveCalls": [call_object(community, call) for call in calls.active],
            "EmergencyCalls": [emergency_object(call) for call in calls.emergency],
            "ClosedCalls": [call_object(community, call) for call in calls.closed],
            "ClosedCallCount": calls.closed_count,
        },
    )


def _account(account: Account | None) -> Account:
    """Return an account; choice: one that is not there answers 404."""
    if account is None:
        raise RefusedError(404, "Not Found", "There is no such account.")
    return account


def _whole_number(text: str, name: str) -> int:
    if not re.fullmatch("[0-9]{1,20}", text):
        raise _bad_request(f"{name} must be a whole number.")
    return int(text)


def _text(body: Mapping[str, object], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise _bad_request(f"{name} must be a string.")
    return value


def _bad_request(detail: str) -> RefusedError:
    return RefusedError(400, "Bad Request", detail)
