"""Records as the outbox gives them, for tests that need none of it."""

from __future__ import annotations

from typing import Any

from bot.outbox import NoteRecord, NoteState
from bot.sonoran import CallNote


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
