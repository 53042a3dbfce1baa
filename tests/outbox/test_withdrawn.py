"""Notes of a guild of which nothing may be sent, for now or any more."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from bot.outbox import NoteRecord, NoteState, WaitingNotes
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.outbox.workers import Worker, stored, working

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def test_what_is_kept_is_not_sent_until_it_may_be(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    verdicts = {1: WaitingNotes.KEEP, 2: WaitingNotes.SEND}
    async with working(
        Worker(database, cad, session, waiting_notes=lambda note: verdicts[note.guild_id])
    ) as worker:
        kept = await worker.note("kept", guild=1)
        sent = await worker.note("sent", call=124, guild=2)
        await worker.became(sent, NoteState.ADDED)
        assert stored(cad) == []
        verdicts[1] = WaitingNotes.SEND
        await worker.became(kept, NoteState.ADDED)
    assert stored(cad) == ["kept"]


async def test_what_is_withdrawn_is_cancelled_in_doubt_or_not(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    verdicts = {1: WaitingNotes.SEND, 2: WaitingNotes.SEND}
    cad.faults.add(Fault(on="note", times=1, abort="before"))
    cad.faults.add(Fault(on="calls", times=None, status=503))
    async with working(
        Worker(database, cad, session, waiting_notes=lambda note: verdicts[note.guild_id])
    ) as worker:
        in_doubt = await worker.note("in doubt", guild=1)
        await worker.became(in_doubt, NoteState.CHECKING)
        verdicts[1] = WaitingNotes.WITHDRAW
        assert (await worker.became(in_doubt, NoteState.CANCELLED)).unconfirmed_sends
        queued = await worker.note("queued", guild=1)
        assert not (await worker.became(queued, NoteState.CANCELLED)).unconfirmed_sends
        other = await worker.note("other", guild=2)
        await worker.became(other, NoteState.ADDED)
    assert stored(cad) == ["other"]


async def test_what_is_withdrawn_while_its_send_is_being_stored_is_not_sent(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    path = database.address.path
    assert path is not None

    def verdict(_: NoteRecord) -> WaitingNotes:
        return WaitingNotes.WITHDRAW if ever_sending(path) else WaitingNotes.SEND

    async with working(Worker(database, cad, session, waiting_notes=verdict)) as worker:
        note = await worker.note()
        await worker.became(note, NoteState.CANCELLED)
    assert stored(cad) == []


def ever_sending(path: Path) -> bool:
    """Whether a note was ever stored as SENDING."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        return bool(other.execute("SELECT max(attempts) FROM notes").fetchone()[0])
