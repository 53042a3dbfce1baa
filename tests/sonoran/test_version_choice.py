import asyncio
import logging
from typing import Any

import aiohttp
import pytest

from bot.sandbox.sonoran import AbsentAnswer, Fault, SonoranServer
from bot.sonoran import (
    CredentialsError,
    NoEffectError,
    RateLimitedError,
    Reason,
    SonoranClient,
    Transport,
)
from tests import sonoran_client
from tests.cases import case
from tests.loop_clock import let_pass
from tests.sonoran_client import CREDENTIALS, NOTE, about

CHOICES = "bot.sonoran.version_choice"

cad = sonoran_client.cad
session = sonoran_client.session


@pytest.fixture
def client(cad: SonoranServer, session: aiohttp.ClientSession) -> SonoranClient:
    transport = Transport(session, cad.url, total_seconds=2.0)
    return SonoranClient(transport, CREDENTIALS)


def kinds(cad: SonoranServer) -> list[str]:
    return [request.kind for request in cad.requests]


def last_path(cad: SonoranServer) -> str:
    return cad.requests[-1].path


class TestClearAnswers:
    async def test_version_2_is_used_where_it_is_served(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        await client.add_call_note(NOTE)
        question, note = cad.requests
        assert (question.method, question.path) == ("GET", "/v2/general/version")
        assert question.headers["Authorization"] == "Bearer sandbox-key"
        assert note.path == "/v2/emergency/servers/1/dispatch-calls/123/notes"
        assert len(cad.notes(123)) == 1

    @pytest.mark.parametrize("absent", ["backend", "html", "404"])
    async def test_version_1_is_used_where_version_2_is_missing(
        self, client: SonoranClient, cad: SonoranServer, absent: AbsentAnswer
    ) -> None:
        cad.versions, cad.absent_answer = {1}, absent
        await client.add_call_note(NOTE)
        # A page, or a gateway's error, may come from anybody, so version 1 is asked for, too.
        asked = ["version"] if absent == "backend" else ["version", "version"]
        assert kinds(cad) == [*asked, "note"]
        assert last_path(cad) == "/emergency/add_call_note"
        assert len(cad.notes(123)) == 1

    @pytest.mark.parametrize("versions", [{1}, {1, 2}], ids=["v1", "v2"])
    async def test_a_clear_answer_is_kept(
        self, client: SonoranClient, cad: SonoranServer, versions: set[int]
    ) -> None:
        cad.versions = versions
        await client.add_call_note(NOTE)
        await let_pass(1e6)
        await client.add_call_note(NOTE)
        assert kinds(cad) == ["version", "note", "note"]

    async def test_simultaneous_first_notes_ask_once(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        await asyncio.gather(*(client.add_call_note(NOTE) for _ in range(20)))
        assert kinds(cad).count("version") == 1
        assert len(cad.notes(123)) == 20

    @pytest.mark.parametrize(("versions", "number"), [({1}, 1), ({1, 2}, 2)])
    async def test_the_choice_is_logged_in_one_line(
        self,
        client: SonoranClient,
        cad: SonoranServer,
        caplog: pytest.LogCaptureFixture,
        versions: set[int],
        number: int,
    ) -> None:
        caplog.set_level(logging.DEBUG, logger=CHOICES)
        cad.versions = versions
        await client.add_call_note(NOTE)
        await client.add_call_note(NOTE)
        (record,) = (record for record in caplog.records if record.name == CHOICES)
        assert record.levelno == logging.INFO
        assert record.getMessage().startswith(f"Sonoran CAD API version {number} chosen: ")
        assert "\n" not in record.getMessage()

    async def test_a_version_that_went_away_is_looked_for_again(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        await client.add_call_note(NOTE)
        cad.versions = {1}
        with pytest.raises(NoEffectError):
            await client.add_call_note(NOTE)
        await client.add_call_note(NOTE)
        assert kinds(cad) == ["version", "note", "note", "version", "note"]
        assert last_path(cad) == "/emergency/add_call_note"
        assert len(cad.notes(123)) == 2


class TestAnswersOfOthers:
    @pytest.mark.parametrize(
        "answer",
        [
            {"body": "<html>Under maintenance</html>"},
            {"body": "<html>Not found</html>", "status": 404},
            {"body": '{"message": "no Route matched", "request_id": "5a"}', "status": 404},
        ],
    )
    async def test_what_anybody_may_answer_settles_no_version(
        self, client: SonoranClient, cad: SonoranServer, answer: dict[str, Any]
    ) -> None:
        cad.faults.add(Fault(on="version", times=2, **answer))
        with pytest.raises(NoEffectError) as caught:
            await client.add_call_note(NOTE)
        assert caught.value.reason is Reason.WRONG_ADDRESS
        await let_pass(30.0)
        await client.add_call_note(NOTE)
        assert last_path(cad).startswith("/v2/")
        assert len(cad.notes(123)) == 1

    @pytest.mark.parametrize("refusal", ["INVALID API KEY", "INVALID REQUEST TYPE."])
    async def test_version_1_is_known_by_its_refusals_as_well(
        self, client: SonoranClient, cad: SonoranServer, refusal: str
    ) -> None:
        cad.faults.add(Fault(on="version", body="<html></html>", status=404))
        cad.faults.add(Fault(on="version", body=refusal, status=400))
        await client.add_call_note(NOTE)
        assert last_path(cad) == "/emergency/add_call_note"


UNCLEAR = (
    Fault(on="version", abort="before", times=None),
    Fault(on="version", abort="truncated", times=None),
    Fault(on="version", delay=3600, times=None),
    Fault(on="version", status=500, times=None),
    Fault(on="version", status=408, times=None),
    Fault(on="version", status=307, headers={"Location": "/x"}, times=None),
    Fault(on="version", body="<html></html>", status=403, times=None),
    Fault(on="version", body="", times=None),
    Fault(on="version", oversize=100_000, times=None),
)


class TestNoAnswer:
    async def test_an_unclear_answer_means_that_no_note_was_sent(
        self, cad: SonoranServer, session: aiohttp.ClientSession
    ) -> None:
        for fault in UNCLEAR:
            cad.faults.clear()
            cad.faults.add(fault)
            client = SonoranClient(Transport(session, cad.url, total_seconds=2.0), CREDENTIALS)
            with case(fault):
                with pytest.raises(NoEffectError) as caught:
                    await client.add_call_note(NOTE)
                assert caught.value.reason
                # The HTTP library itself repeats a read whose connection broke off.
                assert set(kinds(cad)) == {"version"}

    async def test_the_question_is_not_repeated_within_30_seconds(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", status=500))
        with pytest.raises(NoEffectError):
            await client.add_call_note(NOTE)
        await let_pass(20.0)
        with pytest.raises(NoEffectError):
            await client.add_call_note(NOTE)
        assert kinds(cad) == ["version"]

    async def test_the_question_is_repeated_after_30_seconds(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", status=500))
        with pytest.raises(NoEffectError):
            await client.add_call_note(NOTE)
        await let_pass(30.0)
        await client.add_call_note(NOTE)
        assert kinds(cad) == ["version", "version", "note"]

    async def test_simultaneous_first_notes_share_an_unclear_answer(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", abort="truncated"))
        notes = (client.add_call_note(NOTE) for _ in range(20))
        results = await asyncio.gather(*notes, return_exceptions=True)
        assert {type(result) for result in results} == {NoEffectError}
        assert kinds(cad) == ["version"]

    async def test_a_cad_out_of_reach_is_found_when_it_is_back(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        await cad.stop()
        with pytest.raises(NoEffectError):
            await client.add_call_note(NOTE)
        await cad.start()
        await let_pass(30.0)
        await client.add_call_note(NOTE)
        assert len(cad.notes(123)) == 1


class TestRateLimit:
    async def test_a_rate_limit_on_the_question_is_one_for_the_note(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", status=429, headers={"Retry-After": "90"}))
        with pytest.raises(RateLimitedError) as caught:
            await client.add_call_note(NOTE)
        assert caught.value.retry_after == 90.0
        assert kinds(cad) == ["version"]

    async def test_the_named_delay_is_waited_out_in_full(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", status=429, headers={"Retry-After": "90"}))
        with pytest.raises(RateLimitedError):
            await client.add_call_note(NOTE)
        await let_pass(60.0)
        with pytest.raises(RateLimitedError) as caught:
            await client.add_call_note(NOTE)
        assert caught.value.retry_after == about(30.0)
        assert kinds(cad) == ["version"]
        await let_pass(30.0)
        await client.add_call_note(NOTE)
        assert kinds(cad) == ["version", "version", "note"]


class TestCredentials:
    @pytest.mark.parametrize("problem", ["key", "switched off", "plan"])
    async def test_a_refusal_of_the_question_sends_no_note(
        self, client: SonoranClient, cad: SonoranServer, problem: str
    ) -> None:
        if problem == "key":
            cad.api_key = "another"
        elif problem == "switched off":
            cad.api_enabled = False
        else:
            cad.faults.add(Fault(on="version", status=402))
        with pytest.raises(CredentialsError) as caught:
            await client.add_call_note(NOTE)
        assert caught.value.text
        assert (caught.value.remembered, caught.value.retry_in) == (False, 0.0)
        assert kinds(cad) == ["version"]

    async def test_simultaneous_first_notes_share_a_refusal(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.api_key = "another"
        notes = (client.add_call_note(NOTE) for _ in range(20))
        results = await asyncio.gather(*notes, return_exceptions=True)
        assert {type(result) for result in results} == {CredentialsError}
        assert kinds(cad).count("version") == 1
        assert len(cad.requests) <= 10

    async def test_a_refused_question_has_still_found_version_2(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.api_key = "another"
        with pytest.raises(CredentialsError):
            await client.add_call_note(NOTE)
        cad.api_key = "sandbox-key"
        await let_pass(60.0)
        await client.add_call_note(NOTE)
        assert kinds(cad) == ["version", "note"]
        assert last_path(cad).startswith("/v2/")
