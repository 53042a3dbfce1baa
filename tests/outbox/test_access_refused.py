"""Notes that the CAD, or something in front of it, turns down for the credentials."""

from __future__ import annotations

import aiohttp
import pytest

from bot.outbox import HOST, AccessRefusedError, FailureKind, NoteState
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import Credentials
from bot.storage import Database
from tests.outbox import workers
from tests.outbox.workers import Worker, eventually, in_state, stored, working

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

ANSWERS = {
    "firewall": "error code: 1020",
    "gateway": '{"message": "Unauthorized", "request_id": "9f"}',
    "server": '{"title": "Forbidden", "status": 403, "detail": "Server 1 is not yours."}',
}


# Every status and page that may turn a note down is one error by then, as the client's tests show.


def kinds(cad: SonoranServer) -> list[str | None]:
    return [request.kind for request in cad.requests]


@pytest.mark.parametrize(("answer", "status"), [("firewall", 403), ("gateway", 401)])
async def test_one_such_answer_ends_no_note_and_closes_nothing(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    answer: str,
    status: int,
) -> None:
    cad.faults.add(Fault(on="note", status=status, body=ANSWERS[answer]))
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.note("first")
        second = await worker.note("second", 124)
        for record in (first, second):
            await worker.became(record, NoteState.ADDED)
    assert kinds(cad)[:2] == ["note", "version"]


async def test_ten_notes_of_an_outage_outlast_two_such_answers_at_its_end(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=503, times=4))
    async with working(Worker(database, cad, session)) as worker:
        records = [await worker.note(f"note {n}", 123 + n % 3) for n in range(10)]
        cad.faults.add(Fault(on="note", status=401, body=ANSWERS["gateway"], times=2))
        for record in records:
            await worker.became(record, NoteState.ADDED)
    assert sorted(stored(cad) + stored(cad, 124) + stored(cad, 125)) == sorted(
        f"note {n}" for n in range(10)
    )


async def test_while_a_refusal_is_confirmed_accepted_notes_wait_and_new_ones_are_refused(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.api_key = "renewed"
    async with working(Worker(database, cad, session, first_refusal=1.0)) as worker:
        records = [await worker.note("first"), await worker.note("second", 124)]
        await eventually(lambda: worker.client.refusal is not None)
        with pytest.raises(AccessRefusedError) as caught:
            await worker.receive("third", 125)
        assert caught.value.failure.kind is FailureKind.CREDENTIALS
        assert (caught.value.failure.retry_in or 0) > 0
        cad.api_key = workers.KEY
        for record in records:
            await worker.became(record, NoteState.ADDED)
        await worker.became(await worker.note("third", 125), NoteState.ADDED)
    assert stored(cad, 125) == ["third"]


async def test_notes_that_wait_for_a_renewed_key_go_as_soon_as_the_client_has_it(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.api_key = "renewed"
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note("first")
        await eventually(lambda: worker.client.refusal is not None)
        worker.client.renew(Credentials("renewed", "rockford"))
        await worker.became(record, NoteState.ADDED)


async def test_waiting_notes_are_told_when_the_credentials_are_refused(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=503, times=2))
    async with working(Worker(database, cad, session, announce_after=1000.0)) as worker:
        cad.api_key = "renewed"
        waiting = await worker.note("behind")
        await eventually(lambda: worker.client.refusal is not None)
        count = len(worker.told)
        await worker.until(lambda told: any(each.id == waiting.id for each in told[count - 1 :]))
        failure = worker.outbox.last_failure(HOST)
        assert failure is not None
        assert failure.kind is FailureKind.CREDENTIALS


async def test_after_a_restart_the_cad_is_asked_at_once_and_before_a_note_goes(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.api_key = "renewed"
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        await worker.until(lambda told: any(each.failure is not None for each in told))
    cad.requests.clear()
    cad.api_key = workers.KEY
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.ADDED)
    assert kinds(cad) == ["version", "note"]


async def test_a_note_that_alone_is_turned_down_is_given_up_and_can_be_tried_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", status=403, body=ANSWERS["firewall"], times=3))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note("select * from notes")
        failed = await worker.became(record, NoteState.FAILED)
        assert failed.failure is not None
        assert failed.failure.kind is FailureKind.CREDENTIALS
        other = await worker.note("another", 124)
        await worker.became(other, NoteState.ADDED)
        await worker.outbox.member_actions.resume(failed, NoteState.QUEUED, (1, "token"))
        await worker.became(record, NoteState.ADDED)


@pytest.mark.parametrize("status", [403, 404])
async def test_what_is_said_of_one_cad_server_is_no_matter_of_the_others(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, status: int
) -> None:
    cad.faults.add(Fault(on="note", status=status, body=ANSWERS["server"], times=3))
    ends = {403: NoteState.FAILED, 404: NoteState.REFUSED}
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(await worker.note(), ends[status])
        cad.faults.clear()
        await worker.became(await worker.note("other", 124), NoteState.ADDED)
        assert worker.client.refusal is None


async def test_a_note_in_doubt_that_is_turned_down_is_not_said_to_be_missing(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", status=403, body=ANSWERS["firewall"], times=3))
    worker = Worker(database, cad, session)
    record = await in_state(worker.outbox.store, NoteState.UNCONFIRMED)
    async with working(worker):
        await worker.outbox.member_actions.resume(record, NoteState.QUEUED, (1, "token"))
        await worker.became(record, NoteState.UNCONFIRMED)


async def test_what_the_last_note_met_is_known_at_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", status=401, body=ANSWERS["gateway"]))
    async with working(Worker(database, cad, session)) as worker:
        assert worker.outbox.deliveries.of(HOST).sender.last_refusal is None
        record = await worker.note()
        await worker.became(record, NoteState.QUEUED)
        assert worker.outbox.deliveries.of(HOST).sender.last_refusal is not None
        await worker.became(record, NoteState.ADDED)
        assert worker.outbox.deliveries.of(HOST).sender.last_refusal is None
