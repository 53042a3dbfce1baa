"""How many equal notes of a call are in the CAD, and may be, as far as the outbox knows.

Kept apart from the notes, which are deleted sooner: only a digest of a note's text remains here.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from sqlalchemy import Connection, bindparam, case, literal, null, select, union_all

from bot.outbox.matching import Explained, fingerprint
from bot.outbox.models import NoteRecord
from bot.outbox.schema import delivery_ledger, is_waiting, notes
from bot.outbox.states import NoteState
from bot.storage import NOW, CompiledStatement, Database
from bot.storage.database import Insert


def unconfirmed_sends_after(record: NoteRecord, target: NoteState) -> int:
    """Return how many sends of the note are open after a transition; see `update_ledger`."""
    match record.state, target:
        case NoteState.SENDING, NoteState.CHECKING:
            return record.unconfirmed_sends + 1
        case (_, NoteState.ADDED) | (NoteState.CHECKING, NoteState.QUEUED):
            return 0
    return record.unconfirmed_sends


def update_ledger(
    connection: Connection,
    insert: Insert,
    record: NoteRecord,
    target: NoteState,
    confirmed_count: int = 1,
) -> None:
    """Count what a note's transition changes, in its transaction.

    `confirmed_count` is how many of its sends are in the CAD when it moves to ADDED. The sends
    that are still open count here while the note is finished, and on the note itself while it
    is not. `insert` is the database's.
    """
    added = confirmed_count if target is NoteState.ADDED else 0
    doubtful = 0
    if target.final and not record.state.final:
        doubtful = record.unconfirmed_sends
        if target is NoteState.ADDED and record.state is NoteState.CHECKING:
            doubtful -= confirmed_count
    elif record.state.final and not target.final:
        doubtful = -record.unconfirmed_sends
    if not added and not doubtful:
        return
    counted = {
        "community": record.community,
        "server_id": record.note.server_id,
        "call_id": record.note.call_id,
        "fingerprint": fingerprint(record.note.label, record.note.text),
        "confirmed": added,
        "unconfirmed": doubtful,
    }
    _addition(insert).execute(connection, counted)


def restore_in_ledger(
    connection: Connection, insert: Insert, older: NoteRecord | None, record: NoteRecord
) -> None:
    """Count what has become of a note since its older row, which is None if it is gone.

    A send since then that stayed open before a later one was answered is not counted, as the
    record has forgotten it.
    """
    if older is None:
        before = replace(record, state=NoteState.QUEUED)
        update_ledger(connection, insert, before, record.state)
        return
    state = older.state
    if state.final:  # it was taken up again; without a send since, it was only looked for
        state = NoteState.CHECKING if older.attempts == record.attempts else NoteState.QUEUED
        update_ledger(connection, insert, older, state)
    if record.state.final:  # it counts by the call and the text that it has now
        added = record.state is NoteState.ADDED  # which has forgotten its open sends
        sends = (older if added else record).unconfirmed_sends
        before = replace(record, state=state, unconfirmed_sends=sends)
        update_ledger(connection, insert, before, record.state)


@functools.cache
def _addition(insert: Insert) -> CompiledStatement:
    """Return the statement that adds to a row of the ledger, or makes it."""
    columns = delivery_ledger.c
    new = insert(delivery_ledger).values(
        {
            column: NOW if column is columns.updated_at else bindparam(column.name)
            for column in columns
        }
    )
    return CompiledStatement(
        new.on_conflict_do_update(
            index_elements=delivery_ledger.primary_key.columns,
            set_={
                "confirmed": columns.confirmed + new.excluded.confirmed,
                "unconfirmed": columns.unconfirmed + new.excluded.unconfirmed,
                "updated_at": NOW,
            },
        )
    )


async def explained(database: Database, record: NoteRecord) -> dict[str, Explained]:
    """Return by fingerprint how many notes of a record's call are, and may be, in the CAD.

    Without the note itself. Another one that is being sent, is to be sent once more, or that
    another process is looking for, counts as one that may be there; those that this process is
    looking for are told apart one after the other. Raises as `Database.run` does.
    """
    delivered = select(
        delivery_ledger.c.fingerprint,
        delivery_ledger.c.confirmed,
        delivery_ledger.c.unconfirmed,
        null().label("label"),
        null().label("text"),
    ).where(
        delivery_ledger.c.community == record.community,
        delivery_ledger.c.server_id == record.note.server_id,
        delivery_ledger.c.call_id == record.note.call_id,
    )
    sending = notes.c.state == NoteState.SENDING.value
    under_way = select(
        null(),
        literal(0),
        notes.c.unconfirmed_sends + case((sending, 1), else_=0),
        notes.c.label,
        notes.c.text,
    ).where(
        notes.c.community == record.community,
        notes.c.server_id == record.note.server_id,
        notes.c.call_id == record.note.call_id,
        notes.c.id != record.id,
        is_waiting(),
        sending
        | ((notes.c.state == NoteState.QUEUED.value) & (notes.c.unconfirmed_sends > 0))
        | (
            (notes.c.state == NoteState.CHECKING.value)
            & notes.c.owner.is_distinct_from(record.owner)
        ),
    )
    # One statement, so that a note which moves meanwhile is seen before or after, not neither.
    both = union_all(delivered, under_way)

    def sums(connection: Connection) -> dict[str, Explained]:
        found: dict[str, Explained] = {}
        for row in connection.execute(both):
            key = row.fingerprint or fingerprint(row.label, row.text)
            known = found.get(key, Explained())
            found[key] = Explained(
                known.confirmed + row.confirmed, known.unconfirmed + row.unconfirmed
            )
        return found

    return await database.run(sums)  # in its thread, as long texts take a while
