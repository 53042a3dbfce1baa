"""What people do with the messages of notes, and what they see there."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

from bot.sandbox.discord import Channel, Interaction, Member, Message, Role
from bot.sandbox.discord.component_validation import ROLE_SELECT, STRING_SELECT
from bot.sandbox.discord.mentions import CHANNEL_DEFAULT
from bot.sandbox.discord.message_validation import read_draft
from bot.sandbox.sonoran import Fault
from tests.world import PATIENCE, World

ADDED = "NOTE 'some note here' added to call #123"
QUEUED = "⏳ Queued for call #123: "
CHECKING = "⏳ Checking call #123: do not send again."
NOT_ADDED = "❌ Not added to call #123: "
UNCONFIRMED = "❓ Not confirmed for call #123: "


def labels(message: Message) -> list[str]:
    """Return what the buttons below a message say."""
    return [button.label for button in message.buttons]


def public(world: World) -> list[Message]:
    """Return the bot's messages that everybody in the channels sees."""
    return [
        message
        for message in world.discord.messages
        if message.author.bot and not message.ephemeral and not message.deleted
    ]


async def shows(world: World, message: Message, text: str) -> Message:
    """Wait until a message has a text in it."""
    return await asyncio.wait_for(world.discord.shows(message, text), PATIENCE)


async def told(world: World, interaction: Interaction, text: str) -> Message:
    """Wait until an interaction's public message has a text in it, and return the message."""
    async with asyncio.timeout(PATIENCE):
        await interaction.acknowledged()
        assert interaction.message is not None
        return await world.discord.shows(interaction.message, text)


async def under_way(world: World, step: str, held: asyncio.Event) -> Message:
    """Return the message of a note that is "queued", "checking" or "sending".

    It goes on once `held` is set, a queued one when the CAD is started again.
    """
    if step == "queued":
        await world.cad.stop()
        return await told(world, await world.use(), QUEUED)
    if step == "checking":
        world.cad.faults.add(Fault(status=500, applied=True))
        world.cad.faults.add(Fault(on="calls", applied=True, hold=held))
        return await told(world, await world.use(), CHECKING)
    world.cad.faults.add(Fault(applied=True, hold=held))
    interaction = await world.use()
    await asyncio.wait_for(world.cad.received(1), PATIENCE)
    assert interaction.message is not None
    return interaction.message


async def press(world: World, member: Member, message: Message, label: str) -> Interaction:
    """Let somebody press the button that says `label`."""
    (custom_id,) = [each.custom_id for each in message.buttons if each.label == label]
    assert custom_id is not None
    return await world.discord.press_button(member, message, custom_id)


async def forge(
    world: World, member: Member, custom_id: str, channel: Channel | None = None
) -> Interaction:
    """Let somebody press a button that the bot would not show there."""
    button = {"type": 2, "style": 1, "label": "?", "custom_id": custom_id}
    message = _forged(world, channel or world.channel, button)
    pressed = await world.discord.press_button(member, message, custom_id)
    world.discord.world.messages.delete(message)
    return pressed


async def forge_choice(
    world: World, member: Member, channel: Channel, custom_id: str, kind: int
) -> Interaction:
    """Let somebody choose their channel or role, or "1", in a select that the bot does not show.

    `kind` is the component's type, as Discord numbers them.
    """
    select: dict[str, object] = {"type": kind, "custom_id": custom_id}
    if kind == STRING_SELECT:
        select["options"] = [{"label": "1", "value": "1"}]
    message = _forged(world, channel, select)
    value: str | Role | Channel = "1" if kind == STRING_SELECT else channel
    if kind == ROLE_SELECT:
        value = member.roles[0]
    chosen = await world.discord.choose(member, message, custom_id, [value])
    world.discord.world.messages.delete(message)
    return chosen


def _forged(world: World, channel: Channel, component: dict[str, object]) -> Message:
    row = {"type": 1, "components": [component]}
    draft = read_draft({"content": "forged", "components": [row]}, CHANNEL_DEFAULT, [])
    return world.discord.world.messages.create(channel, world.discord.world.application, draft)


async def privately(world: World, interaction: Interaction) -> str:
    """Wait for an answer that only its member sees, and return what it says."""

    def private() -> list[Message]:
        return [message for message in interaction.messages if message.ephemeral]

    async with asyncio.timeout(PATIENCE):
        await world.discord.world.changes.until(lambda: bool(private()))
    (message,) = private()
    return message.content


def outbox_row(world: World) -> tuple[str, int, int] | None:
    """Return state, tries and revision of the first bot's only note; None without one."""
    row = next(iter(world.rows("SELECT state, attempts, revision FROM notes")), None)
    return None if row is None else (str(row[0]), int(str(row[1])), int(str(row[2])))


async def outbox_says(world: World, state: str, tries: int) -> None:
    """Wait until the first bot's only note is in a state after so many tries."""
    async with asyncio.timeout(PATIENCE):
        while (row := outbox_row(world)) is None or row[:2] != (state, tries):  # noqa: ASYNC110 - SQLite tells of nothing
            await asyncio.sleep(0.02)


async def change_outbox(world: World, *statements: str, **values: float | str) -> None:
    """Execute statements in the first bot's outbox, all in one transaction.

    Not in this thread: the bot in it may hold the file's lock and could then never let it go.
    """
    path = world.file(0).path
    assert path is not None

    def change() -> None:
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as other, other:
            other.execute("BEGIN IMMEDIATE")
            for statement in statements:
                other.execute(statement, values)

    await asyncio.to_thread(change)


async def later_in_outbox(world: World, seconds: float) -> None:
    """Let every time in the first bot's outbox be so many seconds earlier than it was."""
    await change_outbox(
        world,
        "UPDATE notes SET accepted_at = accepted_at - :seconds,"
        " round_started_at = round_started_at - :seconds, updated_at = updated_at - :seconds",
        "UPDATE call_list_reads SET read_at = read_at - :seconds",
        "UPDATE leases SET heartbeat_at = heartbeat_at - :seconds",
        seconds=seconds,
    )


async def out_of_time(world: World) -> None:
    """Let the bot be followed by one that finds the time of the waiting notes over.

    A new round, as after Try again, then has as much time as ever: with a limit that a test could
    wait for, it would have too little on a busy machine.
    """
    await world.finish()
    await later_in_outbox(world, world.config.limits.give_up_seconds)
    await world.restart()


async def queued_note(world: World, *, restarted: bool = False) -> Message:
    """Return the message of a note that is not to be tried within the next minute."""
    await world.start_with(2)
    world.cad.faults.add(Fault(status=429, headers={"Retry-After": "95"}))
    message = await told(world, await world.use(), QUEUED)
    if restarted:
        await world.restart()
    return message


async def waiting_note(world: World) -> Message:
    """Return the message of a note that waits for a CAD out of reach."""
    await world.start_with(2)
    await world.cad.stop()
    return await told(world, await world.use(), QUEUED)


async def failed_note(world: World, *, restarted: bool = False) -> Message:
    """Return the message of a note that could not be sent; the CAD can be reached again."""
    message = await waiting_note(world)
    await out_of_time(world)
    await shows(world, message, NOT_ADDED)
    await world.cad.start()
    if restarted:
        await world.restart()
    return message


async def note_in_doubt(world: World, *, stored: bool, restarted: bool = False) -> Message:
    """Return the message of a note that the call list said nothing about; it is back since."""
    await world.start_with(2)
    world.cad.faults.add(Fault(status=500, applied=stored))
    world.cad.faults.add(Fault(on="calls", status=500, times=None))
    message = await world.say()
    assert message.content.startswith(UNCONFIRMED)
    world.cad.faults.clear()
    if restarted:
        await world.restart()
    return message
