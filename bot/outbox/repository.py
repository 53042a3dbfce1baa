"""The outbox of notes in the database: every move of a note is one transaction here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outbox import stored_failure
from bot.outbox.acceptance import before_accepting, first_record, what_to_ask
from bot.outbox.ledger import count_delivery, unconfirmed_sends_after
from bot.outbox.matching import fingerprint
from bot.outbox.models import NewNote, NoteRecord
from bot.outbox.order import another_ahead_of, goes_behind, next_position
from bot.outbox.rows import record_of, values_of
from bot.outbox.schema import notes
from bot.outbox.states import RETRY_SECONDS, WAITING, NoteState, check_transition
from bot.sonoran import SonoranError
from bot.storage import Database


class DuplicateInteractionError(Exception):
    """The interaction's note is in the outbox already: another instance of Callnote has it."""


class OutboxFullError(Exception):
    """`limit` notes are waiting already, so nothing was accepted."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} notes are waiting")
        self.limit = limit


class StaleRevisionError(Exception):
    """The note is not where it was, so the move was not made.

    `record` is what it is now, None when it is gone.
    """

    def __init__(self, record: NoteRecord | None) -> None:
        super().__init__("the note has moved on")
        self.record = record


class TooOldError(Exception):
    """The note was given up more than `RETRY_SECONDS` ago, so it is not taken up again."""


class OutOfOrderError(Exception):
    """An earlier note for the same call is still on its way."""


class OutboxRepository:
    """Writes notes down and moves them, as the process `owner`.

    A move is made only from the very revision that the caller knows, so two processes, or a
    process and a button, can never both make one; made again after a lost confirmation it counts
    as made, except for a move to SENDING, of which nobody could tell who made it. Every method
    raises as `Database.begin` does.
    """

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self.owner = owner
        self._before_accepting = before_accepting(database.now)

    async def accept(
        self, new: NewNote, *, waiting_limit: int, instead_of: int | None = None
    ) -> tuple[NoteRecord, float | None]:
        """Write a new note down as RECEIVED, or as HELD when it repeats one just sent.

        Returns the record and, for a repeated note, how many seconds ago the other one came.
        `instead_of` is a held note that its member wants added after all: it goes, and the new one
        is taken as it is. Raises `DuplicateInteractionError` when the interaction's note is there
        already (or the held one no longer is) and `OutboxFullError` at `waiting_limit`.
        """
        key = fingerprint(new.note.label, new.note.text)
        async with self._database.begin() as connection:
            position = await next_position(connection)
            found = (
                await connection.execute(
                    self._before_accepting,
                    what_to_ask(new, key),
                )
            ).one()
            if found.taken:
                raise DuplicateInteractionError
            if found.waiting >= waiting_limit:
                raise OutboxFullError(waiting_limit)
            ago = None if found.ago is None else max(0.0, found.ago)
            if instead_of is not None:
                ago = None
                held = (notes.c.id == instead_of) & (notes.c.state == NoteState.HELD.value)
                if not (await connection.execute(delete(notes).where(held))).rowcount:
                    raise DuplicateInteractionError
            state = NoteState.RECEIVED if ago is None else NoteState.HELD
            record = first_record(new, state, position, found.now, self.owner)
            await connection.execute(notes.insert(), values_of(record, key))
        return record, ago

    async def get(self, note_id: int) -> NoteRecord | None:
        """Return a note by its id, None when it is not in the outbox (any more)."""
        async with self._database.begin() as connection:
            return await _get(connection, note_id)

    async def withdraw(self, note_id: int) -> bool:
        """Forget a note of this process that Discord never let us promise, or a held one.

        Returns whether there was one.
        """
        states = [NoteState.RECEIVED.value, NoteState.HELD.value]
        async with self._database.begin() as connection:
            withdrawn = await connection.execute(
                delete(notes).where(
                    notes.c.id == note_id,
                    notes.c.state.in_(states),
                    notes.c.owner == self.owner,
                )
            )
            return bool(withdrawn.rowcount)

    async def transition(
        self,
        record: NoteRecord,
        target: NoteState,
        *,
        failure: SonoranError | None = None,
        answer: str | None = None,
        confirmed_count: int = 1,
        message: tuple[int, str | None] | None = None,
        text: str | None = None,
        take: bool = False,
        waiting_limit: int | None = None,
    ) -> NoteRecord:
        """Move a note on and return what it is then.

        `failure` and `answer` are what is known of its outcome; `confirmed_count` says how many of
        its sends are in the CAD, for a move to ADDED. `message` is Discord's message for it and the
        token that can edit it, and `text` what is to be sent, where they are new. `take` lets a
        note be moved that another process owns, as a button does. A note that was given up and is
        queued anew goes behind all others of its call; any other has the place in which it was
        accepted.

        Raises `StaleRevisionError` when the note is not at `record`'s revision any more,
        `OutOfOrderError` instead of letting it overtake another note for its call,
        `OutboxFullError` when more than `waiting_limit` notes would wait then, `TooOldError` for
        one that was given up long ago, and
        `InvalidTransitionError` for a move that the states do not have.
        """
        check_transition(record.state, target)
        async with self._database.begin() as connection:
            values: dict[str, Any] = {
                "state": target.value,
                "failure": stored_failure.dump_failure(failure),
                "answer": _storable(answer),
                "unconfirmed_sends": unconfirmed_sends_after(record, target),
                "updated_at": self._database.now,
                "revision": record.revision + 1,
                "settled": False,
                "owner": self.owner,
            }
            if target is NoteState.SENDING:
                values["attempts"] = record.attempts + 1
            if message is not None:
                values["message_id"], values["token"] = message
            if text is not None:
                values["text"] = text
            if _starts_anew(record.state, target):
                values["round_started_at"] = self._database.now
            if target is NoteState.QUEUED and goes_behind(record.state):
                values["position"] = await next_position(connection)
            still = [notes.c.id == record.id, notes.c.revision == record.revision]
            if not take:
                still.append(notes.c.owner == self.owner)
            if record.state.final and target.waiting:
                still.append(notes.c.updated_at > self._database.now - RETRY_SECONDS)
            if target is NoteState.SENDING:
                still.append(~another_ahead_of(record, self._database.now))
            moved = await connection.execute(
                update(notes).where(*still).values(values).returning(*notes.c)
            )
            row = moved.one_or_none()
            if row is None:
                return await self._not_transitioned(connection, record, target, take=take)
            if waiting_limit is not None and await _waiting(connection) > waiting_limit:
                raise OutboxFullError(waiting_limit)
            await count_delivery(connection, self._database, record, target, confirmed_count)
            return record_of(row)

    async def _not_transitioned(
        self, connection: AsyncConnection, record: NoteRecord, target: NoteState, *, take: bool
    ) -> NoteRecord:
        now = await _get(connection, record.id)
        if take and now is not None and now.revision == record.revision:
            raise TooOldError
        if now is not None and now.owner == self.owner:
            made = now.revision == record.revision + 1 and now.state is target
            # Another process may have had the note, sent it and ended: that is not to be repeated.
            if made and target is not NoteState.SENDING:
                return now  # with the confirmation lost
            if now.revision == record.revision and target is NoteState.SENDING:
                raise OutOfOrderError
        raise StaleRevisionError(now)

    async def mark(self, record: NoteRecord, *, shown: bool, logged: bool) -> None:
        """Note that Discord shows, and the log channel has, the record's revision."""
        values: dict[str, Any] = {}
        if shown:
            values["shown"] = record.revision
        if logged:
            values["logged"] = record.revision
        if shown and logged and record.state.final:
            values["settled"] = True
        same = (notes.c.id == record.id) & (notes.c.revision == record.revision)
        async with self._database.begin() as connection:
            await connection.execute(update(notes).where(same).values(values))

    async def set_message(self, record: NoteRecord, message_id: int) -> None:
        """Note that another Discord message shows the note from now on."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(notes).where(notes.c.id == record.id).values(message_id=message_id)
            )

    async def history(
        self,
        guild_id: int,
        *,
        call_id: int | None = None,
        member_id: int | None = None,
        before: int | None = None,
        limit: int = 10,
    ) -> list[NoteRecord]:
        """Return a guild's latest notes, the newest first, at most `limit`.

        Only those of a call or member where these are given; `before` is the position of a note
        from which to go further back.
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
        async with self._database.begin() as connection:
            return [record_of(row) for row in await connection.execute(query)]


async def _waiting(connection: AsyncConnection) -> int:
    waiting = notes.c.state.in_([state.value for state in WAITING])
    return int((await connection.execute(select(func.count()).where(waiting))).scalar_one())


async def _get(connection: AsyncConnection, note_id: int) -> NoteRecord | None:
    row = (await connection.execute(select(notes).where(notes.c.id == note_id))).one_or_none()
    return None if row is None else record_of(row)


def _storable(text: str | None) -> str | None:
    """Return a text of the CAD without what PostgreSQL does not take: U+0000, half an emoji."""
    return None if text is None else text.encode(errors="replace").decode().replace("\0", "\ufffd")


def _starts_anew(origin: NoteState, target: NoteState) -> bool:
    """Whether the move begins a new round of tries, with its own time."""
    return origin in (NoteState.RECEIVED, NoteState.FAILED, NoteState.UNCONFIRMED) and target in (
        NoteState.QUEUED,
        NoteState.CHECKING,
    )
