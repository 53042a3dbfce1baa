"""Looks back at a guild's notes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from bot.outbox.models import NoteRecord
from bot.outbox.schema import notes
from bot.outbox.states import NoteState
from bot.storage import Database
from bot.storage.readable_rows import ReadableRows


@dataclass(eq=False, repr=False, slots=True)
class NoteHistory:
    """All guilds' notes; `kept` is whether finished ones are kept for looking back."""

    database: Database
    rows: ReadableRows[NoteRecord]
    kept: bool

    async def latest(
        self,
        guild_id: int,
        *,
        call_id: int | None = None,
        member_id: int | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[NoteRecord]:
        """Return a guild's latest notes, the newest first, at most `limit`.

        Only those of a call or member where these are given; `before` is the position of a note
        from which to go further back. Raises as `Database.run` does.
        """
        unaccepted = [NoteState.HELD.value, NoteState.RECEIVED.value]
        query = select(notes).where(notes.c.guild_id == guild_id, notes.c.state.not_in(unaccepted))
        if call_id is not None:
            query = query.where(notes.c.call_id == call_id)
        if member_id is not None:
            query = query.where(notes.c.member_id == member_id)
        if before is not None:
            query = query.where(notes.c.position < before)
        query = query.order_by(notes.c.position.desc()).limit(limit)
        rows = await self.database.run(lambda connection: connection.execute(query).all())
        return self.rows.read(rows)
