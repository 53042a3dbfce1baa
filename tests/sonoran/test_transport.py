import asyncio
import logging
import os
import traceback
from collections.abc import AsyncIterator, Iterator
from itertools import product

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import (
    ApiVersion,
    Credentials,
    NoEffectError,
    OutcomeUnknownError,
    SonoranClient,
    SonoranError,
    Transport,
)
from tests import sonoran_client
from tests.cases import case
from tests.self_certified import self_certified
from tests.sonoran_client import NOTE, serving

KEY = "distinctive-5f1d7c-key"
PROXY_SETTINGS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")

VERSIONS = (ApiVersion.V1, ApiVersion.V2, None)

session = sonoran_client.session


@pytest.fixture
async def cad() -> AsyncIterator[SonoranServer]:
    async with serving(KEY) as server:
        yield server


@pytest.fixture
async def elsewhere() -> AsyncIterator[SonoranServer]:
    """Serve a second host that must hear nothing."""
    async with serving(KEY) as server:
        yield server
        assert server.requests == []


@pytest.fixture
def proxied(elsewhere: SonoranServer) -> Iterator[None]:
    """Name the second host as proxy for everything while the test runs."""
    names = (*PROXY_SETTINGS, "NO_PROXY", "no_proxy")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(dict.fromkeys(PROXY_SETTINGS, elsewhere.url))
    yield
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(before)


def client_of(
    session: aiohttp.ClientSession,
    url: str,
    version: ApiVersion | None,
    *,
    seconds: float = 10.0,
    connect_seconds: float = 5.0,
) -> SonoranClient:
    transport = Transport(session, url, connect_seconds=connect_seconds, total_seconds=seconds)
    return SonoranClient(transport, Credentials(KEY, "rockford"), version=version)


class TestReach:
    async def test_a_refused_connection_had_no_effect(self, session: aiohttp.ClientSession) -> None:
        async with SonoranServer() as gone:
            url = gone.url
        for version in VERSIONS:
            with case(version), pytest.raises(NoEffectError, match="NO_CONNECTION"):
                await client_of(session, url, version).add_call_note(NOTE)

    async def test_an_unknown_host_had_no_effect(self, session: aiohttp.ClientSession) -> None:
        for version in VERSIONS:
            with case(version), pytest.raises(NoEffectError, match="NO_CONNECTION"):
                await client_of(session, "https://nothing.invalid", version).add_call_note(NOTE)

    async def test_a_host_without_encryption_never_sees_the_request(
        self, session: aiohttp.ClientSession, elsewhere: SonoranServer
    ) -> None:
        url = elsewhere.url.replace("http:", "https:")
        for version in VERSIONS:
            with case(version), pytest.raises(NoEffectError, match="NO_CONNECTION"):
                await client_of(session, url, version).add_call_note(NOTE)

    async def test_a_certificate_that_cannot_be_verified_is_named(
        self, session: aiohttp.ClientSession
    ) -> None:
        async with self_certified() as url:
            for version in VERSIONS:
                with case(version), pytest.raises(NoEffectError, match="UNVERIFIED_CERTIFICATE"):
                    await client_of(session, url, version).add_call_note(NOTE)

    async def test_waiting_in_vain_for_a_free_connection_had_no_effect(
        self, cad: SonoranServer
    ) -> None:
        release = asyncio.Event()
        cad.faults.add(Fault(applied=True, hold=release))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as narrow:
            first = asyncio.create_task(
                client_of(narrow, cad.url, ApiVersion.V2).add_call_note(NOTE)
            )
            await cad.received(1)
            second = client_of(narrow, cad.url, ApiVersion.V2, connect_seconds=0.05)
            with pytest.raises(NoEffectError, match="NO_CONNECTION"):
                await second.add_call_note(NOTE)
            release.set()
            await first
        assert len(cad.requests) == len(cad.notes(123)) == 1

    @pytest.mark.usefixtures("proxied")
    async def test_proxies_of_the_environment_are_not_used(
        self, cad: SonoranServer, session: aiohttp.ClientSession
    ) -> None:
        for version in VERSIONS:
            with case(version):
                await client_of(session, cad.url, version).add_call_note(NOTE)
        assert len(cad.notes(123)) == len(VERSIONS)

    async def test_cookies_are_not_kept(
        self, cad: SonoranServer, session: aiohttp.ClientSession
    ) -> None:
        cad.faults.add(Fault(applied=True, headers={"Set-Cookie": "a=b; Path=/"}))
        client = client_of(session, cad.url, ApiVersion.V2)
        await client.add_call_note(NOTE)
        await client.add_call_note(NOTE)
        assert "Cookie" not in cad.requests[1].headers


class TestRedirects:
    async def test_the_key_does_not_follow_a_redirect(
        self, cad: SonoranServer, elsewhere: SonoranServer, session: aiohttp.ClientSession
    ) -> None:
        location = {"Location": elsewhere.url + "/v2/emergency/servers/1/dispatch-calls/123/notes"}
        kinds: list[tuple[int, type[SonoranError]]] = [
            (301, OutcomeUnknownError),
            (302, OutcomeUnknownError),
            (303, OutcomeUnknownError),
            (307, NoEffectError),
            (308, NoEffectError),
        ]
        for version, (status, kind) in product(VERSIONS, kinds):
            cad.faults.add(Fault(on="note", status=status, headers=location))
            with case(version, status), pytest.raises(kind):
                await client_of(session, cad.url, version).add_call_note(NOTE)
        assert len(cad.note_requests) == len(VERSIONS) * len(kinds)

    async def test_the_version_question_does_not_follow_a_redirect(
        self, cad: SonoranServer, elsewhere: SonoranServer, session: aiohttp.ClientSession
    ) -> None:
        location = {"Location": elsewhere.url + "/v2/general/version"}
        cad.faults.add(Fault(on="version", status=302, headers=location))
        with pytest.raises(NoEffectError):
            await client_of(session, cad.url, None).add_call_note(NOTE)
        assert cad.note_requests == []


NO_HTTP = (
    b"HELLO\r\n\r\n",
    b"\x15\x03\x01\x00\x02\x02\x0a",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nab\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
)


class TestBrokenServers:
    async def test_an_answer_that_is_no_http_leaves_the_outcome_unknown(
        self, session: aiohttp.ClientSession
    ) -> None:
        answer = b""

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            for version, answer in product(ApiVersion, NO_HTTP):
                with case(version, answer):
                    with pytest.raises(OutcomeUnknownError) as caught:
                        await client_of(session, url, version).add_call_note(NOTE)
                    assert KEY not in "".join(traceback.format_exception(caught.value))


SAYING_NO = (
    Fault(on="any", status=400, times=None),
    Fault(on="any", status=401, times=None),
    Fault(on="any", status=429, times=None),
    Fault(on="any", status=500, times=None),
    Fault(on="any", status=307, headers={"Location": "/x"}, times=None),
    Fault(on="any", body="<html>", times=None),
    Fault(on="any", abort="before", times=None),
    Fault(on="any", abort="truncated", times=None),
    Fault(on="any", delay=3600, times=None),
    Fault(on="note", status=401),
    Fault(on="note", abort="before"),
)


class TestSecrecy:
    async def test_no_error_and_no_log_line_shows_the_key(
        self, cad: SonoranServer, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for version, fault in product(VERSIONS, SAYING_NO):
            cad.faults.clear()
            cad.faults.add(fault)
            client = client_of(session, cad.url, version, seconds=0.5)
            results = [
                *await asyncio.gather(client.add_call_note(NOTE), return_exceptions=True),
                *await asyncio.gather(client.add_call_note(NOTE), return_exceptions=True),
            ]
            errors = [result for result in results if isinstance(result, SonoranError)]
            with case(version, fault):
                assert errors
                for error in errors:
                    assert KEY not in f"{error} {error!r} {vars(error)}"
                    assert KEY not in "".join(traceback.format_exception(error))
                assert KEY not in caplog.text
                caplog.clear()

    async def test_no_connection_error_shows_the_key(self, session: aiohttp.ClientSession) -> None:
        for version, url in product(VERSIONS, ("https://nothing.invalid", "http://127.0.0.1:1")):
            with case(version, url):
                with pytest.raises(NoEffectError) as caught:
                    await client_of(session, url, version).add_call_note(NOTE)
                assert KEY not in "".join(traceback.format_exception(caught.value))
                assert KEY not in repr((caught.value.__cause__, caught.value.__context__))

    async def test_a_success_logs_neither_key_nor_note(
        self,
        cad: SonoranServer,
        session: aiohttp.ClientSession,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        client = client_of(session, cad.url, None)
        await client.add_call_note(NOTE)
        shown = caplog.text + repr((NOTE, client, Credentials(KEY, "rockford")))
        assert KEY not in shown
        assert NOTE.text not in shown
