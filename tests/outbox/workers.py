"""An outbox on a real database and its delivery to the simulator of the CAD, without Discord."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Executable, update

from bot.observer import Observer
from bot.outbox import (
    HOST,
    Limits,
    NewNote,
    NoteRecord,
    NoteState,
    OutboxRepository,
    OutboxWorker,
    WaitingNotes,
)
from bot.outbox.matching import fingerprint
from bot.outbox.models import Acknowledgement
from bot.outbox.rows import values_of
from bot.outbox.schema import notes
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import ApiVersion, CallNote, Credentials, SonoranClient, Transport
from bot.storage import Database
from tests import timing
from tests.loop_clock import idle
from tests.world import PATIENCE

KEY = "outbox-key"
LABEL = "Dana D-2"
QUICK = Limits(
    notes_per_minute=60_000,
    notes_burst=1000,
    call_reads_per_minute=600,
    settle_seconds=0.3,
    give_up_seconds=30.0,
    longest_pause_seconds=0.1,
)
"""Limits with which a test need not wait; what takes a minute takes a moment."""

WAYS: dict[NoteState, tuple[NoteState, ...]] = {
    NoteState.RECEIVED: (),
    NoteState.QUEUED: (NoteState.QUEUED,),
    NoteState.SENDING: (NoteState.QUEUED, NoteState.SENDING),
    NoteState.CHECKING: (NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING),
    NoteState.ADDED: (NoteState.QUEUED, NoteState.SENDING, NoteState.ADDED),
    NoteState.REFUSED: (NoteState.QUEUED, NoteState.SENDING, NoteState.REFUSED),
    NoteState.FAILED: (NoteState.QUEUED, NoteState.FAILED),
    NoteState.UNCONFIRMED: (
        NoteState.QUEUED,
        NoteState.SENDING,
        NoteState.CHECKING,
        NoteState.UNCONFIRMED,
    ),
    NoteState.CANCELLED: (NoteState.QUEUED, NoteState.CANCELLED),
}
"""The shortest way to each state that an accepted note can be in."""

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For what the repository does alike on both engines, as the tests of its rows show."""

_ids = itertools.count(1_000)


class Worker:
    """One process's delivery, with everything it told of; `others` are communities by name."""

    def __init__(
        self,
        database: Database,
        cad: SonoranServer,
        session: aiohttp.ClientSession,
        limits: Limits = QUICK,
        version: int | None = 2,
        history_days: int = 30,
        answer_seconds: float = 3.0,
        waiting_notes: Callable[[NoteRecord], WaitingNotes] = lambda _: WaitingNotes.SEND,
        others: Mapping[str, SonoranServer] = MappingProxyType({}),
        **periods: float,
    ) -> None:
        self.database = database
        self.told: list[NoteRecord] = []
        self._news = asyncio.Event()
        chosen = replace(timing.QUICK, **periods)

        def client_for(server: SonoranServer) -> SonoranClient:
            return SonoranClient(
                Transport(session, server.url, connect_seconds=0.5, total_seconds=answer_seconds),
                Credentials(KEY, server.community_id),
                version=None if version is None else ApiVersion(version),
                timing=chosen,
            )

        self.client = client_for(cad)
        clients = {name: client_for(server) for name, server in others.items()}
        self.outbox = OutboxWorker(
            database,
            lambda community: clients.get(community, self.client),
            limits=limits,
            history_days=history_days,
            changed=self._changed,
            waiting_notes=waiting_notes,
            calls_read=lambda _community, _calls, _began: None,
            purges=(),
            observer=Observer(),
            timing=chosen,
        )
        self._running: asyncio.Task[None] | None = None

    def _changed(self, record: NoteRecord) -> None:
        self.told.append(record)
        self._news.set()

    def start(self) -> None:
        self._running = asyncio.create_task(self.outbox.run())

    async def kill(self) -> None:
        """End as a killed process does: nothing is handed over."""
        await self._end(0)

    async def stop(self) -> None:
        """End as a process does that was asked to."""
        await self._end(PATIENCE)
        await self.outbox.hand_over()

    async def _end(self, seconds: float) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.outbox.finish(seconds)

    async def note(self, *what: Any, **whose: Any) -> NoteRecord:
        """Accept a note, made by `new_note`, and acknowledge it, as the command does."""
        record = await self.receive(*what, **whose)
        assert record.state is NoteState.RECEIVED
        await self.acknowledge(record)
        return record

    async def acknowledge(self, record: NoteRecord) -> None:
        await self.outbox.acknowledged(record, Acknowledgement(record.id + 1))

    async def queued(self, record: NoteRecord) -> None:
        """Wait until a note's acknowledgement is stored, for which another process asks Discord.

        Behind a note of a process that died it is stored only after a send was tried in vain.
        """
        async with asyncio.timeout(PATIENCE):
            while (now := await self.outbox.store.get(record.id)) is None or (  # noqa: ASYNC110 - nobody tells of it
                now.state is NoteState.RECEIVED
            ):
                await asyncio.sleep(0.005)

    async def receive(self, *what: Any, **whose: Any) -> NoteRecord:
        """Accept a note, made by `new_note`."""
        record, _ = await self.outbox.accept(new_note(*what, **whose))
        return record

    async def until(self, reached: Callable[[list[NoteRecord]], bool]) -> None:
        """Wait until what was told fulfils a condition."""
        async with asyncio.timeout(PATIENCE):
            while not reached(self.told):
                self._news.clear()
                news = asyncio.create_task(self._news.wait())
                assert self._running is not None
                await asyncio.wait({news, self._running}, return_when=asyncio.FIRST_COMPLETED)
                if self._running.done():
                    news.cancel()
                    await self._running  # raises what it ended with

    async def became(self, record: NoteRecord, state: NoteState) -> NoteRecord:
        """Wait until a note was told to be in a state, and return it as it was told."""
        found: list[NoteRecord] = []

        def reached(told: list[NoteRecord]) -> bool:
            found[:] = [each for each in told if each.id == record.id and each.state is state]
            return bool(found)

        await self.until(reached)
        return found[-1]


def new_note(
    text: str = "some note here",
    call: int = 123,
    *,
    member: int = 7,
    guild: int = 1,
    community: str = HOST,
) -> NewNote:
    return NewNote(
        id=next(_ids) * 10,
        community=community,
        guild_id=guild,
        channel_id=2,
        member_id=member,
        member_name="dana",
        token="interaction-token",
        note=CallNote(server_id=1, call_id=call, text=text, label=LABEL),
    )


async def eventually(reached: Callable[[], bool]) -> None:
    """Wait until something is so that nobody tells of."""
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.005)


async def come_round(worker: Worker) -> None:
    """Let a worker that cannot send anything do everything that could come before time passes.

    A note more is stored and queued, so whatever was to be done before it has been begun.
    """
    await worker.became(await worker.note("one more", 126), NoteState.QUEUED)
    await idle(worker.database)


async def in_state(
    store: OutboxRepository, state: NoteState, *what: Any, **whose: Any
) -> NoteRecord:
    """Store a note, made by `new_note`, and move it on to a state, without anybody sending it."""
    record, _ = await store.accept(new_note(*what, **whose), waiting_limit=1000)
    for target in WAYS[state]:
        record = await store.transition(record, target)
    return record


async def shift(database: Database, seconds: float, *columns: str) -> None:
    """Let times in the outbox's rows be earlier, as if so many seconds had passed."""
    names = columns or ("updated_at", "round_started_at")
    values = {name: notes.c[name] - seconds for name in names}
    await database.execute(update(notes).values(values))


def with_limits(**changes: float) -> Limits:
    return replace(QUICK, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def cad() -> AsyncIterator[SonoranServer]:
    async with SonoranServer(api_key=KEY) as server:
        for call_id in (123, 124, 125, 126):
            server.add_call(call_id)
        server.rate_limited = False
        yield server


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


def stored(cad: SonoranServer, call: int = 123) -> list[str]:
    """Return the texts of the notes that the CAD has, oldest first."""
    return [note.content for note in cad.notes(call)]


async def put_back(database: Database, record: NoteRecord, *others: Executable) -> None:
    """Let a note's row be as it was; the other statements are of the same transaction."""
    values = values_of(record, fingerprint(record.note.label, record.note.text))
    await database.execute(notes.update().where(notes.c.id == record.id).values(values), *others)


@asynccontextmanager
async def sending(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    left: NoteRecord | None = None,
) -> AsyncIterator[tuple[Worker, NoteRecord, asyncio.Event]]:
    """Give a worker, a note that it is sending, and what lets the CAD answer, which has it.

    The note is a new one, or one that another process has `left`.
    """
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    async with working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker:
        record = left or await worker.note()
        await asyncio.wait_for(cad.received(1), PATIENCE)
        yield worker, record, answer
