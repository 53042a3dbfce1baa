"""Whether a CAD answers, and which version of its API it speaks."""

import asyncio

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import (
    ApiVersion,
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    SonoranClient,
    Transport,
    VersionSign,
)
from tests import sonoran_client
from tests.sonoran_client import CREDENTIALS, NOTE, about

GIVEN = (VersionSign.GIVEN, 0)

cad = sonoran_client.cad
session = sonoran_client.session

each_version = pytest.mark.parametrize("version", list(ApiVersion), ids=str)


def client_of(
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    version: ApiVersion | None = None,
) -> SonoranClient:
    transport = Transport(session, cad.url, total_seconds=2.0)
    return SonoranClient(transport, CREDENTIALS, version=version)


@pytest.fixture
def client(cad: SonoranServer, session: aiohttp.ClientSession) -> SonoranClient:
    return client_of(cad, session)


def paths(cad: SonoranServer) -> list[str]:
    return [request.path for request in cad.requests]


class TestKnownVersion:
    @each_version
    async def test_a_probe_is_one_question_for_the_plan(
        self,
        cad: SonoranServer,
        session: aiohttp.ClientSession,
        version: ApiVersion,
    ) -> None:
        await client_of(cad, session, version).probe()
        expected = {ApiVersion.V1: "/general/get_version", ApiVersion.V2: "/v2/general/version"}
        assert paths(cad) == [expected[version]]

    async def test_a_refused_key_is_told_and_then_remembered(
        self,
        cad: SonoranServer,
        session: aiohttp.ClientSession,
    ) -> None:
        cad.api_key = "renewed-key"
        client = client_of(cad, session, ApiVersion.V2)
        for remembered in (False, False, True):
            with pytest.raises(CredentialsError) as caught:
                await client.probe()
            assert caught.value.remembered is remembered
        assert len(cad.requests) == 2

    async def test_an_outage_is_told_each_time(
        self,
        cad: SonoranServer,
        session: aiohttp.ClientSession,
    ) -> None:
        client = client_of(cad, session, ApiVersion.V2)
        cad.faults.add(Fault(on="version", status=503, times=2))
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError):
                await client.probe()
        await client.probe()
        assert len(cad.requests) == 3


class TestUnknownVersion:
    async def test_the_question_for_the_version_is_the_probe(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        await client.probe()
        assert paths(cad) == ["/v2/general/version"]
        await client.add_call_note(NOTE)
        assert len(cad.requests) == 2

    async def test_version_1_is_asked_itself_whether_it_takes_the_key(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.versions = {1}
        await client.probe()
        assert paths(cad) == ["/v2/general/version", "/general/get_version"]

    async def test_version_1_may_turn_the_key_down(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.versions, cad.api_key = {1}, "renewed-key"
        with pytest.raises(CredentialsError):
            await client.probe()

    async def test_version_2_may_turn_the_key_down(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.api_key = "renewed-key"
        for _ in range(2):
            with pytest.raises(CredentialsError):
                await client.probe()
        with pytest.raises(CredentialsError) as caught:
            await client.add_call_note(NOTE)
        assert caught.value.remembered
        assert len(cad.requests) == 2

    async def test_a_probe_asks_although_notes_are_put_off(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", status=500, times=2))
        with pytest.raises(NoEffectError):
            await client.add_call_note(NOTE)
        with pytest.raises(NoEffectError):
            await client.probe()
        assert len(cad.requests) == 2
        await client.probe()
        assert len(cad.requests) == 3

    async def test_a_probe_that_is_answered_ends_the_putting_off(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", status=500))
        with pytest.raises(NoEffectError):
            await client.add_call_note(NOTE)
        await client.probe()
        await client.add_call_note(NOTE)
        assert len(cad.notes(123)) == 1

    async def test_a_probe_in_vain_puts_notes_off(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.faults.add(Fault(on="version", status=429, headers={"Retry-After": "90"}))
        for attempt in (client.probe(), client.add_call_note(NOTE)):
            with pytest.raises(RateLimitedError) as caught:
                await attempt
            assert caught.value.retry_after == about(90.0)
        assert len(cad.requests) == 1

    async def test_a_probe_and_a_note_at_once_settle_the_version_once(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.versions = {1}
        await asyncio.gather(client.add_call_note(NOTE), client.probe(), client.probe())
        assert paths(cad).count("/v2/general/version") == 1
        assert len(cad.notes(123)) == 1


class TestVersionInUse:
    @each_version
    async def test_a_given_version_is_known_at_once(
        self,
        cad: SonoranServer,
        session: aiohttp.ClientSession,
        version: ApiVersion,
    ) -> None:
        client = client_of(cad, session, version)
        assert (client.api_version, client.api_version_reason) == (version, GIVEN)
        cad.versions = {3 - version.value}
        with pytest.raises(NoEffectError):
            await client.probe()
        assert (client.api_version, client.api_version_reason) == (version, GIVEN)

    @pytest.mark.parametrize("version", list(ApiVersion), ids=str)
    async def test_a_version_found_out_comes_with_the_reason_in_the_log(
        self,
        client: SonoranClient,
        cad: SonoranServer,
        version: ApiVersion,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level("INFO")
        assert (client.api_version, client.api_version_reason) == (None, None)
        cad.versions = {version.value}
        await client.probe()
        assert client.api_version is version
        assert client.api_version_reason is not None
        sign, status = client.api_version_reason
        assert f"chosen: {sign.name}, status {status}" in caplog.text

    async def test_a_version_is_known_although_the_key_was_refused(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        cad.api_key = "renewed-key"
        with pytest.raises(CredentialsError):
            await client.probe()
        assert client.api_version is ApiVersion.V2
        assert client.api_version_reason == (VersionSign.REFUSED, 401)

    async def test_a_version_that_went_away_is_not_known_any_more(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        await client.probe()
        cad.versions = {1}
        with pytest.raises(NoEffectError):
            await client.probe()
        assert (client.api_version, client.api_version_reason) == (None, None)
        await client.probe()
        assert client.api_version is ApiVersion.V1


@pytest.mark.parametrize(
    ("version", "answer"), [(ApiVersion.V1, "PLUS"), (ApiVersion.V2, '{"plan": 3}')]
)
async def test_a_plan_told_in_another_way_is_an_answer_all_the_same(
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    version: ApiVersion,
    answer: str,
) -> None:
    client = client_of(cad, session, version)
    cad.faults.add(Fault(on="version", times=None, body=answer))
    await client.probe()
    with pytest.raises(OutcomeUnknownError):
        await client.get_plan()


@pytest.mark.parametrize("page", ["<html>Welcome</html>", ""])
async def test_a_page_in_place_of_the_plan_is_no_answer(
    cad: SonoranServer, session: aiohttp.ClientSession, page: str
) -> None:
    client = client_of(cad, session, ApiVersion.V2)
    cad.faults.add(Fault(on="version", body=page))
    with pytest.raises(OutcomeUnknownError):
        await client.probe()
