"""One community of Sonoran CAD: its credentials, plan, servers and calls."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from bot.sandbox.sonoran.faults import Faults
from bot.sandbox.sonoran.model import (
    CLOSED,
    DEFAULT_NOTE_LABEL,
    DEFAULT_NOTE_TYPE,
    Account,
    Call,
    EmergencyCall,
    Note,
    Server,
)

PLANS: Mapping[str, int] = {
    "FREE": 0,
    "STARTER": 1,
    "STANDARD": 2,
    "PLUS": 3,
    "PRO": 4,
    "SONORAN ONE": 6,
}
"""Plan names and their v1 numbers, rising with what the plan allows (official clients)."""

LOWEST_PLANS: Mapping[str, str] = {
    "note": "PLUS",
    "calls": "PLUS",
    "servers": "STANDARD",
    "version": "FREE",
    "info": "FREE",
    "account": "FREE",
    "identifiers": "FREE",
}
"""The lowest plan for each kind of request (v1 page api-restrictions; those that v2 alone
has are a choice)."""


class Community:
    """A community and everything in it; every attribute may be changed while it is being served.

    `community_id` and `api_key` are what callers must present. `api_enabled` is the
    community's API switch. `plan` is a name from `PLANS` and matters to requests only while
    `enforce_plan` is true, because the sources contradict each other on whether plans are
    checked. `closed_calls_take_notes` and `newest_note_first` settle two open questions: what
    a note on a closed call does, and the order of a call's notes in replies. `now` gives the
    time of notes, with its zone. `uuid` and `time_zone` are what info tells besides the id and
    the name (choice: a zone of the tz database). `faults` are the ways in which its requests are
    to be answered next.
    """

    faults: Faults

    def __init__(
        self,
        community_id: str,
        api_key: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.community_id = community_id
        self.api_key = api_key
        self.community_name = community_id.title()
        self.uuid = str(uuid.uuid5(uuid.NAMESPACE_DNS, community_id))
        self.time_zone = "UTC"
        self.api_enabled = True
        self.plan = "PLUS"
        self.enforce_plan = False
        self.closed_calls_take_notes = False
        self.newest_note_first = False
        self.servers: dict[int, Server] = {}
        self.calls: dict[tuple[int, int], Call] = {}
        self.emergency_calls: dict[tuple[int, int], EmergencyCall] = {}
        self.accounts: dict[int, Account] = {}
        self._now = now
        # A free community has one server, and 1 is the default ID (page configuring-multiple-
        # servers).
        self.add_server(1, f"{self.community_name} Main")

    def add_server(self, server_id: int, name: str) -> Server:
        """Add a server, or replace the one with that ID, and return it."""
        server = Server(server_id, name)
        self.servers[server_id] = server
        return server

    def link_account(self, discord_id: int, *numbers: object, uuid: str = "") -> Account:
        """Link an account to a Discord id, with units of these numbers, the last one selected."""
        units = dict(enumerate(numbers, 31))
        account = Account(uuid or f"account-{discord_id}", f"user{discord_id}", units)
        account.selected = max(units, default=None)
        self.accounts[discord_id] = account
        return account

    def add_call(
        self,
        call_id: int,
        *,
        title: str = "",
        server_id: int = 1,
        code: str = "",
        address: str = "",
        postal: str = "",
        description: str = "",
        priority: int | str = 2,
        unit_ids: Iterable[int] = (),
        extra: Mapping[str, object] | None = None,
    ) -> Call:
        """Add a dispatch call, or replace the one with that ID on that server, and return it.

        Raises LookupError when the community has no such server.
        """
        self._require_server(server_id)
        call = Call(
            call_id,
            server_id,
            self._now(),
            title=title,
            code=code,
            address=address,
            postal=postal,
            description=description,
            priority=priority,
            unit_ids=list(unit_ids),
            extra=dict(extra or {}),
        )
        self.calls[server_id, call_id] = call
        return call

    def add_emergency_call(
        self, call_id: int, *, caller: str = "", location: str = ""
    ) -> EmergencyCall:
        """Add a 911 call on server 1, or replace the one with that ID there, and return it."""
        call = EmergencyCall(call_id, 1, self._now(), caller, location)
        self.emergency_calls[1, call_id] = call
        return call

    def close_call(self, call_id: int) -> None:
        """Close a dispatch call of server 1. Raises LookupError when there is none with that ID."""
        call = self._call(call_id, 1)
        call.status = CLOSED
        call.updated = self._now()

    def add_note(
        self,
        call_id: int,
        content: str,
        *,
        label: str | None = None,
        note_type: str | None = None,
        server_id: int = 1,
    ) -> Note:
        """Store a note, as a dispatcher or the CAD itself does, and return it.

        A missing or blank `label` becomes "Sonoran CAD", a missing `note_type` becomes
        "text". Nothing limits the length, since no source states a limit. Raises LookupError when
        there is no dispatch call with that ID.
        """
        call = self._call(call_id, server_id)
        stored_label = label if label and label.strip() else DEFAULT_NOTE_LABEL
        note = Note(stored_label, note_type or DEFAULT_NOTE_TYPE, content, self._now())
        call.notes.append(note)
        call.updated = note.time
        return note

    def notes(self, call_id: int, *, server_id: int = 1) -> list[Note]:
        """Return the notes stored on a dispatch call, oldest first.

        Raises LookupError when there is no dispatch call with that ID.
        """
        return list(self._call(call_id, server_id).notes)

    def takes_notes(self, call_id: int, server_id: int) -> bool:
        """Say whether a note can be added to this ID over the API.

        Choice: only to a dispatch call that is not closed, unless `closed_calls_take_notes`.
        The v2 page add-call-note also names 911 calls, but these have no notes to add to.
        """
        call = self.calls.get((server_id, call_id))
        return call is not None and (self.closed_calls_take_notes or not call.closed)

    def plan_suffices(self, kind: str) -> bool:
        """Say whether the plan allows this kind of request; always while plans are not enforced."""
        if not self.enforce_plan:
            return True
        return PLANS[self.plan] >= PLANS[LOWEST_PLANS[kind]]

    def open_calls_of(self, server_id: int) -> list[Call]:
        """Return the dispatch calls of a server that are not closed, in the order they came."""
        return [
            call for call in self.calls.values() if call.server_id == server_id and not call.closed
        ]

    def closed_calls_of(self, server_id: int) -> list[Call]:
        """Return the closed dispatch calls of a server, last closed first (order: choice)."""
        closed = [
            call for call in self.calls.values() if call.server_id == server_id and call.closed
        ]
        return sorted(closed, key=lambda call: call.updated)[::-1]

    def emergency_calls_of(self, server_id: int) -> list[EmergencyCall]:
        """Return the 911 calls of a server, in the order they came."""
        return [call for call in self.emergency_calls.values() if call.server_id == server_id]

    def notes_in_reply_order(self, call: Call) -> list[Note]:
        """Return a call's notes in the order that replies give them."""
        return call.notes[::-1] if self.newest_note_first else list(call.notes)

    def _call(self, call_id: int, server_id: int) -> Call:
        call = self.calls.get((server_id, call_id))
        if call is None:
            raise LookupError(f"no dispatch call {call_id} on server {server_id}")
        return call

    def _require_server(self, server_id: int) -> None:
        if server_id not in self.servers:
            raise LookupError(f"no server {server_id}")
