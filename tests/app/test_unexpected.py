"""What a member sees when Callnote itself fails."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.settings.cache import SettingsCache
from bot.sonoran import ApiVersion, CallNote, SonoranClient
from tests.note_messages import ADDED, public
from tests.world import World


async def test_an_unexpected_error_is_one_sentence_with_a_reference_and_the_bot_goes_on(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, failures = SettingsCache.server_id, [KeyError("unforeseen")]

    def server_id(settings: SettingsCache, guild_id: int) -> int:
        if failures:
            raise failures.pop()
        return usual(settings, guild_id)

    monkeypatch.setattr(SettingsCache, "server_id", server_id)
    async with world.bot_until_killed():
        message = await world.say()
        found = re.search(r"code: ([0-9a-f]{8})$", message.content)
        assert found is not None
        assert message.ephemeral
        (record,) = [each for each in caplog.records if found[1] in each.getMessage()]
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], KeyError)
        assert "unforeseen" not in message.content
        assert world.cad.requests == []
        assert (await world.say()).content == ADDED


@pytest.mark.parametrize("sends", [False, True])
async def test_an_unexpected_error_around_a_send_still_ends_in_one_note(
    world: World,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    sends: bool,
) -> None:
    usual, failures = SonoranClient.add_call_note, [KeyError("unforeseen")]

    async def add_call_note(cad: SonoranClient, note: CallNote, **options: Any) -> str:
        if failures:
            if sends:
                await usual(cad, note, **options)
            raise failures.pop()
        return await usual(cad, note, **options)

    monkeypatch.setattr(SonoranClient, "add_call_note", add_call_note)
    world.config = replace(world.config, api_version=ApiVersion.V2)
    async with world.bot_until_killed():
        message = await world.say()
        assert message.content == ADDED
        assert world.stored() == ["some note here"]
        assert public(world) == [message]
        errors = [each.exc_info for each in caplog.records if each.exc_info is not None]
        assert [error[0] for error in errors if error] == [KeyError]
