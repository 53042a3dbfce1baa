"""`/call` and `/calls` show live calls to dispatchers alone, and what is below them works."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.discord import Interaction, Member, Message
from bot.sandbox.discord.component_validation import STRING_SELECT
from bot.sandbox.discord.permissions import ADMINISTRATOR
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.cogs.kept_cards import MARK
from tests.loop_clock import idle, let_pass
from tests.note_messages import forge, forge_choice, labels, press, privately
from tests.world import PATIENCE, World

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]
keeper = kept_guilds.keeper
world = kept_guilds.world

HINT = "-# Keep in channel shows this card to everyone who can see this channel."


async def use(
    world: World, command: str = "call", call: str = "123", by: Member | None = None
) -> Interaction:
    options = {"call": call} if command == "call" else {}
    return await world.discord.use_command(by or world.dispatcher, world.channel, command, options)


async def card(world: World, call: str = "123") -> Message:
    """Return the card that the dispatcher sees."""
    message = await asyncio.wait_for((await use(world, call=call)).answered(), PATIENCE)
    assert message.ephemeral
    return message


async def edited(world: World, message: Message, pressed: Interaction) -> str:
    """Wait until a component's answer replaced its message, and return what that says."""
    count = len(message.edits)
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: len(message.edits) > count)
    assert pressed.messages in ([], [message])
    return message.content


async def test_a_card_is_shown_privately_with_the_calls_latest_notes(world: World) -> None:
    world.cad.add_call(
        124, title="*Robbery*", code="10-31", address="77 Vinewood Blvd", unit_ids=[1]
    )
    for number in range(40):
        world.cad.add_note(124, f"note {number}", label="Kim")
    await world.registered()
    message = await card(world, "#124")
    lines = message.content.splitlines()
    assert lines[0] == "**#124** · 10-31 \\*Robbery\\*"
    assert lines[1].startswith("Priority 2 · active · 1 unit · first note <t:")
    assert lines[2] == "📍 77 Vinewood Blvd"
    assert lines[4].endswith("Kim: note 39")
    assert lines[-1] == HINT
    assert labels(message) == ["Add note", "Keep in channel", "Refresh", "Older notes"]
    newest = message.content
    pressed = await press(world, world.dispatcher, message, "Older notes")
    assert "page 2" in await edited(world, message, pressed)
    assert "note 39" not in message.content
    pressed = await press(world, world.dispatcher, message, "Newer notes")
    assert await edited(world, message, pressed) == newest
    add = await press(world, world.dispatcher, message, "Add note")
    await asyncio.wait_for(add.acknowledged(), PATIENCE)
    assert add.modal is not None
    assert str(add.modal["custom_id"]).startswith("callnote-form:")
    world.cad.add_note(124, "the last")
    await let_pass(61.0)
    pressed = await press(world, world.dispatcher, message, "Refresh")
    assert "the last" in await edited(world, message, pressed)


async def test_the_list_opens_cards(world: World) -> None:
    world.cad.add_call(124, title="Fire")
    await world.registered()
    message = await asyncio.wait_for((await use(world, "calls")).answered(), PATIENCE)
    assert message.ephemeral
    assert message.content.splitlines() == [
        "**2 live calls**",
        "• \\#124 · Fire · P2",
        "• \\#123 · Traffic stop · P2",
    ]
    (select,) = message.selects
    chosen = await world.discord.choose(world.dispatcher, message, select["custom_id"], ["124"])
    assert (await edited(world, message, chosen)).startswith("**#124** · Fire")
    near = await card(world, "122")
    assert near.content.endswith("Did you mean one of these?")
    assert [each["value"] for each in near.selects[0]["options"]] == ["124", "123"]
    world.cad.add_emergency_call(9)
    world.cad.close_call(124)
    await let_pass(61.0)
    assert (await card(world, "9")).content.startswith("#9 is a 911 call")
    closed = await card(world, "124")
    assert "· closed ·" in closed.content
    assert labels(closed) == ["Refresh"]


async def test_nobody_but_dispatchers_of_a_connected_guild_sees_a_call(world: World) -> None:
    await world.registered()
    root = world.guild.add_member("root", permissions=ADMINISTRATOR)
    for member in (world.civilian, world.admin, root):
        for command in ("call", "calls"):
            said = await privately(world, await use(world, command, by=member))
            assert "you need one of these roles: \\@Dispatcher" in said
    other = world.discord.add_guild(name="Paleto Bay")
    stranger = other.add_member("sam", roles=[other.add_role("Dispatcher")])
    place = other.add_channel("dispatch")
    refused = await world.discord.use_command(stranger, place, "calls", {})
    assert "not connected" in await privately(world, refused)
    assert not any(request.kind == "calls" for request in world.cad.requests)
    message = await card(world)
    world.dispatcher.roles.remove(world.role)
    for label in labels(message):
        pressed = await press(world, world.dispatcher, message, label)
        async with asyncio.timeout(PATIENCE):
            await pressed.acknowledged()
        assert "you need one of these roles" in await privately(world, pressed)
    assert [each for each in world.discord.messages if not each.ephemeral] == []


async def test_a_forged_button_or_choice_shows_and_changes_nothing(world: World) -> None:
    await world.registered()
    for custom_id in (
        f"callnote-card:page:{MARK}:1:123:0",
        f"callnote-card:page:{MARK}:1:123",
        f"callnote-card:keep:{MARK}:1:123",
        "callnote-card:add:1:123",  # as the first cards had it
        "callnote-card:refresh:1:123",
    ):
        pressed = await forge(world, world.dispatcher, custom_id)
        assert await privately(world, pressed) == "This is out of date: use /call again."
    chosen = await forge_choice(
        world, world.dispatcher, world.channel, f"callnote-card:open:{MARK}:1", STRING_SELECT
    )
    assert await privately(world, chosen) == "This is out of date: use /call again."
    refreshed = await forge(world, world.dispatcher, f"callnote-card:refresh:{MARK}:1:123")
    assert "no longer kept up to date" in await privately(world, refreshed)
    for custom_id in (
        f"callnote-card:add:{MARK}:1:0",
        f"callnote-card:open:{MARK}:1:5",
        f"callnote-card:end:{MARK}:1:1",
    ):
        await forge(world, world.dispatcher, custom_id)
    await idle()
    assert not any(request.kind == "calls" for request in world.cad.requests)


async def test_without_a_list_one_sentence_says_so_and_an_old_one_says_its_age(
    world: World,
) -> None:
    await world.registered()
    world.cad.faults.add(Fault(on="calls", status=500))
    sentence = "Callnote can't read the live calls now"
    assert (await card(world)).content.startswith(sentence)
    listed = await asyncio.wait_for((await use(world, "calls")).answered(), PATIENCE)
    assert listed.content.startswith(sentence)
    await let_pass(41.0)
    assert (await card(world)).content.startswith("**#123** · Traffic stop")
    await world.cad.stop()
    await let_pass(300.0)
    assert "-# The calls as they were 5 min ago." in (await card(world)).content


async def test_hostile_calls_are_shown_within_discords_limits(world: World) -> None:
    for number in range(200, 240):
        world.cad.add_call(
            number,
            title="@everyone\n" + "😀" * 300,
            address="\u202e" + "*" * 5000,
            description="_" * 5000,
            extra={"priority": ["?"], "code": None, "notes": {"content": "`" * 5000}, "idents": {}},
        )
    await world.registered()
    assert (await card(world, "205")).content.startswith("**#205** · \\@everyone 😀")
    listed = await asyncio.wait_for((await use(world, "calls")).answered(), PATIENCE)
    assert listed.content.startswith("**41 live calls**")
    assert len(listed.selects[0]["options"]) == 25
