"""The outbox of notes in the database: each transition of a note is one transaction here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, delete, select, update

from bot.observer import Observer
from bot.outbox import stored_failure
from bot.outbox.acceptance import accept
from bot.outbox.capacity import COUNT_WAITING, check_room
from bot.outbox.errors import OutOfOrderError, StaleRevisionError, TooOldError
from bot.outbox.ledger import unconfirmed_sends_after, update_ledger
from bot.outbox.models import Acknowledgement, NewNote, NoteRecord
from bot.outbox.order import Positions
from bot.outbox.restoration import restore
from bot.outbox.rows import record_of, row_reader
from bot.outbox.schema import is_waiting, notes
from bot.outbox.shared_rate_limit import count_send
from bot.outbox.states import TAKEN_UP, NoteState, check_transition
from bot.outbox.transition_statement import transition_statement
from bot.storage import CompiledStatement, Database


class OutboxRepository:
    """Stores notes and their transitions, as the process `owner`.

    `observer` is told of every transition to a final state; `kept_seconds` is how long finished
    notes are kept at least.

    A transition is made only from the very revision that the caller knows, so two processes, or a
    process and a member, can never both make one; made again after a lost confirmation it counts
    as made, except for one to SENDING, of which no one can tell who made it. Every method
    raises as `Database.run` does.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        *,
        observer: Observer,
        kept_seconds: float,
    ) -> None:
        self._database = database
        self._observer = observer
        self._kept_seconds = kept_seconds
        self.owner = owner
        self.rows = row_reader()
        self.positions = Positions()
        self._shared = database.address.path is None  # a SQLite file has one process at a time

    async def accept(
        self, new: NewNote, *, waiting_limit: int, instead_of: int | None = None
    ) -> tuple[NoteRecord, float | None]:
        """Store a new note as RECEIVED, or as HELD when it repeats one.

        It repeats one that its member has just sent, or one made of the same message. Returns the
        record and, for a repeated note, how many seconds ago the other one came.
        `instead_of` is a held note that its member wants added after all: it goes, and the new one
        is taken as it is. Raises `DuplicateInteractionError` when the interaction's note is there
        already, `StaleRevisionError` when the held one no longer is, and `OutboxFullError` without
        room among `waiting_limit`, as `check_room` shares it.
        """
        accepted = await self._database.run(
            accept, new, self.owner, self.positions, waiting_limit, instead_of
        )
        self.positions.confirm(accepted[0].position)
        return accepted

    async def get(self, note_id: int) -> NoteRecord | None:
        """Return a note by its id, None when it is not in the outbox (any more)."""
        return await self._database.run(self._get, note_id)

    def _get(self, connection: Connection, note_id: int) -> NoteRecord | None:
        found = self.rows.read(_GET.rows(connection, {"note": note_id}))
        return found[0] if found else None

    async def discard(self, note_id: int) -> bool:
        """Delete a note of this process that was never acknowledged, or a held one.

        Returns whether there was one.
        """
        states = [NoteState.RECEIVED.value, NoteState.HELD.value]
        unacknowledged = delete(notes).where(
            notes.c.id == note_id, notes.c.state.in_(states), notes.c.owner == self.owner
        )
        return await self._database.run(lambda c: bool(c.execute(unacknowledged).rowcount))

    async def transition(
        self,
        record: NoteRecord,
        target: NoteState,
        *,
        acknowledgement: Acknowledgement | None = None,
        failure: stored_failure.Failure | None = None,
        answer: str | None = None,
        confirmed_count: int = 1,
        per_minute: int | None = None,
    ) -> NoteRecord:
        """Make a transition of a note of this process, and return what it is then.

        `acknowledgement` is stored with a note in the state RECEIVED, and ignored for others.
        `failure` and `answer` are what is known of its outcome; `confirmed_count` says how many of
        its sends are in the CAD, for one to ADDED. `per_minute` is how many notes of its community
        all processes together may send, for one to SENDING; None is not to count it.

        Raises `StaleRevisionError` when the note is not at `record`'s revision any more,
        `OutOfOrderError` instead of letting it overtake another note for its call, `RateUsedError`
        instead of sending more than `per_minute`, and `InvalidTransitionError` for one that the
        states do not have.
        """
        values: dict[str, Any] = {
            "failure": stored_failure.dump_failure(failure),
            "answer": _storable(answer),
        }
        if acknowledgement is not None and record.state is NoteState.RECEIVED:
            values["message_id"] = acknowledgement.message_id
            if acknowledgement.text is not None:
                values["text"] = acknowledgement.text
        return await self._make(
            record, target, values, confirmed_count=confirmed_count, per_minute=per_minute
        )

    async def member_transition(
        self,
        record: NoteRecord,
        target: NoteState,
        message: tuple[int, str | None] | None,
        *,
        waiting_limit: int,
        call_id: int | None = None,
    ) -> NoteRecord:
        """Make a transition for a member, whichever process owns the note, and return it then.

        `message` is Discord's message for it and the token that can edit it, where they are new;
        `call_id` is the call for which it is from now on, if another one. A note that was given up
        and is queued anew goes behind all others of its call; any other has the place in which it
        was accepted.

        Raises as `transition`, `OutboxFullError` without room among `waiting_limit`, and
        `TooOldError` for a note that was given up long ago.
        """
        failure = None if target is NoteState.QUEUED else record.failure
        values: dict[str, Any] = {
            "failure": stored_failure.dump_failure(failure),
            "answer": None,
        }
        if call_id is not None:
            values["call_id"] = call_id
        if message is not None:
            values["message_id"], values["token"] = message
        return await self._make(record, target, values, any_owner=True, waiting_limit=waiting_limit)

    async def _make(
        self, record: NoteRecord, target: NoteState, values: dict[str, Any], **options: Any
    ) -> NoteRecord:
        made = await self._database.run(self._transition, record, target, values, **options)
        self.positions.confirm(made.position)
        if made.state.final:
            seconds = max(0.0, made.updated_at - made.round_started_at)
            self._observer.note_finished(made.state.value, seconds)
        return made

    def _transition(
        self,
        connection: Connection,
        record: NoteRecord,
        target: NoteState,
        values: dict[str, Any],
        *,
        confirmed_count: int = 1,
        any_owner: bool = False,
        waiting_limit: int | None = None,
        per_minute: int | None = None,
    ) -> NoteRecord:
        check_transition(record.state, target)
        if target is NoteState.QUEUED and record.state in TAKEN_UP:  # behind all others
            values = {**values, "position": self.positions.next(connection)}
        found = transition_statement(record.state, target, values, any_owner=any_owner).rows(
            connection,
            {
                **values,
                "note": record.id,
                "known": record.revision,
                "me": self.owner,
                "community": record.community,
                "server": record.note.server_id,
                "call": record.note.call_id,
                "target": target.value,
                "place": record.position,
                "open_sends": unconfirmed_sends_after(record, target),
                "tries": record.attempts + (target is NoteState.SENDING),
            },
        )
        if not found:
            return self._not_made(connection, record, target, any_owner=any_owner)
        if waiting_limit is not None and target.waiting:
            member = {
                "community": record.community,
                "guild_id": record.guild_id,
                "member_id": record.member_id,
            }
            [waiting] = COUNT_WAITING.rows(connection, member)
            check_room(*(count - 1 for count in waiting), limit=waiting_limit)
        if per_minute is not None and self._shared:
            count_send(connection, record.community, per_minute=per_minute)
        update_ledger(connection, self._database.insert, record, target, confirmed_count)
        return record_of(found[0])

    def _not_made(
        self, connection: Connection, record: NoteRecord, target: NoteState, *, any_owner: bool
    ) -> NoteRecord:
        now = self._get(connection, record.id)
        if any_owner and now is not None and now.revision == record.revision:
            raise TooOldError
        if now is not None and now.owner == self.owner:
            made = now.revision == record.revision + 1 and now.state is target
            # Another process may have had the note, sent it and ended: that is not to be repeated.
            if made and target is not NoteState.SENDING:
                return now  # with the confirmation lost
            if now.revision == record.revision and target is NoteState.SENDING:
                raise OutOfOrderError
        raise StaleRevisionError(now)

    async def restore(self, record: NoteRecord) -> bool:
        """Store a note of this process as it is known, over an older row or where there is none.

        A row that has gone on, or that another process has on its way, stays as it is. Returns
        False where there is none and the record is so old that another process may have finished
        the note, and it was deleted since.
        """
        return await self._database.run(self._restore, record)

    def _restore(self, connection: Connection, record: NoteRecord) -> bool:
        self.positions.check(connection)  # else this note's own place would hide that
        return restore(
            connection,
            self._database.insert,
            self._get(connection, record.id),
            record,
            owner=self.owner,
            kept_seconds=self._kept_seconds,
        )

    async def unfinished(self) -> dict[int, int]:
        """Return the revision of each note of this process that is on its way.

        `positions` tells afterwards whether the database has become older.
        """
        return await self._database.run(self._unfinished)

    def _unfinished(self, connection: Connection) -> dict[int, int]:
        self.positions.check(connection)
        rows = connection.execute(_UNFINISHED, {"me": self.owner})
        return {row.id: row.revision for row in rows}

    async def finished(self, note_ids: Sequence[int]) -> dict[int, int]:
        """Return the revision of each of these notes that is not on its way, whoever had it."""
        same = notes.c.id.in_(note_ids)
        query = select(notes.c.id, notes.c.revision).where(same, ~is_waiting())
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return {row.id: row.revision for row in rows}

    async def set_message(self, record: NoteRecord, message_id: int) -> None:
        """Note that another Discord message shows the note from now on."""
        same = notes.c.id == record.id
        await self._database.execute(update(notes).where(same).values(message_id=message_id))


_GET = CompiledStatement(select(notes).where(notes.c.id == bindparam("note", type_=BigInteger)))
_UNFINISHED = select(notes.c.id, notes.c.revision).where(
    notes.c.owner == bindparam("me", type_=notes.c.owner.type),
    is_waiting(),
)


def _storable(text: str | None) -> str | None:
    """Return a text of the CAD without what PostgreSQL does not take: U+0000, half an emoji."""
    return None if text is None else text.encode(errors="replace").decode().replace("\0", "\ufffd")
