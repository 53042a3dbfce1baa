"""The sandbox's two CADs: what is in them, how they behave, and what others do there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.sandbox.manners import MANNERS
from bot.sandbox.sonoran import Note, SonoranServer

API_KEY = "sandbox-key"
COMMUNITY_ID = "sandbox"
OTHER_KEY = "paleto-key"  # with which the stranger can connect their guild to a CAD of its own
OTHER_ID = "paleto"

MORE_READS = MappingProxyType({"calls": 60, "version": 60})
"""The simulator's limits per minute here, as with shorter times the bot asks more often."""

CALLS: tuple[Mapping[str, Any], ...] = (
    {"call_id": 123, "title": "Traffic stop", "address": "Route 9", "code": "10-50"},
    {"call_id": 124, "title": "Burglary alarm", "address": "12 Elm Street", "postal": "305"},
    {"call_id": 130, "title": "Vehicle pursuit", "address": "Harbor Bridge", "priority": 1},
    {"call_id": 517, "title": "Robbery", "address": "77 Vinewood Blvd", "priority": 1},
)
"""The live calls as `SonoranServer.add_call` takes them."""

EMERGENCY_CALL = 88  # the number of the only 911 call, which takes no notes

OTHER_CALLS = ((123, "Store robbery", "Paleto Boulevard"), (125, "Brush fire", "Mount Chiliad"))
"""The same in the other CAD."""


class Cads:
    """The host's CAD, and the one to which the stranger can connect their guild."""

    def __init__(self, server: SonoranServer) -> None:
        self._cad = server
        server.rate_limits.limits.update(MORE_READS)
        server.add_server(2, "Night shift")
        for call in CALLS:
            for server_id in (1, 2):
                server.add_call(**call, server_id=server_id)
        server.add_emergency_call(EMERGENCY_CALL, caller="Jane Doe", location="Mirror Park")
        self._other = server.add_community(OTHER_ID, OTHER_KEY)
        for number, title, address in OTHER_CALLS:
            self._other.add_call(number, title=title, address=address)
        self._listening = True

    @property
    def url(self) -> str:
        """The address of both."""
        return self._cad.url

    def change_call(self, change: str, what: str) -> str:
        """Add a note to a call in the CAD (`note`, `517 Backup sent`), or `close` it, as others do.

        Returns what was done. Raises `LookupError` for a call that is not there.
        """
        number, _, text = what.partition(" ")
        call_id = int(number) if number.isascii() and number.isdigit() else 0
        if (1, call_id) not in self._cad.calls:
            raise LookupError("Say which call, such as: note 517 Backup sent, or: close 517")
        if change == "close":
            self._cad.close_call(call_id)
            return f"(call #{call_id} is closed in the CAD)"
        self._cad.add_note(call_id, text or "...", label="Kim K-9")
        return f"(Kim K-9 added a note to call #{call_id} in the CAD)"

    async def behave(self, manner: str) -> None:
        """Make the host's CAD behave in one of the `MANNERS`."""
        self._cad.faults.clear()
        self._cad.api_key = API_KEY
        MANNERS[manner](self._cad)
        if self._listening and manner == "down":
            await self._cad.stop()
        elif not self._listening and manner != "down":
            await self._cad.start()
        self._listening = manner != "down"

    def speak(self, version: int) -> None:
        """Let both speak API version 1 alone, or also version 2."""
        self._cad.versions = {1} if version == 1 else {1, 2}

    def calls(self) -> list[str]:
        """Return a line for each live call with its notes.

        Those of the second server, and those of the other CAD, only if they have any.
        """
        lines = [
            f"#{call['call_id']} {call['title']}: {self._notes(call, 1) or '-'}" for call in CALLS
        ]
        return (
            lines
            + [
                f"#{call['call_id']} on server 2: {notes}"
                for call in CALLS
                if (notes := self._notes(call, 2))
            ]
            + [
                f"#{number} {title} in {self._other.community_name}'s CAD: {notes}"
                for number, title, _ in OTHER_CALLS
                if (notes := _shown(self._other.notes(number)))
            ]
        )

    def _notes(self, call: Mapping[str, Any], server: int) -> str:
        return _shown(self._cad.notes(call["call_id"], server_id=server))


def _shown(notes: Sequence[Note]) -> str:
    return "; ".join(f"{note.label}: {note.content!r}" for note in notes)
