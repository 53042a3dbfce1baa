"""A row of the notes table as a record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.journal import causes
from bot.journal.record import NoteRecord
from bot.journal.states import NoteState
from bot.sonoran import CallNote


def record_of(row: Row[Any]) -> NoteRecord:
    """Return a row of the notes table as a record."""
    return NoteRecord(
        id=row.id,
        position=row.position,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        message_id=row.message_id,
        member_id=row.member_id,
        member_name=row.member_name,
        token=row.token,
        note=CallNote(row.server_id, row.call_id, row.text, row.label),
        state=NoteState(row.state),
        cause=causes.read(row.cause),
        answer=row.answer,
        uncertain=row.uncertain,
        tries=row.tries,
        accepted_at=row.accepted_at,
        since=row.since,
        updated_at=row.updated_at,
        revision=row.revision,
        shown=row.shown,
        logged=row.logged,
        owner=row.owner,
    )
