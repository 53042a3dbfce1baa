import asyncio
from dataclasses import replace
from itertools import product

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import (
    ApiVersion,
    CallNote,
    Credentials,
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    SonoranClient,
    SonoranError,
    Transport,
)
from tests import sonoran_client
from tests.cases import case
from tests.sonoran import reads
from tests.sonoran_client import KEY

LIMIT = 64 * 1024
NOTE = CallNote(server_id=1, call_id=123, text="it's 'here'\nsee 🚓 added to call #9", label="D-2")

cad = sonoran_client.cad
session = sonoran_client.session
version = reads.version


class Setup:
    """A client of the simulator, and what came of a note."""

    def __init__(
        self, cad: SonoranServer, session: aiohttp.ClientSession, version: ApiVersion
    ) -> None:
        self.cad = cad
        self.session = session
        self.version = version

    def client(self, *, key: str = KEY, seconds: float = 10.0) -> SonoranClient:
        transport = Transport(self.session, self.cad.url, total_seconds=seconds)
        return SonoranClient(transport, Credentials(key, "rockford"), version=self.version)

    async def failure(
        self, fault: Fault | None = None, *, note: CallNote = NOTE, seconds: float = 10.0
    ) -> SonoranError:
        """Return what adding a note raises; the CAD was asked exactly once."""
        if fault is not None:
            self.cad.faults.add(fault)
        before = len(self.cad.requests)
        with pytest.raises(SonoranError) as caught:
            await self.client(seconds=seconds).add_call_note(note)
        assert len(self.cad.requests) == before + 1
        return caught.value

    @property
    def stored(self) -> list[tuple[str, str]]:
        return [(note.label, note.content) for note in self.cad.notes(123)]


@pytest.fixture
def setup(cad: SonoranServer, session: aiohttp.ClientSession, version: ApiVersion) -> Setup:
    return Setup(cad, session, version)


class TestAddedNote:
    async def test_a_note_is_stored_once_with_its_label(self, setup: Setup) -> None:
        added = await setup.client().add_call_note(NOTE)
        assert added == f"NOTE '{NOTE.text}' added to call #123"
        assert setup.stored == [("D-2", NOTE.text)]
        assert setup.cad.notes(123)[0].type == "text"
        assert len(setup.cad.requests) == 1

    async def test_the_request_of_a_version_is_the_documented_one(self, setup: Setup) -> None:
        await setup.client().add_call_note(NOTE)
        (request,) = setup.cad.requests
        assert request.method == "POST"
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Accept-Encoding"] == "identity"
        assert "Cookie" not in request.headers
        if setup.version is ApiVersion.V1:
            assert request.path == "/emergency/add_call_note"
            assert "Authorization" not in request.headers
            assert request.json == {
                "id": "rockford",
                "key": KEY,
                "type": "ADD_CALL_NOTE",
                "data": [{"serverId": 1, "callId": 123, "note": NOTE.text, "label": "D-2"}],
            }
        else:
            assert request.path == "/v2/emergency/servers/1/dispatch-calls/123/notes"
            assert request.headers["Authorization"] == "Bearer sandbox-key"
            assert request.json == {"note": NOTE.text, "noteType": "text", "label": "D-2"}

    async def test_60_simultaneous_notes_are_stored_once_each(self, setup: Setup) -> None:
        setup.cad.rate_limited = False
        client = setup.client(seconds=60.0)
        notes = [CallNote(1, 123, f"note {number}", "D-2") for number in range(60)]
        added = await asyncio.gather(*map(client.add_call_note, notes))
        assert added == [f"NOTE 'note {number}' added to call #123" for number in range(60)]
        assert sorted(setup.stored) == sorted(("D-2", note.text) for note in notes)

    async def test_a_success_of_exactly_the_limit_is_read_whole(self, setup: Setup) -> None:
        v1_text, v2_text = "NOTE '' added to call #123", '{"callId": 123, "note": ""}'
        body = (v1_text if setup.version is ApiVersion.V1 else v2_text).rjust(LIMIT)
        setup.cad.faults.add(Fault(applied=True, body=body))
        added = await setup.client().add_call_note(NOTE)
        assert added == v1_text

    async def test_the_same_note_on_two_servers_goes_to_the_one_named(self, setup: Setup) -> None:
        setup.cad.add_server(2, "Second")
        setup.cad.add_call(123, server_id=2)
        await setup.client().add_call_note(CallNote(2, 123, "x", "D-2"))
        assert setup.stored == []
        assert len(setup.cad.notes(123, server_id=2)) == 1

    async def test_a_base_address_may_have_a_path(self, setup: Setup) -> None:
        setup.cad.faults.add(Fault(on="any", status=404))
        transport = Transport(setup.session, setup.cad.url + "/cad/")
        client = SonoranClient(transport, Credentials("k", "c"), version=setup.version)
        with pytest.raises(RefusedError):
            await client.add_call_note(NOTE)
        assert setup.cad.requests[0].path.startswith("/cad/")


class TestRefusals:
    async def test_a_no_of_the_cad_comes_with_its_words(self, setup: Setup) -> None:
        setup.cad.add_call(124)
        setup.cad.close_call(124)
        for problem, note in {
            "unknown call": CallNote(1, 999, "x", "D-2"),
            "closed call": CallNote(1, 124, "x", "D-2"),
            "unknown server": CallNote(9, 123, "x", "D-2"),
            "blank": CallNote(1, 123, " ", "D-2"),
        }.items():
            with case(problem):
                error = await setup.failure(note=note)
                assert type(error) is RefusedError
                assert error.text
                assert error.status in (400, 404)
                assert setup.stored == []

    async def test_a_no_to_the_credentials_is_a_credentials_error(self, setup: Setup) -> None:
        cad = setup.cad
        for problem in ("plan", "key", "switched off"):
            if problem == "plan":
                cad.plan, cad.enforce_plan = "FREE", True
            elif problem == "key":
                cad.enforce_plan, cad.api_key = False, "another"
            else:
                cad.api_key, cad.api_enabled = KEY, False
            with case(problem):
                error = await setup.failure()
                assert isinstance(error, CredentialsError)
                assert error.text
                assert not error.remembered
                assert setup.stored == []

    async def test_a_wrong_request_type_is_an_ordinary_no(self, setup: Setup) -> None:
        error = await setup.failure(Fault(status=400, body="INVALID REQUEST TYPE"))
        assert type(error) is RefusedError
        assert error.text == "INVALID REQUEST TYPE"

    async def test_a_rate_limit_carries_its_delay(self, setup: Setup) -> None:
        error = await setup.failure(Fault(status=429, headers={"Retry-After": "120"}))
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == 120.0
        assert setup.stored == []

    async def test_a_version_that_is_not_served_had_no_effect(self, setup: Setup) -> None:
        setup.cad.versions = {3 - setup.version.value}
        assert isinstance(await setup.failure(), NoEffectError)
        assert setup.stored == []

    async def test_an_oversize_refusal_is_cut_and_stays_one(self, setup: Setup) -> None:
        error = await setup.failure(Fault(status=400, oversize=3 * LIMIT))
        assert type(error) is RefusedError
        assert len(error.text) == LIMIT

    async def test_a_refusal_that_breaks_off_stays_one(self, setup: Setup) -> None:
        body = "NO SUCH CALL HERE"
        for broken in (
            Fault(status=404, body=body, abort="truncated"),
            Fault(status=404, body=body, drip=0.2),
        ):
            with case(broken):
                error = await setup.failure(broken, seconds=1.0)
                assert type(error) is RefusedError
                assert body.startswith(error.text)


UNUSABLE = (
    Fault(status=500),
    Fault(status=503, body="<html>down</html>"),
    Fault(status=408),
    Fault(status=301, headers={"Location": "/elsewhere"}),
    Fault(status=200, body=""),
    Fault(status=204, body=""),
    Fault(status=200, body="{"),
    Fault(status=200, body=b"\xff\xfe\x00"),
    Fault(status=200, body="<!DOCTYPE html><html></html>", content_type="text/html"),
    Fault(abort="before"),
    Fault(abort="after_headers", status=200),
    Fault(abort="truncated", status=200, body="x" * 100),
    Fault(oversize=LIMIT + 1),
)


class TestUnknownOutcomes:
    async def test_no_usable_answer_leaves_the_outcome_unknown(self, setup: Setup) -> None:
        setup.cad.rate_limited = False
        for fault, applied in product(UNUSABLE, (False, True)):
            with case(fault, applied):
                before = len(setup.stored)
                error = await setup.failure(replace(fault, applied=applied))
                assert isinstance(error, OutcomeUnknownError)
                assert setup.stored[before:] == [("D-2", NOTE.text)] * applied

    async def test_a_truncated_success_is_not_taken_for_one(self, setup: Setup) -> None:
        error = await setup.failure(Fault(applied=True, abort="truncated"))
        assert isinstance(error, OutcomeUnknownError)
        assert error.status == 200
        assert len(setup.stored) == 1

    async def test_an_oversize_success_is_not_taken_for_one(self, setup: Setup) -> None:
        body = " " * LIMIT + "{\"callId\": 123} NOTE '' added to call #123"
        error = await setup.failure(Fault(applied=True, body=body))
        assert isinstance(error, OutcomeUnknownError)
        assert len(setup.stored) == 1

    async def test_no_answer_in_time_leaves_the_outcome_unknown(self, setup: Setup) -> None:
        for applied in (False, True):
            with case(applied):
                fault = Fault(applied=applied, hold=asyncio.Event())
                error = await setup.failure(fault, seconds=0.5)
                assert isinstance(error, OutcomeUnknownError)
                assert error.status is None
                assert setup.stored == [("D-2", NOTE.text)] * applied

    async def test_a_success_that_trickles_past_the_time_is_unknown(self, setup: Setup) -> None:
        error = await setup.failure(Fault(applied=True, drip=0.2), seconds=0.5)
        assert isinstance(error, OutcomeUnknownError)
        assert len(setup.stored) == 1

    async def test_the_next_note_works_again(self, setup: Setup) -> None:
        client = setup.client()
        setup.cad.faults.add(Fault(abort="before"))
        with pytest.raises(OutcomeUnknownError):
            await client.add_call_note(NOTE)
        await client.add_call_note(NOTE)
        assert len(setup.stored) == 1

    async def test_a_dropped_idle_connection_never_doubles_a_note(self, setup: Setup) -> None:
        client = setup.client()
        await client.add_call_note(NOTE)
        setup.cad.faults.add(Fault(applied=True, abort="before"))
        with pytest.raises(OutcomeUnknownError):
            await client.add_call_note(NOTE)
        assert len(setup.cad.requests) == len(setup.stored) == 2
