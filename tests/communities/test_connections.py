"""Only connected servers reach the CAD, whatever is pressed, typed or forged in any other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.communities.connections import Connections
from bot.outbox import WaitingNotes
from bot.sandbox.discord import Channel, Fault, Guild, Interaction, Member, Message, User
from bot.sandbox.discord.command_use import OptionValue
from bot.sandbox.discord.component_validation import CHANNEL_SELECT, ROLE_SELECT, STRING_SELECT
from bot.sandbox.discord.permissions import ADMINISTRATOR, MANAGE_GUILD, ORDINARY_PERMISSIONS
from bot.sandbox.sonoran import Fault as CadFault
from bot.settings.cache import SettingsCache
from bot.settings.repository import SettingsRepository
from bot.storage import Database, DatabaseUrl
from bot.storage.upgrade import upgrade
from bot.timing import Timing
from tests import database
from tests.administrator import configure, every_command
from tests.child import running, settings_of, start
from tests.clock import Clock
from tests.database import at_once, setting_of
from tests.gate import Gate
from tests.note_messages import (
    ADDED,
    CHECKING,
    QUEUED,
    forge,
    forge_choice,
    labels,
    privately,
    public,
    shows,
    told,
)
from tests.world import PATIENCE, World

behind_gate = database.behind_gate
engine = database.engine
address = database.address

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
    path = world.file(0).path
    assert path is not None
    with contextlib.closing(sqlite3.connect(path)) as other:
        return list(other.execute("SELECT guild_id, member_id, what FROM setting_changes"))


def told_nothing(world: World) -> bool:
    """Whether the CAD heard of nothing."""
    return world.cad.requests == []


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


async def test_the_owner_connects_a_server_with_one_command_and_one_press(
    world: World, strangers: Strangers
) -> None:
    await world.registered()
    interaction = await world.discord.use_command(
        strangers.owner, strangers.channel, "callnote-config connect", strict=True
    )
    message = await asyncio.wait_for(interaction.answered(), PATIENCE)
    assert message.content.startswith("Connect Paleto Bay to your community's Sonoran CAD?")
    await world.discord.press_button(strangers.owner, message, "callnote-config:connect")
    await shows(world, message, "Connected. Next, choose who may add notes: /callnote-config roles")
    await strangers.let_in()
    await world.final(await strangers.add("hello"))
    assert world.stored() == ["hello"]


async def test_everybody_else_is_told_whom_to_ask_and_the_servers_id(
    world: World, strangers: Strangers
) -> None:
    passer_by = strangers.guild.add_member("pat")
    await world.start()
    for somebody in (strangers.stranger, passer_by):
        message = await strangers.use("callnote-config connect", by=somebody)
        assert message.content.startswith("Only the bot's host can connect this server.")
        assert message.content.endswith(str(strangers.guild.id))
        assert not message.buttons
        assert "Only the bot's host" in await strangers.press_connect(somebody)
    assert changes(world) == []
    assert await privately(world, await strangers.add()) == NOT_CONNECTED
    assert told_nothing(world)


async def test_a_forged_press_of_connect_cannot_change_a_public_message(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    message = await world.say()
    await world.discord.press_button(
        world.civilian, message, "callnote-config:connect", forged=True
    )
    forged = await forge(world, strangers.stranger, "callnote-config:connect", strangers.channel)
    assert await privately(world, forged) == NOT_CONNECTED
    assert message.content == ADDED


async def test_a_member_of_the_team_that_owns_the_application_may_connect(
    world: World, strangers: Strangers
) -> None:
    colleague, invited = User(1001, "robin"), User(1002, "kim")
    world.discord.form_team([colleague], invited=[invited])
    await world.start()
    no = strangers.guild.add_member(invited, permissions=ADMINISTRATOR)
    assert "Only the bot's host" in await strangers.press_connect(no)
    yes = strangers.guild.add_member(colleague)
    assert "Connected. Next" in await strangers.press_connect(yes)


async def test_the_head_of_the_team_may_connect(world: World, strangers: Strangers) -> None:
    world.discord.form_team([])
    await world.start()
    assert "Connected. Next" in await strangers.press_connect(strangers.owner)


async def test_nobody_connects_while_discord_does_not_say_who_owns_the_bot(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    world.discord.faults.add(Fault(route="application", status=400, times=None, applied=False))
    message = await strangers.use("callnote-config connect", by=strangers.owner)
    assert "Discord did not say who owns this bot" in message.content
    world.discord.faults.clear()
    assert "Connected. Next" in await strangers.press_connect(strangers.owner)


async def test_who_owns_the_bot_is_remembered_for_a_while(
    world: World, strangers: Strangers
) -> None:
    await world.start()

    def asked() -> int:
        return sum(request.route == "application" for request in world.discord.requests)

    before = asked()
    for _ in range(3):
        await strangers.use("callnote-config connect")
    assert asked() == before + 1


async def test_the_choice_survives_a_restart_and_who_made_it_is_recorded(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    await strangers.press_connect(strangers.owner)
    assert changes(world) == [(strangers.guild.id, strangers.owner.id, "connected to the CAD")]
    await world.restart()
    content = (await strangers.use(STATUS)).content
    assert "This server is connected, with /callnote-config connect." in content


async def test_a_second_process_sees_the_choice_within_seconds(
    world: World, strangers: Strangers, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with database.postgresql(request.config) as shared:
        setting = setting_of(shared)
        async with running(world, tmp_path, DATABASE_URL=setting) as first:
            async with running(world, tmp_path, connections=2, DATABASE_URL=setting) as second:
                first.signal(signal.SIGSTOP)
                await strangers.press_connect(strangers.owner)
                first.signal(signal.SIGCONT)
                second.signal(signal.SIGTERM)
                assert (await second.ended())[0] == 0
            async with asyncio.timeout(PATIENCE):
                while "connected, with" not in (await strangers.use(STATUS)).content:  # noqa: ASYNC110 - the bot tells of nothing
                    await asyncio.sleep(0.2)


async def test_servers_that_the_host_names_are_connected(
    world: World, strangers: Strangers
) -> None:
    world.connect(strangers.guild)
    await world.start()
    assert "DISCORD\\_GUILD\\_IDS" in (await strangers.use(STATUS)).content
    said = (await strangers.use("callnote-config connect", by=strangers.owner)).content
    assert said == (
        "This server is connected already, by the host's setting DISCORD\\_GUILD\\_IDS."
    )
    said = (await strangers.use("callnote-config disconnect")).content
    assert said.startswith("This server is still connected, by the host's setting DISCORD")
    assert (
        "a role in the host's setting DISPATCHER\\_ROLE\\_IDS"
        in (await configure(world, "status")).content
    )


async def test_disconnect_is_remembered_below_the_hosts_setting(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    await strangers.press_connect(strangers.owner)
    await world.finish()
    world.connect(strangers.guild)
    await world.restart()
    await strangers.use("callnote-config disconnect")
    await world.finish()
    world.connect()
    await world.restart()
    assert (await strangers.use(STATUS)).content == NOT_CONNECTED


@pytest.mark.parametrize("who", ["an administrator", "the owner"])
@pytest.mark.parametrize("in_doubt", [False, True])
async def test_disconnect_undoes_it_and_withdraws_what_waits(
    world: World, strangers: Strangers, who: str, *, in_doubt: bool
) -> None:
    if in_doubt:
        world.cad.faults.add(CadFault(on="note", times=None, abort="before"))
        world.cad.faults.add(CadFault(on="calls", times=None, status=503))
    else:
        world.cad.faults.add(DOWN)
    strangers.owner.permissions = ORDINARY_PERMISSIONS
    await world.start()
    await strangers.press_connect(strangers.owner)
    await strangers.let_in()
    interaction = await strangers.add("hello")
    message = await told(world, interaction, CHECKING if in_doubt else QUEUED)
    by = strangers.owner if who == "the owner" else strangers.stranger
    said = (await strangers.use("callnote-config disconnect", by=by)).content
    assert said.startswith("Disconnected.")
    await shows(world, message, "Cancelled, but it may have" if in_doubt else WITHDRAWN)
    world.cad.faults.clear()
    await world.say("ours")
    assert world.stored() == ["ours"]
    assert await privately(world, await strangers.add()) == NOT_CONNECTED


async def test_whoever_may_not_manage_the_server_cannot_disconnect_it(
    world: World, strangers: Strangers
) -> None:
    passer_by = strangers.guild.add_member("pat")
    world.connect(strangers.guild)
    await world.start()
    said = (await strangers.use("callnote-config disconnect", by=passer_by)).content
    assert "you need Manage Server" in said


@pytest.mark.parametrize("how", ["removed", "while stopped", "while the session was lost"])
async def test_the_waiting_notes_of_a_server_that_removed_the_bot_are_withdrawn(
    world: World, strangers: Strangers, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    message = await strangers.waiting_note()
    ours = await told(world, await world.use(), QUEUED)
    guild_id = strangers.guild.id
    match how:
        case "removed":
            world.discord.remove_guild(strangers.guild)
        case "while stopped":
            await world.finish()
            world.discord.remove_guild(strangers.guild)
            await world.restart()
        case _:
            await logged(caplog, "servers: 2")
            world.discord.forget_guild(strangers.guild)
            await world.discord.invalidate_sessions()
            await logged(
                caplog, f"guild={guild_id} left, its waiting notes are withdrawn: Paleto Bay"
            )
    await shows(world, message, WITHDRAWN)
    world.cad.faults.clear()
    await shows(world, ours, ADDED)
    assert world.stored() == ["some note here"]


async def test_a_server_that_removed_the_bot_and_took_it_back_is_connected_as_before(
    world: World, strangers: Strangers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    world.connect(strangers.guild)
    await world.start()
    await strangers.let_in()
    await logged(caplog, "servers: 2")
    guild_id = strangers.guild.id
    world.discord.remove_guild(strangers.guild)
    await logged(caplog, f"guild={guild_id} left, its waiting notes are withdrawn: Paleto Bay")
    world.discord.return_to(strangers.guild)
    await logged(
        caplog,
        f"guild={guild_id} joined, connected by the host's setting DISCORD_GUILD_IDS: Paleto Bay",
    )
    await world.final(await strangers.add("hello"))
    assert world.stored() == ["hello"]


async def test_the_host_takes_a_server_out_and_nothing_of_it_is_sent_any_more(
    world: World, strangers: Strangers
) -> None:
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    message = await strangers.waiting_note()
    await world.finish()
    world.connect()
    world.cad.faults.clear()
    await world.restart()
    await shows(world, message, WITHDRAWN)
    assert world.stored() == []


async def test_the_waiting_notes_of_an_unavailable_server_are_kept(
    world: World, strangers: Strangers
) -> None:
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    theirs = await strangers.waiting_note()
    ours = await told(world, await world.use(), QUEUED)
    world.discord.lose_guild(world.guild)
    world.discord.remove_guild(strangers.guild)
    await shows(world, theirs, WITHDRAWN)  # so it was decided about both
    world.cad.faults.clear()
    world.discord.restore_guild(world.guild)
    await shows(world, ours, ADDED)
    assert world.stored() == ["some note here"]


async def test_those_of_one_that_was_unavailable_at_the_start_wait_until_it_is_known(
    world: World, strangers: Strangers
) -> None:
    world.cad.add_call(124)
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    ours = await told(world, await world.use(), QUEUED)
    theirs = await told(world, await strangers.add("theirs", call="124"), "⏳ Queued for call #124")
    await world.finish()
    world.guild.available = False
    world.cad.faults.clear()
    await world.restart()
    await shows(world, theirs, "NOTE 'theirs' added to call #124")
    assert world.stored() == []
    said = await privately(
        world, await world.discord.use_command(world.admin, world.channel, STATUS)
    )
    assert "Discord has not sent this server's roles" in said
    world.discord.restore_guild(world.guild)
    await shows(world, ours, ADDED)


async def test_a_members_own_role_tells_that_the_server_is_connected(world: World) -> None:
    world.guild.available = False
    await world.start()
    await world.final(await world.use())
    assert world.stored() == ["some note here"]


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


async def test_while_the_settings_are_not_known_nobody_new_gets_in(
    world: World, strangers: Strangers, behind_gate: tuple[DatabaseUrl, Gate]
) -> None:
    world.database, gate = behind_gate
    await gate.refuse()
    world.let(database_first=0.5)
    await world.start()
    unknown = "Callnote can't reach its database, so it can't tell whether this server is connected"
    assert unknown in (await strangers.use(STATUS)).content
    assert unknown in (await strangers.use("callnote-config connect", by=strangers.owner)).content
    assert unknown in await strangers.press_connect(strangers.owner)
    assert told_nothing(world)
    # Ours is connected by what the host set, and hears how things are.
    assert "database does not answer" in (await configure(world, "status")).content
    await world.finish()


async def test_a_database_of_the_version_before_opens_and_its_servers_are_named(
    world: World,
    strangers: Strangers,
    address: DatabaseUrl,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (role,) = strangers.stranger.roles
    ours, theirs = world.guild.id, strangers.guild.id
    await at_once(address, lambda connection: upgrade(connection, to="0002"))

    def fill(connection: Connection) -> None:
        for number, guild_id in enumerate((ours, theirs), 1):
            connection.exec_driver_sql(
                "INSERT INTO guild_settings (guild_id, role_ids, version)"  # noqa: S608
                f" VALUES ({guild_id}, '[{role.id}]', {number})"
            )
        connection.exec_driver_sql("UPDATE settings_version SET value = 2")

    await at_once(address, fill)
    world.database = address
    caplog.set_level(logging.INFO, "callnote")
    await world.start()
    await logged(
        caplog,
        f"guild={theirs} has settings but is not connected, so no note can be added: use "
        "/callnote-config connect there as the application's owner, or add the id to "
        "DISCORD_GUILD_IDS: Paleto Bay",
    )
    assert sum("has settings but is not connected" in line for line in caplog.messages) == 1
    assert await privately(world, await strangers.add()) == NOT_CONNECTED
    await strangers.press_connect(strangers.owner)
    await world.final(await strangers.add("with the roles it had"))
    assert world.stored() == ["with the roles it had"]


async def test_joining_and_leaving_a_server_is_a_log_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    await world.start()
    await logged(caplog, "servers: 1")  # before that, discord.py cannot tell who is new
    guild = world.discord.add_guild(name="Paleto Bay")
    await logged(caplog, f"guild={guild.id} joined, not connected: Paleto Bay")
    world.discord.remove_guild(guild)
    await logged(caplog, f"guild={guild.id} left, its waiting notes are withdrawn: Paleto Bay")


async def logged(caplog: pytest.LogCaptureFixture, line: str) -> None:
    """Wait until the log has a line."""
    async with asyncio.timeout(PATIENCE):
        while line not in caplog.messages:  # noqa: ASYNC110 - a log tells of nothing
            await asyncio.sleep(0.05)


async def test_the_check_says_who_can_invite_the_bot_and_where_it_is(
    world: World, strangers: Strangers, tmp_path: Path
) -> None:
    async def check(**more: str) -> tuple[int, str]:
        child = await start(tmp_path, settings_of(world, **more), "check")
        status, out, _ = await child.ended()
        return status, out

    _, out = await check()
    assert "Anyone can invite the application. Only connected servers reach the CAD; switch " in out
    assert "Public Bot off in the Developer Portal if it serves your server alone." in out
    ours = f'{world.guild.id} "Rockford County"'
    assert f'in 2 servers: {ours}, {strangers.guild.id} "Paleto Bay".' in out
    world.discord.bot_public = False
    status, out = await check(DISCORD_GUILD_IDS=f"{world.guild.id},77")
    assert "Only the application's owner or team can invite it." in out
    assert "NOT OK DISCORD_GUILD_IDS names 77, where the bot is not" in out
    assert status == 1


async def test_the_check_names_at_most_so_many_servers_and_shows_what_cannot_be_shown(
    world: World, tmp_path: Path
) -> None:
    for number in range(205):
        world.discord.add_guild(name="Evil\nok     \x1b[2J" if number == 0 else f"Guild {number}")
    child = await start(tmp_path, settings_of(world), "check")
    _, out, _ = await child.ended()
    (line,) = [line for line in out.splitlines() if "The bot is in" in line]
    assert line.startswith("--     The bot is in 206 servers: ")
    assert "Evil\\nok" in line
    assert line.endswith(" and 186 more.")


def test_without_discord_notes_are_sent_after_a_while_where_it_is_not_needed_to_know(
    world: World, strangers: Strangers, tmp_path: Path
) -> None:
    clock = Clock()
    settings = SettingsCache(SettingsRepository(Database(database.file_in(tmp_path))))
    connections = Connections(settings, guild_ids=frozenset({world.guild.id}), clock=clock)
    assert connections.waiting_notes(world.guild.id) is WaitingNotes.KEEP
    clock.seconds += Timing().first_guilds
    connections.use(None)  # as after each try that fails, which begins no new time
    assert connections.waiting_notes(world.guild.id) is WaitingNotes.SEND
    assert connections.waiting_notes(strangers.guild.id) is WaitingNotes.KEEP
