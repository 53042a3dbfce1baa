"""Keeps cards in a channel, and lets time pass for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.interactions.components import mark_of
from bot.outbox import HOST
from bot.sandbox.discord import Message
from tests.loop_clock import let_pass, tick
from tests.note_messages import press, public, shows
from tests.world import PATIENCE, World

BUTTONS = ["Add note", "Refresh"]
MARK = mark_of(HOST)
AGAIN = 21.0  # seconds after which the calls may be read again


async def private(world: World, call: str = "123") -> Message:
    interaction = await world.discord.use_command(
        world.dispatcher, world.channel, "call", {"call": call}
    )
    return await asyncio.wait_for(interaction.answered(), PATIENCE)


async def kept(world: World, call: str = "123") -> Message:
    """Keep a call's card in the channel, and return it."""
    before = public(world)
    message = await private(world, call)
    await press(world, world.dispatcher, message, "Keep in channel")
    await shows(world, message, "Kept in this channel")
    (card,) = [each for each in public(world) if each not in before]
    return card


async def later(seconds: float) -> None:
    """Let time pass, and what comes of it happen: a timer, its read, the pause before an edit."""
    for _ in range(3):
        await let_pass(seconds / 3)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, while time goes on."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await tick()


def reads(world: World) -> int:
    return sum(request.kind == "calls" for request in world.cad.requests)


def edits(world: World) -> int:
    return sum(request.route == "edit_message" for request in world.discord.requests)


async def read_again(world: World) -> None:
    """Let so much time pass that the calls are read again, and what comes of it happen."""
    count = reads(world)
    await let_pass(AGAIN)
    await until(lambda: reads(world) > count)
    await later(1)


def cards(world: World) -> int:
    """Return how many cards are stored."""
    return len(world.rows("SELECT 1 FROM call_cards"))


async def quiet(world: World, seconds: float) -> None:
    """Let time pass in which nothing is read and no card is edited."""
    before = reads(world), edits(world)
    await later(seconds)
    assert (reads(world), edits(world)) == before
