"""What a read of the CAD that fails raises, and what it means for notes."""

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import (
    ApiVersion,
    Credentials,
    CredentialsError,
    NoEffectError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranClient,
    Transport,
)
from tests import sonoran_client
from tests.cases import case
from tests.loop_clock import let_pass
from tests.sonoran import reads
from tests.sonoran.reads import READS, NewClient, failure
from tests.sonoran_client import CREDENTIALS, KEY, NOTE, about

cad = sonoran_client.cad
session = sonoran_client.session
new_client = reads.new_client
client = reads.client
version = reads.version


class TestFailures:
    async def test_a_refused_key_is_remembered_for_notes_and_reads_once_confirmed(
        self, new_client: NewClient, cad: SonoranServer
    ) -> None:
        cad.api_key = "renewed-key"
        for kind, read in READS.items():
            client, before = new_client(), len(cad.requests)
            with case(kind):
                fresh = await failure(read(client))
                assert isinstance(fresh, CredentialsError)
                assert (fresh.remembered, fresh.retry_in) == (False, 0.0)
                await failure(client.add_call_note(NOTE))
                await failure(client.probe())
                reads = (read(client) for read in READS.values())
                for attempt in (client.add_call_note(NOTE), *reads):
                    again = await failure(attempt)
                    assert isinstance(again, CredentialsError)
                    assert again.remembered
                assert len(cad.requests) == before + 3

    async def test_a_read_that_is_taken_starts_the_time_of_refusals_anew(
        self, new_client: NewClient, cad: SonoranServer
    ) -> None:
        for kind, read in READS.items():
            client = new_client()
            with case(kind):
                cad.api_key = "renewed-key"
                await failure(client.add_call_note(NOTE))
                await failure(client.probe())
                await let_pass(60.0)
                cad.api_key = KEY
                await read(client)
                cad.api_key = "renewed-key"
                await failure(client.add_call_note(NOTE))
                error = await failure(client.probe())
                assert isinstance(error, CredentialsError)
                assert error.retry_in == about(60.0)

    async def test_a_rate_limit_carries_its_delay(
        self, client: SonoranClient, cad: SonoranServer
    ) -> None:
        for kind, read in READS.items():
            cad.faults.add(Fault(on=kind, status=429, headers={"Retry-After": "120"}))
            with case(kind):
                error = await failure(read(client))
                assert isinstance(error, RateLimitedError)
                assert error.retry_after == 120.0

    async def test_a_version_that_is_not_served_is_a_wrong_address(
        self, client: SonoranClient, cad: SonoranServer, version: ApiVersion
    ) -> None:
        cad.versions = {3 - version.value}
        for kind, read in READS.items():
            with case(kind):
                error = await failure(read(client))
                assert isinstance(error, NoEffectError)
                assert error.reason is Reason.WRONG_ADDRESS

    async def test_a_repeated_key_is_blotted_out(
        self, cad: SonoranServer, session: aiohttp.ClientSession, version: ApiVersion
    ) -> None:
        cad.api_key = key = "distinctive+5f1d7c&key"
        credentials = Credentials(key, "rockford")
        client = SonoranClient(Transport(session, cad.url), credentials, version=version)
        escaped = key.replace("+", r"\u002B").replace("&", r"\u0026")  # as ASP.NET does in JSON
        for body in (f"wrong {key}", f'{{"title": "No", "detail": "wrong {escaped}"}}'):
            for kind, read in READS.items():
                cad.faults.add(Fault(on=kind, status=422, body=body))
                with case(kind, body):
                    error = await failure(read(client))
                    assert isinstance(error, RefusedError)
                    assert error.text == "wrong [redacted]"
                    assert key not in f"{error!r} {vars(error)}"


async def test_a_right_that_a_read_lacks_does_not_keep_notes_back(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    transport = Transport(session, cad.url)
    for version, status, body in (
        (ApiVersion.V2, 402, '{"title": "Plan"}'),
        (ApiVersion.V2, 403, '{"title": "No"}'),
        (ApiVersion.V1, 400, "VERSION PRO REQUIRED"),
    ):
        client, before = SonoranClient(transport, CREDENTIALS, version=version), cad.notes(123)
        cad.faults.add(Fault(on="calls", status=status, body=body))
        with case(version, status):
            with pytest.raises(CredentialsError):
                await client.get_calls(1)
            await client.add_call_note(NOTE)
            assert len(cad.notes(123)) == len(before) + 1
