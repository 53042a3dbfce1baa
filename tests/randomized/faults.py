"""What may go wrong on either side, drawn at random.

Only what the real services could do: none says no and does it all the same, and none stores a
note later than the bot is told to reckon with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from bot.sandbox.discord import ApiError
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.message_validation import Draft
from bot.sandbox.sonoran import Fault as CadFault
from bot.sandbox.sonoran import Note, SonoranServer

PROBLEM = "application/problem+json"
LATE_SECONDS = 0.3
"""How long after a request the CAD may store its note at the latest."""


def cad_fault(random: Random) -> CadFault:
    """Draw a fault of the CAD."""
    kinds: list[tuple[Callable[[Random], CadFault], float]] = [
        (_server_error, 6),
        (_cut_off, 6),
        (_slow, 4),
        (_unclear, 4),
        (_no_answer, 0.3),
        (_limited, 2),
        (_refused, 3),
        (_turned_down, 3),
        (_nobody_there, 1),
        (_list_fault, 6),
        (_version_fault, 2),
    ]
    (draw,) = random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
    return draw(random)


def _either(random: Random) -> bool:
    return random.random() < 0.5


def _server_error(random: Random) -> CadFault:
    page = random.choice([None, "<!DOCTYPE html><h1>Bad gateway</h1>"])
    status = random.choice([500, 502, 503, 504])
    return CadFault(status=status, body=page, applied=_either(random))


def _cut_off(random: Random) -> CadFault:
    abort = random.choice(["before", "after_headers", "truncated"])
    return CadFault(abort=abort, applied=_either(random))  # type: ignore[arg-type]


def _slow(random: Random) -> CadFault:
    match random.randrange(4):
        case 0:
            return CadFault(delay=LATE_SECONDS, applied=True, survives_disconnect=True)
        case 1:
            return CadFault(delay=LATE_SECONDS, applied=True)
        case 2:
            return CadFault(delay_after=random.uniform(0.1, 0.8), applied=True)
    return CadFault(drip=0.01, applied=True)


def _unclear(random: Random) -> CadFault:
    applied = _either(random)
    match random.randrange(4):
        case 0:
            return CadFault(oversize=100_000, applied=applied)
        case 1:
            return CadFault(content_type="text/html", applied=True)
        case 2:
            return CadFault(status=200, body='{"callId": 1}', applied=applied)
    return CadFault(status=200, body=random.choice([b"", b"OK", b"\xff\xfe"]), applied=applied)


def _no_answer(random: Random) -> CadFault:
    return CadFault(hold=asyncio.Event(), applied=_either(random))


def _limited(random: Random) -> CadFault:
    on = random.choice(["note", "calls"])
    body = '{"message": "API rate limit exceeded"}'
    return CadFault(on=on, status=429, body=body, headers={"Retry-After": "1"})  # type: ignore[arg-type]


def _refused(random: Random) -> CadFault:
    status = random.choice([400, 404, 409])
    return CadFault(status=status, body='{"detail": "No such luck"}', content_type=PROBLEM)


def _turned_down(random: Random) -> CadFault:
    """Draw what a firewall, a gateway or one CAD server says to a note, and to no other request."""
    body, content_type = random.choice(
        [
            ("error code: 1020", "text/plain"),
            ("<!DOCTYPE html><h1>Access denied</h1>", "text/html"),
            ('{"message": "Unauthorized", "request_id": "5a1f"}', "application/json"),
            ('{"title": "Forbidden", "status": 403, "detail": "Not on this server"}', PROBLEM),
        ]
    )
    status = random.choice([401, 403])
    return CadFault(status=status, body=body, content_type=content_type)


def _nobody_there(_: Random) -> CadFault:
    return CadFault(body="Backend Service Reached")


def _list_fault(random: Random) -> CadFault:
    times = random.choice([1, 1, 2, 4])
    match random.randrange(4):
        case 0:
            return CadFault(on="calls", status=500, times=times)
        case 1:
            return CadFault(on="calls", abort="truncated", applied=True, times=times)
        case 2:
            return CadFault(on="calls", status=200, body="{}", times=times)
    return CadFault(on="calls", delay_after=random.uniform(0.1, 0.6), applied=True)


def _version_fault(random: Random) -> CadFault:
    if _either(random):
        return CadFault(on="version", status=503)
    return CadFault(on="version", abort="before")


_NOT_NOTES: list[tuple[object, object]] = [
    (None, "a text"),
    ("Unit 1", None),
    (None, None),
    (7, "a text"),
    ("Unit 1", ["a text"]),
]
"""Label and content of entries among a call's notes that are none as anybody expects them."""


def odd_neighbours(random: Random, cad: SonoranServer) -> None:
    """Let an odd entry stand among the notes of a call, or take all of them away again."""
    call = random.choice(list(cad.calls.values()))
    if random.random() < 0.5:
        label, content = random.choice(_NOT_NOTES)
        note = Note(label, "text", content, call.updated)  # type: ignore[arg-type]
        call.notes.insert(random.randrange(len(call.notes) + 1), note)
        return
    for each in cad.calls.values():
        each.notes[:] = [note for note in each.notes if is_note(note)]


def is_note(note: Note) -> bool:
    """Whether an entry among a call's notes is none of the odd ones."""
    return isinstance(note.label, str) and isinstance(note.content, str)


_NOT_FOUND = {
    "callback": {"code": 10062, "message": "Unknown interaction"},
    "edit_original": {"code": 10015, "message": "Unknown Webhook"},
    "edit_message": {"code": 10008, "message": "Unknown Message"},
}


_REFUSED_CONTENT = [(400, 240000), (400, 200000), (403, 50269)]
_REFUSED_MESSAGE = [*_REFUSED_CONTENT, (413, 40005)]

BLOCKED, CRASHING = "blockedword", "crashingword"
"""What stands in a note that Discord never shows: it refuses the text, or fails over it."""


def refuse_texts(draft: Draft) -> ApiError | None:
    """Answer as Discord does to a message with such a text."""
    content = draft.content or ""
    if CRASHING in content:
        return ApiError(500, 0, "Internal Server Error")
    if BLOCKED in content:
        status, code = _REFUSED_CONTENT[len(content) % len(_REFUSED_CONTENT)]
        return ApiError(status, code, "Blocked")
    return None


def discord_fault(random: Random) -> DiscordFault:
    """Draw a fault of Discord."""
    routes = ["callback", "edit_original", "edit_message", "channel_message", "get_original"]
    (route,) = random.choices(routes, [4, 5, 1, 1, 2])
    applied = _either(random)
    match random.randrange(8):
        case 0:
            if route in _NOT_FOUND:
                body = _NOT_FOUND[route]
                return DiscordFault(route=route, status=404, applied=False, body=body)
        case 1:
            headers = {"Retry-After": "0.3"} | random.choice([{}, {"Via": "1.1 google"}])
            return DiscordFault(route=route, status=429, applied=False, headers=headers)
        case 2:
            return DiscordFault(route=route, abort=True, applied=applied)
        case 3:
            # An edit that outlives its process by seconds could hide what the next one says.
            at_once = applied or route != "callback"
            return DiscordFault(route=route, delay=random.uniform(0.1, 3.2), applied=at_once)
        case 4:  # from the edge in front of Discord
            status = random.choice([401, 403, 404])
            return DiscordFault(route=route, status=status, applied=False, body="<html></html>")
        case 5:
            if route in ("edit_original", "edit_message", "channel_message"):
                status, code = random.choice(_REFUSED_MESSAGE)
                refusal = {"code": code, "message": "Refused"}
                return DiscordFault(route=route, status=status, applied=False, body=refusal)
    status = random.choice([500, 502, 503])
    return DiscordFault(route=route, status=status, applied=applied, times=random.choice([1, 1, 2]))
