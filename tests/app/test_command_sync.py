"""Which commands Discord is given, and when."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app.client import COMMANDS, CallnoteBot
from bot.app.command_sync import register
from bot.sandbox.discord import Fault
from bot.sandbox.discord.permissions import MANAGE_GUILD
from tests.world import PATIENCE, World


def puts(world: World) -> list[Any]:
    return [
        request.body
        for request in world.discord.requests
        if request.method == "PUT" and request.path.endswith("/commands")
    ]


async def test_the_commands_are_for_servers_and_the_people_there(world: World) -> None:
    await world.registered()
    commands = {command["name"]: command for command in world.discord.registered_commands}
    assert commands.keys() == COMMANDS
    for command in commands.values():
        assert command["contexts"] == [0]
        assert command["integration_types"] == [0]
    shown_to = {name: command["default_member_permissions"] for name, command in commands.items()}
    assert shown_to.pop("callnote-config") == str(MANAGE_GUILD)
    members = ["callnote", "callnote-form", "call", "calls", "Add to dispatch call"]
    assert shown_to == dict.fromkeys(members)
    call, note, server = commands["callnote"]["options"]
    assert (call["name"], call["type"], call["required"]) == ("call", 3, True)
    assert (note["name"], note["type"], note["required"]) == ("note", 3, True)
    assert note["max_length"] == 4000
    assert (server["name"], server["type"], server.get("required")) == ("server", 3, None)


def with_news(command: Any) -> Any:
    """Return a registered command with keys at every level that were never sent."""
    inner = {
        key: [with_news(each) for each in command[key]]
        for key in ("options", "choices")
        if key in command
    }
    news = {"handler": 1, "flags": 64, "name_localized": "x", "global_popularity_rank": 2}
    return {**command, **news, **inner}


async def test_only_what_differs_from_what_is_registered_is_registered_anew(world: World) -> None:
    async with client(world) as bot:
        await register(bot.tree, COMMANDS)
        assert len(puts(world)) == 1
        await register(bot.tree, COMMANDS)
        assert len(puts(world)) == 1
        shown = [with_news(command) for command in world.discord.registered_commands]
        world.discord.faults.add(Fault(route="commands_get", status=200, body=shown))
        await register(bot.tree, COMMANDS)
        assert world.discord.faults.pending == []
        assert len(puts(world)) == 1
        commands = {command["name"]: command for command in world.discord.registered_commands}
        commands["callnote"]["description"] = "An older text"
        await register(bot.tree, COMMANDS)
        assert len(puts(world)) == 2
        commands = {command["name"]: command for command in world.discord.registered_commands}
        assert commands["callnote"]["description"] != "An older text"
        commands["callnote"]["options"][0] |= {"min_length": 2}  # which it has no more
        await register(bot.tree, COMMANDS)
        assert len(puts(world)) == 3


async def test_a_failed_registration_does_not_keep_notes_from_being_added(world: World) -> None:
    world.discord.faults.add(Fault(route="commands_put", status=403, times=None, applied=False))
    await world.start()
    message = await world.say()
    assert message.content == "NOTE 'some note here' added to call #123"
    await world.finish()


@pytest.mark.parametrize("expected", [{"callnote", "another"}, set()])
async def test_a_partial_or_empty_tree_is_never_registered(
    world: World, expected: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with client(world) as bot:
        if not expected:
            bot.tree.clear_commands(guild=None)
        await register(bot.tree, frozenset(expected))
    assert puts(world) == []
    assert "commands not registered" in caplog.text


@pytest.mark.parametrize("body", ["<html>", [1], [{}], {"a": 1}])
async def test_an_unreadable_list_of_commands_is_a_log_line(
    world: World, body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with client(world) as bot:
        world.discord.faults.add(Fault(route="commands_get", status=200, body=body))
        caplog.clear()
        await register(bot.tree, frozenset({"callnote"}))
    assert "commands" in caplog.text


@contextlib.asynccontextmanager
async def client(world: World) -> AsyncIterator[CallnoteBot]:
    """Make a client that is logged in, with its cogs, and has registered nothing itself."""
    async with world.lone_bot() as bot:
        world.discord.faults.add(Fault(route="commands_get", status=403))
        await bot.login(world.config.discord_token)
        await asyncio.wait_for(world.discord.requested("commands_get"), PATIENCE)
        yield bot
