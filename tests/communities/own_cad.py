"""A community of the strangers' own, which they connect with the form."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.communities.sealing import new_key
from bot.sandbox.discord import Channel, Guild, Interaction, Member
from bot.sandbox.discord.permissions import ADMINISTRATOR
from bot.sandbox.sonoran.community import Community
from tests.communities.strangers import Strangers
from tests.world import PATIENCE, World

KEY = "paleto-key-01234"
COMMUNITY = "Paleto"
FORM = "callnote-secret:credentials"
CREDENTIALS_KEY = new_key()

CONNECTED = "Connected to the CAD of Paleto. Next, choose who may add notes: /callnote-config roles"


def add_community(world: World) -> Community:
    """Let the CAD have the strangers' community, with the call 123."""
    community = world.cad.add_community(COMMUNITY, KEY)
    community.add_call(123, title="Burglary alarm")
    return community


def let_enter(world: World, *keys: str) -> None:
    """Let the next bots have these CREDENTIALS_KEYs, or the usual one."""
    world.config = replace(world.config, credentials_keys=keys or (CREDENTIALS_KEY,))


async def started(world: World) -> Community:
    """Start a bot that lets guilds enter their CADs' keys; returns the strangers' community."""
    community = add_community(world)
    let_enter(world)
    await world.start()
    return community


async def connected_to_host(world: World, strangers: Strangers) -> Community:
    """Connect the strangers' server to the host's CAD; returns the community of their own."""
    community = await started(world)
    await strangers.press_connect(strangers.owner)
    await strangers.let_in()
    return community


async def shown_form(world: World, member: Member, channel: Channel) -> Interaction:
    """Let somebody use `/callnote-config connect`, and return what shows them the form."""
    interaction = await world.discord.use_command(member, channel, "callnote-config connect")
    await asyncio.wait_for(interaction.acknowledged(), PATIENCE)
    assert interaction.modal is not None
    return interaction


async def submit(
    world: World, member: Member, shown: Interaction, key: str = KEY, community_id: str = ""
) -> str:
    """Let somebody fill the form in and submit it; returns the answer, for them alone."""
    values = {"api-key": key, "community-id": community_id}
    submitted = await world.discord.submit_modal(member, shown, values)
    message = await asyncio.wait_for(submitted.answered(), PATIENCE)
    assert message.ephemeral
    assert key not in message.content
    return message.content


async def enter(
    world: World, member: Member, channel: Channel, key: str = KEY, community_id: str = ""
) -> str:
    """Let somebody open the form and submit it."""
    shown = await shown_form(world, member, channel)
    return await submit(world, member, shown, key, community_id)


def another_guild(world: World, name: str = "Grapeseed") -> tuple[Guild, Channel, Member]:
    """Return one more server, a channel of it, and its administrator."""
    guild = world.discord.add_guild(name=name)
    return guild, guild.add_channel("dispatch"), guild.add_member("kim", permissions=ADMINISTRATOR)


def rows(world: World) -> list[tuple[int, str, str]]:
    """Return the first bot's credentials: server, community, and what is sealed."""
    found = world.rows("SELECT guild_id, community, sealed FROM guild_credentials")
    return [(int(str(each[0])), str(each[1]), str(each[2])) for each in found]
