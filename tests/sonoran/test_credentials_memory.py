import asyncio
from collections.abc import AsyncIterator
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
    Transport,
)
from tests import sonoran_client
from tests.cases import case
from tests.loop_clock import let_pass
from tests.sonoran_client import CREDENTIALS, NOTE, about, serving

session = sonoran_client.session


# What is remembered of an error is the same on both versions, whose errors are of one family
# (`test_refusals.py`); what there is to know beforehand differs where the version is looked for.
@pytest.fixture(params=[ApiVersion.V2, None], ids=["v2", "auto"])
def version(request: pytest.FixtureRequest) -> ApiVersion | None:
    chosen = request.param
    assert chosen is None or isinstance(chosen, ApiVersion)
    return chosen


@pytest.fixture
async def cad() -> AsyncIterator[SonoranServer]:
    """Serve a community whose key has been replaced by another."""
    async with serving("renewed-key") as server:
        server.rate_limited = False
        yield server


@pytest.fixture
def client(
    cad: SonoranServer, session: aiohttp.ClientSession, version: ApiVersion | None
) -> SonoranClient:
    return SonoranClient(Transport(session, cad.url), CREDENTIALS, version=version)


async def refusal(client: SonoranClient) -> CredentialsError:
    """Let a note be refused, and return the error."""
    with pytest.raises(CredentialsError) as caught:
        await client.add_call_note(NOTE)
    return caught.value


async def probed(client: SonoranClient) -> CredentialsError:
    """Let a probe be refused, and return the error."""
    with pytest.raises(CredentialsError) as caught:
        await client.probe()
    return caught.value


async def confirmed(client: SonoranClient) -> CredentialsError:
    """Let a refusal be confirmed, and return what confirmed it."""
    await refusal(client)
    return await probed(client)


async def test_what_one_note_meets_keeps_no_other_back(
    client: SonoranClient, cad: SonoranServer
) -> None:
    error = await refusal(client)
    assert (error.remembered, error.retry_in) == (False, 0.0)
    assert error.status in (400, 401)
    assert client.refusal is None
    cad.api_key = "sandbox-key"
    await client.add_call_note(NOTE)


async def test_what_one_read_meets_keeps_no_note_back(
    client: SonoranClient, cad: SonoranServer
) -> None:
    assert (await probed(client)).retry_in == 0.0
    cad.api_key = "sandbox-key"
    await client.add_call_note(NOTE)


@pytest.mark.parametrize("version", [*ApiVersion, None], indirect=True, ids=str)
async def test_the_cheapest_read_confirms_what_a_note_met(
    client: SonoranClient, cad: SonoranServer
) -> None:
    error = await confirmed(client)
    assert (error.remembered, error.retry_in) == (False, about(60.0))
    assert client.refusal is not None
    assert cad.requests[-1].kind == "version"


@pytest.mark.parametrize("version", [*ApiVersion, None], indirect=True, ids=str)
async def test_the_cheapest_read_denies_what_a_note_met(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.api_key = "sandbox-key"
    cad.faults.add(Fault(on="note", status=401, body="{}"))
    await refusal(client)
    await client.probe()
    assert client.refusal is None
    await client.add_call_note(NOTE)


async def test_another_read_confirms_nothing(client: SonoranClient, cad: SonoranServer) -> None:
    await client_refused_calls(client)
    await client_refused_calls(client)
    assert client.refusal is None


async def client_refused_calls(client: SonoranClient) -> None:
    with pytest.raises(CredentialsError):
        await client.get_calls(1)


async def test_what_a_firewall_says_confirms_nothing(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.api_key = "sandbox-key"
    await client.probe()
    for status, body in product((401, 403), ("error code: 1020", "<html>Blocked</html>")):
        cad.faults.add(Fault(on="any", status=status, body=body, times=3))
        with case(status, body):
            await refusal(client)
            await probed(client)
            await probed(client)
            assert client.refusal is None
            await client.add_call_note(NOTE)


@pytest.mark.parametrize("version", list(ApiVersion), indirect=True, ids=str)
async def test_a_plan_that_lacks_notes_is_confirmed_by_its_name(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.api_key = "sandbox-key"
    cad.plan, cad.enforce_plan = "STANDARD", True
    for span in (60.0, 120.0):
        assert (await confirmed(client)).retry_in == about(span)
        await let_pass(span)
    cad.plan = "PLUS"
    await client.probe()
    await client.add_call_note(NOTE)


async def test_nothing_is_sent_while_a_refusal_is_confirmed(
    client: SonoranClient, cad: SonoranServer
) -> None:
    fresh = await confirmed(client)
    sent = len(cad.requests)
    await let_pass(40.0)
    for remembered in (await refusal(client), await probed(client)):
        assert (remembered.remembered, remembered.retry_in) == (True, about(20.0))
        assert (remembered.text, remembered.status, remembered.trace_id) == (
            fresh.text,
            fresh.status,
            fresh.trace_id,
        )
    assert len(cad.requests) == sent


async def test_the_time_doubles_up_to_fifteen_minutes(
    client: SonoranClient, cad: SonoranServer
) -> None:
    spans = [(await confirmed(client)).retry_in]
    sent = len(cad.requests)
    for _ in range(6):
        await let_pass(spans[-1] + 1.0)
        spans.append((await probed(client)).retry_in)
    assert spans == [about(span) for span in (60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0)]
    assert len(cad.requests) == sent + 6


async def test_a_right_that_the_read_lacks_is_tried_with_a_note_each_time(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.api_key = "sandbox-key"
    await client.probe()
    cad.faults.add(Fault(on="version", status=403, body="{}", times=None))
    cad.faults.add(Fault(on="note", status=403, body="{}", times=2))
    assert (await confirmed(client)).retry_in == about(60.0)
    await let_pass(60.0)
    assert (await probed(client)).retry_in == 0.0
    assert (await refusal(client)).retry_in == about(120.0)
    await let_pass(120.0)
    await probed(client)
    await client.add_call_note(NOTE)


async def test_a_success_starts_the_time_anew(client: SonoranClient, cad: SonoranServer) -> None:
    for span in (60.0, 120.0):
        assert (await confirmed(client)).retry_in == about(span)
        await let_pass(span)
    cad.api_key = "sandbox-key"
    await client.add_call_note(NOTE)
    cad.api_key = "renewed-key"
    assert (await confirmed(client)).retry_in == about(60.0)


async def test_a_no_to_the_note_alone_starts_the_time_anew(
    client: SonoranClient, cad: SonoranServer
) -> None:
    await confirmed(client)
    await let_pass(60.0)
    cad.api_key = "sandbox-key"
    with pytest.raises(RefusedError):
        await client.add_call_note(CallNote(1, 999, "x", "D-2"))
    cad.api_key = "renewed-key"
    assert (await confirmed(client)).retry_in == about(60.0)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(on="any", status=500), (OutcomeUnknownError, NoEffectError)),
        (Fault(on="any", status=429), (RateLimitedError,)),
    ],
    ids=["outage", "rate limit"],
)
async def test_an_answer_that_judges_no_key_leaves_the_time_growing(
    client: SonoranClient,
    cad: SonoranServer,
    fault: Fault,
    kind: tuple[type[Exception], ...],
) -> None:
    await confirmed(client)
    await let_pass(60.0)
    cad.faults.add(fault)
    with pytest.raises(kind):
        await client.add_call_note(NOTE)
    assert (await confirmed(client)).retry_in == about(120.0)


@pytest.mark.parametrize("version", [ApiVersion.V2], indirect=True, ids=str)
async def test_refusals_of_requests_already_under_way_count_as_one(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.api_key = CREDENTIALS.api_key
    await client.add_call_note(NOTE)
    cad.api_key = "renewed-key"
    await asyncio.gather(*(refusal(client) for _ in range(10)))
    assert client.refusal is None
    assert (await probed(client)).retry_in == about(60.0)
    assert len(cad.requests) == 12


@pytest.mark.parametrize("version", [ApiVersion.V2], indirect=True, ids=str)
async def test_until_the_key_was_accepted_one_request_goes_ahead(
    client: SonoranClient, cad: SonoranServer
) -> None:
    errors = await asyncio.gather(*(refusal(client) for _ in range(10)))
    assert sum(not error.remembered for error in errors) == 1
    assert len(cad.requests) == 1


async def test_the_others_follow_the_one_that_was_let_in(
    client: SonoranClient, cad: SonoranServer
) -> None:
    await confirmed(client)
    await let_pass(60.0)
    cad.api_key = "sandbox-key"
    await asyncio.gather(*(client.add_call_note(NOTE) for _ in range(20)))
    assert len(cad.notes(123)) == 20


@pytest.mark.parametrize("version", [ApiVersion.V2], indirect=True, ids=str)
async def test_a_silent_cad_does_not_keep_the_others_waiting_for_the_one_ahead(
    client: SonoranClient, cad: SonoranServer
) -> None:
    cad.api_key = CREDENTIALS.api_key
    held = asyncio.Event()
    cad.faults.add(Fault(applied=True, hold=held))
    notes = [asyncio.create_task(client.add_call_note(NOTE)) for _ in range(3)]
    await cad.received(3)
    held.set()
    await asyncio.gather(*notes)
    assert len(cad.notes(123)) == 3


async def test_one_community_does_not_answer_for_another(
    client: SonoranClient,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    version: ApiVersion | None,
) -> None:
    await refusal(client)
    credentials = Credentials("renewed-key", "rockford")
    other = SonoranClient(Transport(session, cad.url), credentials, version=version)
    await other.add_call_note(NOTE)
    assert len(cad.notes(123)) == 1
