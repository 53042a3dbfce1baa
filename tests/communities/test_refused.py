"""Only connected servers reach the CAD, whatever is pressed, typed or forged in any other."""

from __future__ import annotations

import pytest

from bot.sandbox.discord.component_validation import CHANNEL_SELECT, ROLE_SELECT, STRING_SELECT
from tests import kept_guilds
from tests.administrator import every_command, refused
from tests.communities import strangers as scene
from tests.communities.strangers import DOWN, NOT_CONNECTED, Strangers, changes, told_nothing
from tests.note_messages import (
    ADDED,
    QUEUED,
    forge,
    forge_choice,
    privately,
    public,
    shows,
    told,
)
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world
strangers = scene.strangers


async def test_a_server_with_the_commands_alone_is_told_how_to_invite_the_bot(
    world: World, strangers: Strangers
) -> None:
    world.connect(strangers.guild)
    del world.discord.world.guilds[strangers.guild.id]
    await world.start()
    said = (await strangers.use("callnote", {"call": "123", "note": "hi"})).content
    assert said == (
        "Callnote is not a member of this server: invite it again with both scopes, bot and "
        "applications.commands."
    )
    assert told_nothing(world)


async def test_a_stranger_gets_one_sentence_for_every_command_and_the_cad_nothing(
    world: World, strangers: Strangers
) -> None:
    await world.registered()
    (role,) = strangers.stranger.roles
    commands = every_command(world, role, strangers.channel, strangers.stranger)
    del commands["callnote-config connect"]
    for command, options in commands.items():
        for member in (strangers.stranger, strangers.owner):
            assert (await strangers.use(command, options, by=member)).content == NOT_CONNECTED
    assert told_nothing(world)
    assert not public(world)
    assert changes(world) == []


async def test_whatever_is_pressed_in_a_strangers_server_gets_the_same_sentence(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    for custom_id in (
        "callnote-config:log-off",
        "callnote-config:history:0:0:123:0",
        "callnote:retry:1",
        "callnote:resend:1",
        "callnote:check:1",
        "callnote:add:1",
        "callnote:cancel:1",
        "callnote:of-an-older-version",
        "of-nobody",
    ):
        pressed = await forge(world, strangers.stranger, custom_id, strangers.channel)
        assert await privately(world, pressed) == NOT_CONNECTED, custom_id
    assert told_nothing(world)


async def test_whatever_is_chosen_in_a_strangers_server_gets_the_same_sentence(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    for what, kind in (
        ("roles", ROLE_SELECT),
        ("server", STRING_SELECT),
        ("log-channel", CHANNEL_SELECT),
    ):
        chosen = await forge_choice(
            world, strangers.stranger, strangers.channel, f"callnote-config:{what}", kind
        )
        assert await privately(world, chosen) == NOT_CONNECTED, what
    assert told_nothing(world)
    assert changes(world) == []


async def test_a_form_in_a_strangers_server_gets_the_same_sentence(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    submitted = await world.discord.forge_form(
        strangers.stranger, strangers.channel, "callnote:form"
    )
    assert await privately(world, submitted) == NOT_CONNECTED
    assert told_nothing(world)


async def test_a_note_of_ours_cannot_be_touched_from_a_strangers_server(
    world: World, strangers: Strangers
) -> None:
    world.cad.faults.add(DOWN)
    await world.start()
    interaction = await world.use()
    message = await told(world, interaction, QUEUED)
    for action in ("cancel", "retry", "resend"):
        custom_id = f"callnote:{action}:{interaction.id}"
        pressed = await forge(world, strangers.stranger, custom_id, strangers.channel)
        assert await privately(world, pressed) == NOT_CONNECTED
    world.cad.faults.clear()
    await shows(world, message, ADDED)


async def test_whoever_may_not_manage_the_server_cannot_disconnect_it(
    world: World, strangers: Strangers
) -> None:
    passer_by = strangers.guild.add_member("pat")
    await world.start()
    await strangers.press_connect(strangers.owner)
    said = (await strangers.use("callnote-config disconnect", by=passer_by)).content
    assert "you need Manage Server" in said


async def test_a_members_own_role_tells_that_the_server_is_connected(world: World) -> None:
    await world.start()
    world.guild.available = False
    await world.restart()
    await world.final(await world.use())
    assert world.stored() == ["some note here"]


async def test_whoever_has_none_of_the_roles_is_told_so_where_their_names_are_not_known(
    world: World,
) -> None:
    world.connect(world.guild)
    world.guild.available = False
    await world.start()
    assert await refused(world, world.civilian) == (
        "To add notes you need one of the dispatcher roles: ask an administrator for one."
    )
