"""A server that somebody else invited the bot to, for tests of who reaches the CAD."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from bot.sandbox.discord import Channel, Guild, Interaction, Member, Message
from bot.sandbox.discord.command_use import OptionValue
from bot.sandbox.discord.permissions import ADMINISTRATOR, MANAGE_GUILD, ORDINARY_PERMISSIONS
from bot.sandbox.sonoran import Fault as CadFault
from tests.loop_clock import tick
from tests.note_messages import (
    QUEUED,
    labels,
    told,
)
from tests.world import PATIENCE, World

NOT_CONNECTED = (
    "This server is not connected yet: an administrator can start that with /callnote-config "
    "connect."
)
WITHDRAWN = "Cancelled: nothing was added to call #123."
STATUS = "callnote-config status"
DOWN = CadFault(on="note", times=None, status=429)
"""The CAD takes no note, so that notes wait."""


@dataclass(frozen=True)
class Strangers:
    """A server that somebody else invited the bot to, and who is in it.

    `stranger` is its administrator and has a role that is called Dispatcher; `owner` owns the
    bot's application and may manage the server, as Discord shows the command only to such.
    """

    world: World
    guild: Guild
    channel: Channel
    stranger: Member
    owner: Member

    async def use(
        self,
        command: str,
        options: Mapping[str, OptionValue] | None = None,
        by: Member | None = None,
    ) -> Message:
        """Let the stranger, or `by`, use a command, and return the answer for them alone."""
        interaction = await self.world.discord.use_command(
            by or self.stranger, self.channel, command, options
        )
        message = await asyncio.wait_for(interaction.answered(), PATIENCE)
        assert message.ephemeral
        return message

    async def add(
        self, note: str = "All units: stand down, code 4", call: str = "123"
    ) -> Interaction:
        """Let the stranger use `/callnote`."""
        return await self.world.discord.use_command(
            self.stranger, self.channel, "callnote", {"call": call, "note": note}
        )

    async def press_connect(self, by: Member) -> str:
        """Let somebody press Connect, shown to them or not, and return what they are told."""
        message = await self.use("callnote-config connect", by=by)
        edits = len(message.edits)
        await self.world.discord.press_button(
            by, message, "callnote-config:connect", forged=labels(message) != ["Connect"]
        )
        async with asyncio.timeout(PATIENCE):
            await self.world.discord.world.changes.until(lambda: len(message.edits) > edits)
        return message.content

    async def let_in(self) -> None:
        """Let the stranger's role add notes, in a server that is connected."""
        (role,) = self.stranger.roles
        await self.use("callnote-config roles-add", {"role": role})

    async def waiting_note(self) -> Message:
        """Let the stranger send a note while the CAD takes none, and return its message."""
        return await told(self.world, await self.add("hello"), QUEUED)


@pytest.fixture
def strangers(world: World) -> Strangers:
    guild = world.discord.add_guild(name="Paleto Bay")
    role = guild.add_role("Dispatcher")
    return Strangers(
        world,
        guild,
        guild.add_channel("dispatch"),
        guild.add_member("sam", roles=[role], permissions=ADMINISTRATOR),
        guild.add_member(world.discord.owner, permissions=ORDINARY_PERMISSIONS | MANAGE_GUILD),
    )


def changes(world: World) -> list[tuple[int, int, str]]:
    """Return the first bot's changes of settings: the server's id, the member's, and what."""
    found = world.rows("SELECT guild_id, member_id, what FROM setting_changes")
    return [(int(str(guild_id)), int(str(by)), str(what)) for guild_id, by, what in found]


def told_nothing(world: World) -> bool:
    """Whether the CAD heard of nothing."""
    return world.cad.requests == []


async def logged(caplog: pytest.LogCaptureFixture, line: str) -> None:
    """Wait until the log has a line."""
    async with asyncio.timeout(PATIENCE):
        while line not in caplog.messages:
            await tick()
