"""A client whose credentials are renewed, or that has none."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran import (
    ApiVersion,
    Credentials,
    CredentialsError,
    NoEffectError,
    Reason,
    SonoranClient,
    Transport,
)
from tests import sonoran_client
from tests.sonoran_client import CREDENTIALS, NOTE

cad = sonoran_client.cad
session = sonoran_client.session

NEW = Credentials("renewed-key", "rockford")


def client(
    cad: SonoranServer, session: aiohttp.ClientSession, credentials: Credentials | None
) -> SonoranClient:
    return SonoranClient(Transport(session, cad.url), credentials)


async def test_without_credentials_nothing_is_sent(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    lone = client(cad, session, None)
    for attempt in (lone.add_call_note(NOTE), lone.get_calls(1), lone.probe(), lone.get_plan()):
        with pytest.raises(NoEffectError) as caught:
            await attempt
        assert caught.value.reason is Reason.NO_CREDENTIALS
    assert cad.requests == []
    lone.renew(CREDENTIALS)
    await lone.add_call_note(NOTE)
    assert len(cad.notes(123)) == 1


@pytest.mark.parametrize("version", [1, 2])
async def test_a_refusal_of_the_old_key_does_not_stand_against_the_new_one(
    cad: SonoranServer, session: aiohttp.ClientSession, version: int
) -> None:
    cad.versions = {version}
    cad.api_key = NEW.api_key
    renewed = client(cad, session, CREDENTIALS)
    for attempt in (renewed.add_call_note, renewed.add_call_note):
        with pytest.raises(CredentialsError):
            await attempt(NOTE)
        with pytest.raises(CredentialsError):
            await renewed.probe()
    assert renewed.refusal is not None
    renewed.renew(NEW)
    assert renewed.refusal is None
    await renewed.add_call_note(NOTE)
    assert renewed.api_version is ApiVersion(version)


async def test_what_the_old_key_meets_late_says_nothing_about_the_new_one(
    cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    renewed = client(cad, session, CREDENTIALS)
    await renewed.get_plan()
    hold = asyncio.Event()
    cad.faults.add(Fault(on="note", hold=hold, status=401, body="INVALID API KEY"))
    late = asyncio.create_task(renewed.add_call_note(NOTE))
    await cad.received(1)
    cad.api_key = NEW.api_key
    renewed.renew(NEW)
    await renewed.probe()
    hold.set()
    with pytest.raises(CredentialsError):
        await late
    await renewed.probe()
    assert renewed.refusal is None
    await renewed.add_call_note(NOTE)
