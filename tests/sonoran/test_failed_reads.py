"""What a read of the CAD that fails raises, and what it means for notes."""

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sandbox.sonoran.faults import FaultTarget
from bot.sonoran import (
    ApiVersion,
    Credentials,
    CredentialsError,
    NoEffectError,
    RateLimitedError,
    Reason,
    SonoranClient,
    Transport,
)
from tests import sonoran_client
from tests.loop_clock import let_pass
from tests.sonoran import reads
from tests.sonoran.reads import READS, each_read, failure
from tests.sonoran_client import CREDENTIALS, KEY, NOTE, about

cad = sonoran_client.cad
session = sonoran_client.session
client = reads.client
version = reads.version


class TestFailures:
    @each_read
    async def test_a_refused_key_is_remembered_for_notes_and_reads_once_confirmed(
        self, client: SonoranClient, cad: SonoranServer, kind: FaultTarget
    ) -> None:
        cad.api_key = "renewed-key"
        fresh = await failure(READS[kind](client))
        assert isinstance(fresh, CredentialsError)
        assert (fresh.remembered, fresh.retry_in) == (False, 0.0)
        await failure(client.add_call_note(NOTE))
        await failure(client.probe())
        for attempt in (client.add_call_note(NOTE), *(read(client) for read in READS.values())):
            again = await failure(attempt)
            assert isinstance(again, CredentialsError)
            assert again.remembered
        assert len(cad.requests) == 3

    @each_read
    async def test_a_read_that_is_taken_starts_the_time_of_refusals_anew(
        self, client: SonoranClient, cad: SonoranServer, kind: FaultTarget
    ) -> None:
        cad.api_key = "renewed-key"
        await failure(client.add_call_note(NOTE))
        await failure(client.probe())
        await let_pass(60.0)
        cad.api_key = KEY
        await READS[kind](client)
        cad.api_key = "renewed-key"
        await failure(client.add_call_note(NOTE))
        error = await failure(client.probe())
        assert isinstance(error, CredentialsError)
        assert error.retry_in == about(60.0)

    @each_read
    async def test_a_rate_limit_carries_its_delay(
        self, client: SonoranClient, cad: SonoranServer, kind: FaultTarget
    ) -> None:
        cad.faults.add(Fault(on=kind, status=429, headers={"Retry-After": "120"}))
        error = await failure(READS[kind](client))
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == 120.0

    @each_read
    async def test_a_version_that_is_not_served_is_a_wrong_address(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion, kind: FaultTarget
    ) -> None:
        cad.versions = {3 - version.value}
        error = await failure(READS[kind](client))
        assert isinstance(error, NoEffectError)
        assert error.reason is Reason.WRONG_ADDRESS

    @each_read
    async def test_a_repeated_key_is_blotted_out(
        self, cad: SonoranServer, session: aiohttp.ClientSession, kind: FaultTarget
    ) -> None:
        key = "distinctive-5f1d7c-key"
        client = SonoranClient(Transport(session, cad.url), Credentials(key, "rockford"))
        cad.faults.add(Fault(on=kind, status=400, body=f"wrong {key}"))
        error = await failure(READS[kind](client))
        assert key not in f"{error!r} {vars(error)}"


@pytest.mark.parametrize(
    ("version", "status", "body"),
    [(2, 402, '{"title": "Plan"}'), (2, 403, '{"title": "No"}'), (1, 400, "VERSION PRO REQUIRED")],
)
async def test_a_right_that_a_read_lacks_does_not_keep_notes_back(
    cad: SonoranServer, session: aiohttp.ClientSession, version: int, status: int, body: str
) -> None:
    client = SonoranClient(Transport(session, cad.url), CREDENTIALS, version=ApiVersion(version))
    cad.faults.add(Fault(on="calls", status=status, body=body))
    with pytest.raises(CredentialsError):
        await client.get_calls(1)
    await client.add_call_note(NOTE)
    assert len(cad.notes(123)) == 1
