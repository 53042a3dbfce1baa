"""Stores a note again that the database lost, or has as it was before.

When that is done: "A database that has become older" in docs/development.md.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from bot.outbox.ledger import restore_in_ledger
from bot.outbox.matching import fingerprint
from bot.outbox.models import NoteRecord
from bot.outbox.order import continue_behind
from bot.outbox.rows import values_of
from bot.outbox.schema import notes
from bot.storage import NOW
from bot.storage.database import Insert


def restore(
    connection: Connection,
    insert: Insert,
    older: NoteRecord | None,
    record: NoteRecord,
    *,
    owner: str,
    kept_seconds: float,
) -> bool:
    """Store a note of the process `owner` over its `older` row; see `OutboxRepository.restore`."""
    now: float = connection.execute(select(NOW)).scalar_one()
    if older is None and now - record.updated_at >= kept_seconds:
        return False
    if older is not None and (
        older.revision >= record.revision or (older.owner != owner and not older.state.final)
    ):
        return True
    values = values_of(record, fingerprint(record.note.label, record.note.text))
    connection.execute(insert(notes).on_conflict_do_nothing(), values)
    if older is not None:
        del values["fingerprint"]
        same = (notes.c.id == record.id) & (notes.c.revision == older.revision)
        if not connection.execute(update(notes).where(same).values(values)).rowcount:
            return True
    restore_in_ledger(connection, insert, older, record)
    continue_behind(connection, record.position)
    return True
