"""Records, in the bot's own database, every state that a row of the outbox takes.

It is for choosing when to kill, and for telling afterwards what happened; it decides nothing.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, text

from bot.storage import Database, DatabaseUrl

_TABLE = "CREATE TABLE witness (number {serial}, note BIGINT, state VARCHAR(16), tries INTEGER)"
_SERIALS = {"SQLite": "INTEGER PRIMARY KEY", "PostgreSQL": "BIGSERIAL PRIMARY KEY"}
_INSERT = "INSERT INTO witness (note, state, tries) VALUES (new.id, new.state, new.attempts);"
_TRIGGERS = {
    "SQLite": [
        f"CREATE TRIGGER witness_{event.split()[0]} AFTER {event} ON notes BEGIN {_INSERT} END"
        for event in ("INSERT", "UPDATE OF state")
    ],
    "PostgreSQL": [
        f"""CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN {_INSERT} RETURN NULL; END $$""",
        """CREATE TRIGGER witness AFTER INSERT OR UPDATE OF state ON notes
        FOR EACH ROW EXECUTE FUNCTION witness()""",
    ],
}
_LOOK_SECONDS = 0.002
"""How exactly a moment to kill at is met."""

_QUIET_SECONDS = 0.05


class Witness:
    """A look at one database; `prepare` comes first, before any bot uses it."""

    def __init__(self, address: DatabaseUrl) -> None:
        self._address = address
        self._database = Database(address, seconds=30.0)

    async def prepare(self) -> None:
        """Make the bot's tables and what writes the states down."""
        kind = self._address.kind
        maker = Database(self._address, seconds=30.0)
        await maker.open()
        await maker.execute(text(_TABLE.format(serial=_SERIALS[kind])), *map(text, _TRIGGERS[kind]))
        await maker.close()
        await self._database.open(shared=True)

    async def close(self) -> None:
        await self._database.close()

    async def reached(self, state: str) -> None:
        """Wait until a row newly takes a state."""
        last = await self._number("SELECT coalesce(max(number), 0) FROM witness")
        query = "SELECT count(*) FROM witness WHERE number > :last AND state = :state"
        while not await self._number(query, last=last, state=state):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)

    async def settled(self) -> None:
        """Wait until there is nothing left to do about any note."""
        query = "SELECT count(*) FROM notes WHERE NOT settled AND state <> 'held'"
        while await self._number(query):  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(_QUIET_SECONDS)

    async def owners(self) -> set[str]:
        """Return the processes that the outbox knows."""
        return await self._database.run(lambda c: set(c.scalars(text("SELECT id FROM leases"))))

    async def forget_processes(self, living: set[str]) -> None:
        """Let the claims of all other processes lapse at once instead of after 24 seconds."""
        await self._database.execute(
            *(
                text("DELETE FROM leases WHERE id = :owner").bindparams(owner=owner)
                for owner in await self.owners() - living
            )
        )

    async def history(self, note_id: int) -> str:
        """Return the states that a note's row took, and how the row is now."""
        return await self._database.run(_history, note_id)

    async def _number(self, query: str, **values: int | str) -> int:
        return await self._database.run(lambda c: int(c.execute(text(query), values).scalar_one()))


def _history(connection: Connection, note_id: int) -> str:
    states = connection.execute(
        text("SELECT state, tries FROM witness WHERE note = :note ORDER BY number"),
        {"note": note_id},
    )
    way = " ".join(f"{row.state}({row.tries})" for row in states)
    rows = connection.execute(
        text(
            "SELECT position, state, unconfirmed_sends, attempts, revision, shown, "
            "settled, failure FROM notes WHERE id = :note"
        ),
        {"note": note_id},
    )
    return f"{way}; now {[tuple(row) for row in rows]}"
