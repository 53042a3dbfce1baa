"""Records as the outbox gives them, for tests that need none of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.notes.texts import content_of
from bot.outbox import NoteRecord, NoteState, failure_of
from bot.sonoran import CallNote, SonoranError

TOLD = [
    NoteState.QUEUED,
    NoteState.CHECKING,
    NoteState.ADDED,
    NoteState.REFUSED,
    NoteState.FAILED,
    NoteState.UNCONFIRMED,
    NoteState.CANCELLED,
]
"""The states that a note's message tells."""


def record(**fields: Any) -> NoteRecord:
    """Return a queued note with some fields as given."""
    usual: dict[str, Any] = {
        "id": 5,
        "position": 1,
        "guild_id": 1,
        "channel_id": 2,
        "message_id": 3,
        "member_id": 4,
        "member_name": "dana",
        "token": "interaction-token",
        "note": CallNote(server_id=1, call_id=123, text="Suspect fled", label="Anna"),
        "state": NoteState.QUEUED,
        "owner": None,
        "accepted_at": 0.0,
        "round_started_at": 0.0,
        "updated_at": 0.0,
        "revision": 2,
    }
    return NoteRecord(**{**usual, **fields})


def with_outcome(
    state: NoteState,
    cause: SonoranError | None = None,
    text: str = "Suspect fled",
    *,
    answer: str | None = None,
    unconfirmed: int = 0,
) -> NoteRecord:
    """Return a note that was sent once, with what became of it."""
    usual = record(attempts=1)
    return replace(
        usual,
        state=state,
        failure=None if cause is None else failure_of(cause),
        note=replace(usual.note, text=text),
        answer=answer,
        unconfirmed_sends=unconfirmed,
    )


def said(state: NoteState, cause: SonoranError | None = None, text: str = "Suspect fled") -> str:
    """Return what the message of such a note says."""
    content = content_of(with_outcome(state, cause, text))
    assert content is not None
    return content
