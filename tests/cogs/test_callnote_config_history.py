"""`/callnote-config history`: the last notes of this server, in pages."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.outbox.schema import notes
from bot.sandbox.discord import ApiError, Message
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.discord.markdown import render
from bot.sandbox.sonoran import Fault
from tests import kept_guilds
from tests.administrator import configure, press
from tests.note_messages import change_outbox, forge
from tests.world import PATIENCE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")
keeper = kept_guilds.keeper
world = kept_guilds.world


def shown(message: Message) -> list[str]:
    """Return a page's entries by what they quote."""
    return [line.rpartition(": ")[2] for line in message.content.splitlines()[1:]]


async def add(world: World, count: int, text: str = "note ") -> None:
    """Let there be so many notes, numbered from 0; the last is really added, the others copied."""
    await world.say(f"{text}{count - 1}")
    await world.settled()
    names = [column.name for column in notes.columns]
    copied = {"id": "id - back", "position": "position - back", "text": ":text || (:last - back)"}
    values = [copied.get(name, name) for name in names]
    back = (
        "WITH RECURSIVE n(back) AS (SELECT 1 UNION ALL SELECT back + 1 FROM n WHERE back < :last)"
    )
    copies = f"INSERT INTO notes ({', '.join(names)}) SELECT {', '.join(values)} FROM notes, n"  # noqa: S608
    await change_outbox(world, f"{back} {copies}", last=count - 1, text=text)


async def test_a_host_that_keeps_no_notes_is_named_as_the_reason(world: World) -> None:
    world.config = replace(world.config, history_days=0)
    await world.registered()
    await world.say("not for looking back")
    message = await configure(world, "history")
    assert "HISTORY_DAYS to 0" in message.content


async def test_another_server_s_notes_are_never_shown(world: World) -> None:
    other = world.discord.add_guild(name="Elsewhere")
    world.connect(other)
    channel = other.add_channel("desk")
    admin = other.add_member("olga", permissions=world.admin.permissions)
    await world.registered()
    await world.say("ours")
    interaction = await world.discord.use_command(admin, channel, "callnote-config history")
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content == "No notes are kept here."


async def test_the_newest_notes_come_first_with_who_call_and_outcome(world: World) -> None:
    await world.registered()
    await world.say("one")
    world.cad.faults.add(Fault(on="note", status=404, body="NO CALL", content_type="text/plain"))
    await world.say("two", call="124")
    message = await configure(world, "history")
    first, second = message.content.splitlines()[1:]
    assert f"<@{world.dispatcher.id}> call #124 refused: 'two'" in first
    assert f"<@{world.dispatcher.id}> call #123 added: 'one'" in second
    assert first.startswith("<t:")
    assert not message.buttons


async def test_pages_lead_to_older_notes_and_back(world: World) -> None:
    await world.registered()
    await add(world, 23)
    message = await configure(world, "history")
    assert shown(message) == [f"'note {number}'" for number in range(22, 12, -1)]
    await world.say("meanwhile")
    await press(world, message, "Older")
    assert shown(message) == [f"'note {number}'" for number in range(12, 2, -1)]
    await press(world, message, "Older")
    assert shown(message) == ["'note 2'", "'note 1'", "'note 0'"]
    assert [button.label for button in message.buttons] == ["Newer"]
    await press(world, message, "Newer")
    await press(world, message, "Newer")
    assert shown(message)[0] == "'note 22'"
    assert [button.label for button in message.buttons] == ["Older"]


async def test_buttons_work_after_a_restart(world: World) -> None:
    await world.registered()
    await add(world, 11)
    message = await configure(world, "history")
    await world.finish()
    world.stop.clear()
    await world.start()
    await press(world, message, "Older")
    assert shown(message) == ["'note 0'"]


async def test_notes_are_found_by_call_and_by_member(world: World) -> None:
    chief = world.guild.add_member("charlie", roles=[world.role])
    world.cad.add_call(7)
    await world.registered()
    await world.say("for 123")
    await world.say("for 7", call="7")
    interaction = await world.discord.use_command(
        chief, world.channel, "callnote", {"call": "7", "note": "by the chief"}
    )
    await world.final(interaction)
    assert shown(await configure(world, "history", {"call": "#7"})) == ["'by the chief'", "'for 7'"]
    assert shown(await configure(world, "history", {"member": chief})) == ["'by the chief'"]
    both = await configure(world, "history", {"call": "123", "member": chief})
    assert both.content == f"No notes for call #123 by <@{chief.id}> are kept here."


async def test_a_press_by_somebody_who_is_no_administrator_any_more_is_refused(
    world: World,
) -> None:
    await world.registered()
    await add(world, 11)
    message = await configure(world, "history")
    world.admin.permissions = world.civilian.permissions
    (older,) = [button.custom_id for button in message.buttons]
    interaction = await world.discord.press_button(world.admin, message, older or "")
    answer = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert "you need Manage Server" in answer.content
    assert "'note 0'" not in message.content


async def test_a_forged_button_with_ids_that_no_database_takes_finds_nothing(world: World) -> None:
    await world.registered()
    forged = f"callnote-config:history:{'9' * 19}:0:{'9' * 16}:{'9' * 19}"
    pressed = await forge(world, world.admin, forged)
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: len(pressed.messages) > 1)
    assert pressed.messages[-1].content.startswith("No notes for call #")


async def test_ten_long_hostile_notes_fit_one_message(world: World) -> None:
    await world.registered()
    await add(world, 10, "**_||`@everyone` https://x.test 🚓" * 100)
    message = await configure(world, "history")
    assert len(message.content.splitlines()) == 11
    assert len(message.content.encode("utf-16-le")) // 2 <= 2000
    assert not message.pings.everyone
    assert render(message.content).features <= {"line break", "timestamp", "user mention"}


async def test_a_page_comes_without_the_texts_that_discord_refuses(world: World) -> None:
    await world.registered()
    await add(world, 12)
    world.discord.world.messages.filters.append(
        lambda draft: (
            ApiError(400, 240000, "Blocked")
            if any(each in (draft.content or "") for each in ("'note 9'", "'note 4'"))
            else None
        )
    )
    message = await configure(world, "history")
    expected = [f"'note {number}'" for number in range(11, 1, -1)]
    expected[2] = expected[7] = "Discord does not show this note's text."
    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: shown(message) == expected)
    assert [button.label for button in message.buttons] == ["Older"]


async def test_a_page_outlasts_what_stands_in_front_of_discord(world: World) -> None:
    await world.registered()
    await world.say("one")
    page = DiscordFault("edit_original", 404, 2, applied=False, body="<html></html>")
    world.discord.faults.add(page)
    message = await configure(world, "history")
    assert shown(message) == ["'one'"]
    assert world.discord.messages[-1] is message
