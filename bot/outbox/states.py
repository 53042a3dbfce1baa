"""The states of a note on its way to the CAD, and the transitions between them.

    /callnote ──┬──▶ HELD (the same again within a minute) ──▶ gone, or a new note by Add anyway
                ▼
            RECEIVED ──▶ gone (Discord never took the acknowledgement)
              │ │
              │ ▼        no effect, or certainly not there
    ┌─────────┼▶ QUEUED ◀──────────────────────────────────┐
    │ its     │ │ │ └──▶ FAILED* (14 minutes) ──▶ Try again│
    │ turn in │ │ └────▶ CANCELLED                         │
    │ 1 s     ▼ ▼                                          │
    │      SENDING ──▶ ADDED, REFUSED*                     │
    │         │                                            │
    │         ▼  no usable answer, or the process died     │
    │      CHECKING ──▶ ADDED (found), CANCELLED ──────────┤
    │         │ ▲                                          │
    │         ▼ │ Check again                              │
    └──── UNCONFIRMED ──▶ CANCELLED                        │
     Send again

    SENDING ──▶ FAILED*, too, when it alone is turned down for its credentials time and again

    REFUSED ──▶ QUEUED, for another call

    * UNCONFIRMED instead while an earlier send of the note is in doubt

A note is stored before anything happens to it, so each arrow is a row changed first and a
request or an answer second. Nothing here knows Discord, HTTP or SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class NoteState(StrEnum):
    """Where a note stands; the values are what the outbox stores."""

    HELD = "held"
    """Not accepted: its member sent the same a moment ago and has to say that it is meant."""
    RECEIVED = "received"
    """Stored; not acknowledged yet, as far as the database knows."""
    QUEUED = "queued"
    """Accepted and certainly not in the CAD by this try; to be sent when its turn comes."""
    SENDING = "sending"
    """A request may be under way."""
    CHECKING = "checking"
    """It was sent without a usable answer; the CAD's call list is to tell."""
    ADDED = "added"
    """The CAD said so, or it was seen in the call list."""
    REFUSED = "refused"
    """The CAD said no, and it was not added."""
    FAILED = "failed"
    """Given up; it was not added."""
    UNCONFIRMED = "unconfirmed"
    """Given up; whether it was added is unknown."""
    CANCELLED = "cancelled"
    """Its author or an administrator called it back, or its guild's notes were withdrawn."""

    @property
    def final(self) -> bool:
        """Whether nothing more happens to the note by itself."""
        return self in _FINAL

    @property
    def waiting(self) -> bool:
        """Whether the note is still on its way, so that it counts among the waiting ones."""
        return self in WAITING


RECEIVED_SECONDS = 60.0
"""How long a note in the state RECEIVED holds up others for its call: long enough for another
process to recover it and to ask Discord."""

RETRY_SECONDS = 86_400.0
"""For how long a note that was given up can be taken up again, and is kept for that."""

WAITING = frozenset({NoteState.RECEIVED, NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING})
_FINAL = frozenset(
    {
        NoteState.ADDED,
        NoteState.REFUSED,
        NoteState.FAILED,
        NoteState.UNCONFIRMED,
        NoteState.CANCELLED,
    }
)

TAKEN_UP = frozenset({NoteState.REFUSED, NoteState.FAILED, NoteState.UNCONFIRMED})
"""The final states from which a member can take a note up again, for `RETRY_SECONDS`; for so long
it is kept in any case."""

TRANSITIONS: Mapping[NoteState, frozenset[NoteState]] = MappingProxyType(
    {
        NoteState.HELD: frozenset(),
        NoteState.RECEIVED: frozenset({NoteState.QUEUED, NoteState.SENDING}),
        NoteState.QUEUED: frozenset(
            {NoteState.SENDING, NoteState.FAILED, NoteState.UNCONFIRMED, NoteState.CANCELLED}
        ),
        NoteState.SENDING: frozenset(
            {
                NoteState.ADDED,
                NoteState.REFUSED,
                NoteState.FAILED,
                NoteState.QUEUED,
                NoteState.CHECKING,
                NoteState.UNCONFIRMED,
            }
        ),
        NoteState.CHECKING: frozenset(
            {NoteState.ADDED, NoteState.QUEUED, NoteState.UNCONFIRMED, NoteState.CANCELLED}
        ),
        NoteState.ADDED: frozenset(),
        NoteState.REFUSED: frozenset({NoteState.QUEUED}),
        NoteState.FAILED: frozenset({NoteState.QUEUED}),
        NoteState.UNCONFIRMED: frozenset(
            {NoteState.CHECKING, NoteState.QUEUED, NoteState.CANCELLED}
        ),
        NoteState.CANCELLED: frozenset(),
    }
)
"""From each state, the states a note may move to."""


class InvalidTransitionError(Exception):
    """A transition that the drawing does not have; a fault of the program, never of a user."""

    def __init__(self, origin: NoteState, target: NoteState) -> None:
        super().__init__(f"a note cannot move from {origin} to {target}")


def check_transition(origin: NoteState, target: NoteState) -> None:
    """Raise `InvalidTransitionError` unless a note may move from `origin` to `target`."""
    if target not in TRANSITIONS[origin]:
        raise InvalidTransitionError(origin, target)
