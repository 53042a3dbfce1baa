"""How many equal notes of a call are in the CAD, and may be, as far as the outbox knows.

Kept apart from the notes, which are deleted sooner: only a digest of a note's text remains here.
"""

from __future__ import annotations

from sqlalchemy import case, literal, null, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outbox.matching import Explained, fingerprint
from bot.outbox.models import NoteRecord
from bot.outbox.schema import delivery_ledger, notes
from bot.outbox.states import NoteState
from bot.storage import Database


def unconfirmed_sends_after(record: NoteRecord, target: NoteState) -> int:
    """Return how many sends of the note are open after a move; see `count_delivery`."""
    match record.state, target:
        case NoteState.SENDING, NoteState.CHECKING:
            return record.unconfirmed_sends + 1
        case (_, NoteState.ADDED) | (NoteState.CHECKING, NoteState.QUEUED):
            return 0
    return record.unconfirmed_sends


async def count_delivery(
    connection: AsyncConnection,
    database: Database,
    record: NoteRecord,
    target: NoteState,
    confirmed_count: int,
) -> None:
    """Keep count, within a note's move, of what is and may be in the CAD of notes equal to it.

    `confirmed_count` is how many of its sends are in the CAD when it moves to ADDED. The sends that
    are still open count here while the note is finished, and on the note itself while it is not.
    """
    added = confirmed_count if target is NoteState.ADDED else 0
    uncertain = 0
    if target.final and not record.state.final:
        uncertain = record.unconfirmed_sends
        if target is NoteState.ADDED and record.state is NoteState.CHECKING:
            uncertain -= confirmed_count
    elif record.state.final and not target.final:
        uncertain = -record.unconfirmed_sends
    if not added and not uncertain:
        return
    key = {
        "server_id": record.note.server_id,
        "call_id": record.note.call_id,
        "fingerprint": fingerprint(record.note.label, record.note.text),
    }
    counts = delivery_ledger.c
    await connection.execute(
        database.insert_once(delivery_ledger).values(
            **key, confirmed=0, unconfirmed=0, updated_at=database.now
        )
    )
    await connection.execute(
        update(delivery_ledger)
        .where(*(counts[name] == value for name, value in key.items()))
        .values(
            confirmed=counts.confirmed + added,
            unconfirmed=counts.unconfirmed + uncertain,
            updated_at=database.now,
        )
    )


async def explained(database: Database, record: NoteRecord) -> dict[str, Explained]:
    """Return by fingerprint how many notes of a record's call are, and may be, in the CAD.

    Without the note itself. Another one that is being sent, is to be sent once more, or that
    another process is looking for, counts as one that may be there; those that this process is
    looking for are told apart one after the other. Raises as `Database.begin` does.
    """
    delivered = select(
        delivery_ledger.c.fingerprint,
        delivery_ledger.c.confirmed,
        delivery_ledger.c.unconfirmed,
        null().label("label"),
        null().label("text"),
    ).where(
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
        notes.c.server_id == record.note.server_id,
        notes.c.call_id == record.note.call_id,
        notes.c.id != record.id,
        sending
        | ((notes.c.state == NoteState.QUEUED.value) & (notes.c.unconfirmed_sends > 0))
        | (
            (notes.c.state == NoteState.CHECKING.value)
            & notes.c.owner.is_distinct_from(record.owner)
        ),
    )
    found: dict[str, Explained] = {}
    async with database.begin() as connection:
        # One statement, so that a note which moves meanwhile is seen before or after, not neither.
        for row in await connection.execute(union_all(delivered, under_way)):
            key = row.fingerprint or fingerprint(row.label, row.text)
            known = found.get(key, Explained())
            found[key] = Explained(known.added + row.confirmed, known.uncertain + row.unconfirmed)
    return found
