"""A row of the notes table as a record, and the other way round."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.outbox import stored_failure
from bot.outbox.models import NoteRecord
from bot.outbox.states import NoteState
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
        failure=stored_failure.load_failure(row.failure),
        answer=row.answer,
        unconfirmed_sends=row.unconfirmed_sends,
        attempts=row.attempts,
        accepted_at=row.accepted_at,
        round_started_at=row.round_started_at,
        updated_at=row.updated_at,
        revision=row.revision,
        shown=row.shown,
        logged=row.logged,
        owner=row.owner,
    )


def values_of(record: NoteRecord, fingerprint: str) -> dict[str, Any]:
    """Return the columns' values for a new record.

    `fingerprint` is that of the text as its member typed it, by which a repetition is noticed.
    """
    return {
        "id": record.id,
        "position": record.position,
        "guild_id": record.guild_id,
        "channel_id": record.channel_id,
        "message_id": record.message_id,
        "member_id": record.member_id,
        "member_name": record.member_name,
        "token": record.token,
        "server_id": record.note.server_id,
        "call_id": record.note.call_id,
        "label": record.note.label,
        "text": record.note.text,
        "fingerprint": fingerprint,
        "state": record.state.value,
        "failure": stored_failure.dump_failure(record.failure),
        "answer": record.answer,
        "unconfirmed_sends": record.unconfirmed_sends,
        "attempts": record.attempts,
        "accepted_at": record.accepted_at,
        "round_started_at": record.round_started_at,
        "updated_at": record.updated_at,
        "revision": record.revision,
        "shown": record.shown,
        "logged": record.logged,
        "settled": False,
        "owner": record.owner,
    }
