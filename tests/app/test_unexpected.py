"""What a member sees when Callnote itself fails."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.settings.cache import SettingsCache
from bot.settings.repository import SettingsRepository
from bot.sonoran import (
    ApiVersion,
    CallNote,
    SonoranClient,
    Transport,
    open_session,
)
from bot.storage import Database
from tests.note_messages import ADDED, public
from tests.world import World


class FaultySettings(SettingsCache):
    """Fails once in a way that nobody foresaw."""

    failed = False

    def server_id(self, guild_id: int) -> int:
        if not self.failed:
            self.failed = True
            raise KeyError("unforeseen")
        return super().server_id(guild_id)


class FaultyClient(SonoranClient):
    """Fails with the first note in a way that nobody foresaw, before or after sending it."""

    failed = False
    sends = False

    async def add_call_note(self, note: CallNote, **options: Any) -> str:
        if self.failed:
            return await super().add_call_note(note, **options)
        self.failed = True
        if self.sends:
            await super().add_call_note(note, **options)
        raise KeyError("unforeseen")


async def test_an_unexpected_error_is_one_sentence_with_a_reference_and_the_bot_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(world.config.database)
    settings = FaultySettings(
        SettingsRepository(database), default_roles=world.config.dispatcher_role_ids
    )
    async with open_session() as session:
        cad = SonoranClient(Transport(session, world.cad.url), world.config.credentials)
        async with world.bot_with(cad, settings):
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
    await database.close()


@pytest.mark.parametrize("sends", [False, True])
async def test_an_unexpected_error_around_a_send_still_ends_in_one_note(
    world: World, caplog: pytest.LogCaptureFixture, sends: bool
) -> None:
    async with open_session() as session:
        cad = FaultyClient(
            Transport(session, world.cad.url), world.config.credentials, version=ApiVersion.V2
        )
        cad.sends = sends
        async with world.bot_with(cad):
            message = await world.say()
            assert message.content == ADDED
            assert world.stored() == ["some note here"]
            assert public(world) == [message]
            errors = [each.exc_info for each in caplog.records if each.exc_info is not None]
            assert [error[0] for error in errors if error] == [KeyError]
