"""Administrators choose the dispatcher roles from inside Discord."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox.discord.permissions import ADMINISTRATOR
from bot.settings.repository import SettingsRepository
from tests import kept_guilds
from tests.administrator import choose, configure, every_command, refused
from tests.database import opened
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world


async def test_a_host_s_list_that_is_too_long_can_shrink_but_not_grow(world: World) -> None:
    roles = [world.guild.add_role(f"Unit {number}") for number in range(28)]
    ids = frozenset(role.id for role in roles[:27])
    world.config = replace(world.config, dispatcher_role_ids=ids)
    await world.registered()
    message = await configure(world, "roles-add", {"role": roles[27]})
    assert "may have 25 dispatcher roles" in message.content
    message = await configure(world, "roles-remove", {"role": roles[0]})
    assert message.content.startswith("Dispatcher roles are now ")
    assert "@Unit 0," not in message.content
    assert "Unit 26" in message.content


async def test_everyone_and_managed_roles_of_the_host_s_list_are_not_taken_over(
    world: World,
) -> None:
    robot = world.guild.add_role("Robot", managed=True)
    ids = frozenset({world.role.id, robot.id, world.guild.everyone.id})
    world.config = replace(world.config, dispatcher_role_ids=ids)
    chief = world.guild.add_role("Chief")
    await world.registered()
    shown = await configure(world, "roles")
    assert shown.content.startswith("Dispatcher roles: \\@Dispatcher, from")
    assert "Dispatcher" in await refused(world, world.guild.add_member("r2d2", roles=[robot]))
    message = await configure(world, "roles-add", {"role": chief})
    assert message.content == "Dispatcher roles are now \\@Chief and \\@Dispatcher."


async def test_a_role_deleted_in_discord_disappears_from_the_list(world: World) -> None:
    world.connect(world.guild)
    chief = world.guild.add_role("Chief")
    await world.registered()
    await configure(world, "roles-add", {"role": chief})
    world.guild.delete_role(chief)
    assert (await configure(world, "roles")).content.startswith("Dispatcher roles: \\@Dispatcher.")
    world.guild.delete_role(world.role)
    assert (await configure(world, "roles")).content.startswith("No role may add notes")


async def test_the_host_s_roles_count_only_until_something_was_chosen(world: World) -> None:
    await world.registered()
    assert "DISPATCHER\\_ROLE\\_IDS" in (await configure(world, "roles")).content
    await configure(world, "roles-remove", {"role": world.role})
    await world.finish()
    world.stop.clear()
    world.config = replace(world.config, dispatcher_role_ids=frozenset({world.role.id}))
    await world.start()
    assert "Nobody may add notes here" in await refused(world, world.dispatcher)


async def test_a_newly_allowed_dispatcher_adds_a_note_without_a_restart(world: World) -> None:
    chief = world.guild.add_role("Chief")
    member = world.guild.add_member("charlie", roles=[chief])
    await world.registered()
    assert "Dispatcher" in await refused(world, member)
    shown = await configure(world, "roles")
    assert "\\@Dispatcher" in shown.content
    said = await choose(world, shown, "roles", [world.role, chief])
    assert said == "Dispatcher roles are now \\@Chief and \\@Dispatcher."
    interaction = await world.discord.use_command(
        member, world.channel, "callnote", {"call": "123", "note": "from the chief"}
    )
    await world.final(interaction)
    assert world.stored() == ["from the chief"]


async def test_a_removed_dispatcher_is_refused_at_once(world: World) -> None:
    chief = world.guild.add_role("Chief")
    await world.registered()
    said = await choose(world, await configure(world, "roles"), "roles", [chief])
    assert said == "The dispatcher role is now \\@Chief, and no longer \\@Dispatcher."
    assert "Chief" in await refused(world, world.dispatcher)
    assert world.cad.requests == []


async def test_choosing_no_role_closes_the_door(world: World) -> None:
    await world.registered()
    said = await choose(world, await configure(world, "roles"), "roles", [])
    assert said.startswith("Nobody can add notes now.")
    assert "Nobody may add notes here" in await refused(world, world.dispatcher)


async def test_adding_the_first_role_keeps_those_of_the_host(world: World) -> None:
    chief = world.guild.add_role("Chief")
    await world.registered()
    message = await configure(world, "roles-add", {"role": chief})
    assert message.content == "Dispatcher roles are now \\@Chief and \\@Dispatcher."
    await world.say()
    assert world.stored() == ["some note here"]


async def test_removing_the_last_role_closes_the_door(world: World) -> None:
    await world.registered()
    message = await configure(world, "roles-remove", {"role": world.role})
    assert message.content.startswith("Nobody can add notes now.")
    assert "Nobody may add notes here" in await refused(world, world.dispatcher)


async def test_a_role_that_is_no_dispatcher_role_cannot_be_removed(world: World) -> None:
    chief = world.guild.add_role("Chief")
    await world.registered()
    message = await configure(world, "roles-remove", {"role": chief})
    assert "\\@Chief is not a dispatcher role" in message.content
    await world.say()


async def test_everyone_and_managed_roles_are_refused_with_a_reason(world: World) -> None:
    robot = world.guild.add_role("Robot", managed=True)
    await world.registered()
    message = await configure(world, "roles-add", {"role": world.guild.everyone})
    assert "everybody could add notes" in message.content
    message = await configure(world, "roles-add", {"role": robot})
    assert "\\@Robot belongs to a bot" in message.content
    shown = await configure(world, "roles")
    await choose(world, shown, "roles", [world.role, robot])
    assert "Nothing changed" in shown.content
    await world.say()
    assert world.stored() == ["some note here"]


async def test_a_twenty_sixth_role_is_refused(world: World) -> None:
    roles = [world.guild.add_role(f"Unit {number}") for number in range(25)]
    await world.registered()
    await choose(world, await configure(world, "roles"), "roles", roles)
    message = await configure(world, "roles-add", {"role": world.role})
    assert "may have 25 dispatcher roles" in message.content
    assert "Unit 24" in (await configure(world, "roles")).content


async def test_who_changed_what_is_recorded_and_deletions_have_no_author(world: World) -> None:
    chief = world.guild.add_role("Chief")
    await world.registered()
    await configure(world, "roles-add", {"role": chief})
    status = (await configure(world, "status")).content
    assert f"by <@{world.admin.id}>: dispatcher roles: \\@Chief, \\@Dispatcher" in status
    world.guild.delete_role(chief)
    async with asyncio.timeout(PATIENCE):
        while "deleted" not in status:
            status = (await configure(world, "status")).content
    last = status.splitlines()[-1]
    assert last.endswith(": dispatcher role deleted in Discord: \\@Chief")
    assert " by " not in last


async def saved_roles(world: World) -> frozenset[int] | None:
    """Look into the first bot's database for the roles that the server has chosen."""
    async with opened(world.file(0), shared=True) as database:
        (settings,) = await SettingsRepository(database).changed_since(0)
    return settings.role_ids


async def test_a_role_deleted_while_the_bot_was_away_is_forgotten_and_keeps_the_door_closed(
    world: World,
) -> None:
    chief = world.guild.add_role("Chief")
    await world.registered()
    await choose(world, await configure(world, "roles"), "roles", [chief])
    await world.finish()
    world.guild.delete_role(chief)
    world.stop.clear()
    await world.start()
    assert (await configure(world, "roles")).content.startswith("No role may add notes")
    assert "Nobody may add notes here" in await refused(world, world.dispatcher)
    async with asyncio.timeout(PATIENCE):
        while await saved_roles(world) != frozenset():  # noqa: ASYNC110 - SQLite tells of nothing
            await asyncio.sleep(0.02)


async def test_the_picker_of_an_earlier_process_still_works(world: World) -> None:
    chief = world.guild.add_role("Chief")
    await world.registered()
    shown = await configure(world, "roles")
    await world.restart()
    said = await choose(world, shown, "roles", [chief])
    assert said == "The dispatcher role is now \\@Chief, and no longer \\@Dispatcher."


async def test_a_member_without_manage_server_who_forges_a_command_is_refused(
    world: World,
) -> None:
    await world.registered()
    commands = every_command(world, world.role, world.channel, world.civilian)
    for name in (
        "callnote",
        "callnote-form",
        "call",
        "calls",
        "callnote-config connect",
    ):  # for others
        del commands[name]
    for command, options in commands.items():
        interaction = await world.discord.use_command(
            world.dispatcher, world.channel, command, options
        )
        message = await asyncio.wait_for(interaction.answered(), PATIENCE)
        assert message.ephemeral
        assert "you need Manage Server" in message.content
    await world.say()


async def test_a_command_forged_in_a_direct_message_is_refused_without_a_word_of_notes(
    world: World,
) -> None:
    await world.registered()
    interaction = await world.discord.use_command(world.admin, None, "callnote-config status", None)
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert "not in direct messages" in message.content
    assert "note" not in message.content.replace("Callnote", "")


async def test_somebody_who_is_no_administrator_any_more_cannot_use_their_picker(
    world: World,
) -> None:
    await world.registered()
    shown = await configure(world, "roles")
    world.admin.permissions = world.civilian.permissions
    interaction = await world.discord.choose(world.admin, shown, "callnote-config:roles", [])
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert "you need Manage Server" in message.content
    await world.say()
    assert world.stored() == ["some note here"]


async def test_an_administrator_without_manage_server_may_set_callnote_up(world: World) -> None:
    world.admin.permissions = ADMINISTRATOR
    await world.registered()
    assert "Dispatcher" in (await configure(world, "roles")).content
