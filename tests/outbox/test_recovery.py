"""Taking over what other processes left, when the database's confirmation is lost."""

from __future__ import annotations

import aiohttp
import pytest

from bot.outbox import JournalStore, NoteRecord, NoteState
from bot.outbox.circuit_breaker import Line
from bot.outbox.leases import Custody
from bot.outbox.recovery import TakeOver
from bot.outbox.work_queue import Desk, Tracked
from bot.sandbox.sonoran import SonoranServer
from bot.storage import Database, StorageUnavailableError
from tests import database as databases
from tests.outbox import workers
from tests.outbox.workers import Office, in_state

engine = databases.engine
address = databases.address
database = databases.database
cad = workers.cad
session = workers.session


class Unconfirmed(Custody):
    """Takes over without hearing of it, the first time."""

    heard = False

    async def take_over(self, limit: int, *, again: bool = False) -> tuple[list[NoteRecord], float]:
        taken = await super().take_over(limit, again=again)
        if not self.heard:
            self.heard = True
            raise StorageUnavailableError("the connection broke")
        return taken


async def test_notes_that_were_taken_over_unconfirmed_are_looked_after_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(JournalStore(database, "one"), NoteState.QUEUED)
    custody = Unconfirmed(database, "two")
    await custody.enter()
    desk = Desk()
    tracked: list[int] = []

    def track(found: NoteRecord, age: float) -> None:
        tracked.append(found.id)
        desk.put(Tracked(found, since=age, deadline=60.0), found)

    take_over = TakeOver(
        desk,
        custody,
        JournalStore(database, "two"),
        Line(Office(database, cad, session).client, longest_pause=1.0),
        limit=100,
        track=track,
        changed=lambda _: None,
    )
    with pytest.raises(StorageUnavailableError):
        await take_over.all_left()
    for _ in range(3):
        await take_over.all_left()
    assert tracked == [record.id]
