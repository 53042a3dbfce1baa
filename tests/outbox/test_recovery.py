"""Taking over what other processes left, when the database fails."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.observer import Observer
from bot.outbox import NoteRecord, NoteState, OutboxRepository
from bot.outbox.cleanup import LEAST_KEPT_SECONDS
from bot.outbox.leases import Leases
from bot.outbox.recovery import OrphanRecovery
from bot.outbox.rows import row_reader
from bot.outbox.upkeep import Upkeep
from bot.sandbox.sonoran import SonoranServer
from bot.storage import Database, StorageUnavailableError
from bot.timing import end_tasks
from tests.loop_clock import let_pass
from tests.outbox.parts import leases_of, repository_of
from tests.outbox.workers import Worker, in_state, working
from tests.timing import PATIENCE, QUICK


class Unconfirmed(Leases):
    """Takes over without hearing of it, the first time."""

    heard = False

    async def claim_orphans(
        self, limit: int, *, include_own: bool = False, behind: int = 0
    ) -> tuple[list[NoteRecord], float]:
        taken = await super().claim_orphans(limit, include_own=include_own, behind=behind)
        if not self.heard:
            self.heard = True
            raise StorageUnavailableError("the connection broke")
        return taken


async def test_notes_that_were_taken_over_unconfirmed_are_looked_after_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(repository_of(database, "one"), NoteState.CHECKING)
    leases = Unconfirmed(database, "two", row_reader(), timing=QUICK)
    await leases.register()
    deliveries = Worker(database, cad, session).outbox.deliveries
    told: list[int] = []
    recovery = OrphanRecovery(
        deliveries,
        leases,
        repository_of(database, "two"),
        limit=100,
        changed=lambda found: told.append(found.id),
        timing=QUICK,
    )
    with pytest.raises(StorageUnavailableError):
        await recovery.recover()
    for _ in range(3):
        await recovery.recover()
    assert told == [record.id]
    assert deliveries.item(record) is not None


async def test_no_communitys_notes_are_recovered_later_for_the_number_of_anothers(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    gone = repository_of(database, "gone")
    many = [await in_state(gone, NoteState.QUEUED, f"note {number}") for number in range(7)]
    behind = await in_state(gone, NoteState.QUEUED, "theirs", community="second")
    leases = leases_of(database, "two")
    await leases.register()
    deliveries = Worker(database, cad, session).outbox.deliveries
    store = repository_of(database, "two")
    recovery = OrphanRecovery(deliveries, leases, store, 3, lambda _: None, QUICK)
    await recovery.recover()
    assert all(map(deliveries.item, [*many, behind]))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_to_try_the_storage_before_the_lease_is_taken_puts_no_recovery_off(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """A lease that is new would count as one that was over, after which others are given time."""
    left = await in_state(repository_of(database, "gone"), NoteState.QUEUED)
    worker = Worker(database, cad, session, lease_timeout=2 * PATIENCE)
    await worker.outbox.try_storage()
    async with working(worker):
        await worker.became(left, NoteState.ADDED)


class Refusing(OutboxRepository):
    """Makes no transition."""

    refused = 0

    async def transition(self, *_: Any, **__: Any) -> NoteRecord:
        self.refused += 1
        raise StorageUnavailableError("the row is locked")


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_the_lease_is_kept_while_a_note_that_was_taken_over_cannot_be_stored(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    await in_state(repository_of(database, "gone"), NoteState.SENDING)
    leases, store = (
        leases_of(database, "two", QUICK),
        Refusing(database, "two", observer=Observer(), kept_seconds=LEAST_KEPT_SECONDS),
    )
    outbox = Worker(database, cad, session).outbox
    recovery = OrphanRecovery(
        outbox.deliveries, leases, store, limit=100, changed=lambda _: None, timing=QUICK
    )
    running = asyncio.create_task(Upkeep(leases, recovery, outbox.member_actions, QUICK).run())
    await let_pass(2 * QUICK.lease_timeout)
    assert leases.held
    assert store.refused > 1
    await end_tasks({running})
