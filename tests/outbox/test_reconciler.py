"""Looking for notes in doubt: when, how often, and what follows from it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import aiohttp
import pytest

from bot.outbox import NoteRecord, NoteState
from bot.outbox.ledger import explained
from bot.outbox.matching import ReadCall, judge
from bot.outbox.reconciler import INCONCLUSIVE_POLLS
from bot.sandbox.sonoran import Fault, Note, SonoranServer
from bot.sonoran.listings import read_calls
from bot.storage import Database
from tests.cases import case
from tests.loop_clock import idle, let_pass
from tests.outbox.parts import repository_of
from tests.outbox.workers import (
    LABEL,
    Worker,
    eventually,
    in_state,
    on_sqlite,
    stored,
    with_limits,
    working,
)
from tests.world import PATIENCE


def reads(cad: SonoranServer) -> int:
    return sum(request.kind == "calls" for request in cad.requests)


@on_sqlite
async def test_one_read_serves_all_notes_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    store = repository_of(database, "a process that is gone")
    made = [await in_state(store, NoteState.SENDING, call=call) for call in (123, 124, 125)]
    for call in (123, 124, 125):
        cad.add_note(call, "some note here", label=LABEL)
    async with working(Worker(database, cad, session)) as worker:
        for record in made:
            await worker.became(record, NoteState.ADDED)
        await idle(database)
    assert reads(cad) == 1
    assert cad.note_requests == []


@on_sqlite
async def test_the_delay_that_the_cad_asked_of_a_read_is_waited_out(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    cad.faults.add(Fault(on="calls", status=429, headers={"Retry-After": "3600"}, times=None))
    limits = with_limits(give_up_seconds=7200.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        record = await worker.note()
        await eventually(lambda: reads(cad) == 1)
        await idle(database)
        await let_pass(3500.0)
        assert reads(cad) == 1
        await let_pass(200.0)
        await eventually(lambda: reads(cad) == 2)
        await let_pass(3600.0)
        await worker.became(record, NoteState.UNCONFIRMED)


@on_sqlite
@pytest.mark.parametrize("state", [NoteState.SENDING, NoteState.CHECKING])
async def test_a_note_that_was_taken_over_is_not_missing_before_its_send_can_have_settled(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, state: NoteState
) -> None:
    record = await in_state(repository_of(database, "a process that is gone"), state)
    limits = with_limits(settle_seconds=60.0, give_up_seconds=600.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        await eventually(lambda: reads(cad) >= 1)
        await idle(database)
        cad.add_note(123, record.note.text, label=LABEL)  # which its process had sent
        await let_pass(60.0)
        await worker.became(record, NoteState.ADDED)
    assert cad.note_requests == []


@on_sqlite
async def test_a_note_in_doubt_outlasts_an_outage_and_those_behind_it_keep_their_place(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=503, times=None))
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.note("first")
        await worker.became(first, NoteState.CHECKING)
        second = await worker.note("second")
        await eventually(lambda: reads(cad) > INCONCLUSIVE_POLLS + 1)
        cad.faults.clear()
        for record in (first, second):
            await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


@on_sqlite
async def test_a_call_list_that_never_tells_anything_does_not_hold_up_the_call_for_long(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    cad.faults.add(Fault(on="calls", status=403, body="{}", times=None))
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.note("first")
        await worker.became(first, NoteState.CHECKING)
        second = await worker.note("second")
        await worker.became(first, NoteState.UNCONFIRMED)
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["second"]


@on_sqlite
async def test_a_call_that_is_no_longer_listed_leaves_its_note_unconfirmed(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note(call=999)
        await worker.became(record, NoteState.UNCONFIRMED)
    assert len(cad.note_requests) == 1


@on_sqlite
async def test_a_note_is_found_on_a_call_that_was_closed_meanwhile(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", applied=True, abort="before"))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        await worker.became(record, NoteState.CHECKING)
        cad.close_call(123)
        await worker.became(record, NoteState.ADDED)
    assert len(cad.note_requests) == 1


@on_sqlite
async def test_a_listed_text_with_half_an_emoji_ends_nothing(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    note = cad.add_note(123, "cut in the middle")
    cad.calls[1, 123].notes[:] = [Note(note.label, note.type, "cut \ud83d", note.time)]
    cad.faults.add(Fault(on="note", applied=True, abort="before"))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        await worker.became(record, NoteState.ADDED)
    assert len(cad.note_requests) == 1


@on_sqlite
async def test_a_listed_text_that_is_no_html_ends_nothing(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """Python refuses to read a number of so many digits."""
    cad.add_note(123, f"&#{'1' * 5000};", label=f"&#{'2' * 5000};")
    cad.faults.add(Fault(on="note", abort="before"))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        await worker.became(record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)


@on_sqlite
async def test_an_added_note_is_told_whatever_the_answer_contains(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    replies = ["NOTE 'a\0b' added to call #123", "\"NOTE '\\ud83d' added to call #124\""]
    async with working(Worker(database, cad, session, version=1)) as worker:
        for call, reply in enumerate(replies, start=123):
            with case(reply):
                cad.faults.add(Fault(on="note", applied=True, status=200, body=reply))
                await worker.became(await worker.note(call=call), NoteState.ADDED)
    assert len(cad.note_requests) == 2


async def resumed(worker: Worker, record: NoteRecord, target: NoteState) -> NoteRecord:
    return await worker.outbox.member_actions.resume(record, target, (record.id + 2, None))


@on_sqlite
async def test_a_copy_of_an_equal_note_that_is_being_sent_is_not_taken_for_the_one_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """The first was never stored; the copy in the list is the second's, whose answer is slow."""
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    store = repository_of(database, "a process that is gone")
    first = await in_state(store, NoteState.UNCONFIRMED)
    async with working(Worker(database, cad, session, answer_seconds=10.0)) as worker:
        second = await worker.note(member=8)
        await asyncio.wait_for(cad.received(1), PATIENCE)
        await resumed(worker, first, NoteState.CHECKING)
        await eventually(lambda: reads(cad) >= 1)
        await idle(database)
        answer.set()
        await worker.became(second, NoteState.ADDED)
        await worker.until(
            lambda told: any(each.id == first.id and each.state.final for each in told)
        )
        ends = [each.state for each in worker.told if each.id == first.id and each.state.final]
    added = 1 + (ends[-1] is NoteState.ADDED)
    assert len(stored(cad)) == added
    assert sum(each.confirmed for each in (await explained(database, first)).values()) == added


@on_sqlite
@pytest.mark.parametrize("behind", [0, 60])
async def test_a_note_on_a_call_that_was_closed_is_found_page_by_page(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, behind: int
) -> None:
    record = await in_state(
        repository_of(database, "a process that is gone"), NoteState.SENDING, call=124
    )
    cad.add_note(124, "some note here", label=LABEL)
    cad.close_call(124)
    for call_id in range(1000, 1000 + behind):  # the last one closed is listed first
        cad.add_call(call_id)
        cad.close_call(call_id)
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.ADDED)
    limits = [request.query["closedLimit"] for request in cad.requests if request.kind == "calls"]
    assert limits == ["0", "50", "50"][: 2 + (behind > 0)]


@on_sqlite
async def test_an_odd_entry_beside_a_note_does_not_keep_it_from_being_found(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(repository_of(database, "a process that is gone"), NoteState.SENDING)
    own = {"time": "", "label": LABEL, "type": "text", "content": "some note here"}
    cad.add_call(123, extra={"notes": [{"label": LABEL}, own]})
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.ADDED)


@on_sqlite
async def test_an_odd_entry_forbids_to_take_a_note_for_missing(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    record = await in_state(repository_of(database, "a process that is gone"), NoteState.SENDING)
    cad.add_call(123, extra={"notes": [{"label": LABEL, "content": None}]})
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.UNCONFIRMED)
    assert cad.note_requests == []


@on_sqlite
async def test_long_lists_are_read_and_compared_beside_the_event_loop(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: dict[str, set[int]] = {"read": set(), "made ready": set(), "judged": set()}

    def noted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def run(*args: object, **named: object) -> object:
            threads[name].add(threading.get_ident())
            return call(*args, **named)

        return run

    patched = {
        "bot.sonoran.client.read_calls": noted("read", read_calls),
        "bot.outbox.reconciler.ReadCall": noted("made ready", ReadCall),
        "bot.outbox.reconciler.judge": noted("judged", judge),
    }
    for name, replacement in patched.items():
        monkeypatch.setattr(name, replacement)
    record = await in_state(repository_of(database, "a process that is gone"), NoteState.SENDING)
    for _ in range(100):
        cad.add_note(123, "x" * 4000, label="another")
    cad.add_note(123, "some note here", label=LABEL)
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.ADDED)
    assert all(threads.values())
    assert threading.get_ident() not in set().union(*threads.values())
