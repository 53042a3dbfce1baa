"""The stand-in for Discord, seen through the real discord.py client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.ext import commands

from bot.standins.discord_server import (
    ActionRefusedError,
    Channel,
    DiscordServer,
    Fault,
    Guild,
    InteractionFailedError,
    Member,
    Pings,
)
from bot.standins.discord_server.markdown import Rendered, render

TOKEN = "a-token-of-the-stand-in"
Interaction = discord.Interaction[commands.AutoShardedBot]
Respond = Callable[[Interaction], Awaitable[Any]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class World:
    """One stand-in with a guild, and ways to connect real clients to it."""

    def __init__(self, server: DiscordServer, clock: Clock, stack: AsyncExitStack) -> None:
        self.server = server
        self.clock = clock
        self.guild: Guild = server.add_guild("Rockford County", owner="sheriff")
        self.role = self.guild.add_role("Dispatcher")
        self.channel: Channel = self.guild.add_channel("dispatch")
        self.dana: Member = self.guild.add_member("dana", nick="D-2", roles=[self.role])
        self._stack = stack

    async def connect(self, respond: Respond) -> commands.AutoShardedBot:
        """Connect a bot whose only command does what `respond` does."""
        intents = discord.Intents(guilds=True)
        bot = commands.AutoShardedBot("!", intents=intents, guild_ready_timeout=0.05)

        @bot.tree.command(description="Add a note")
        @app_commands.describe(call="The call", note="The note")
        async def callnote(
            interaction: Interaction,
            call: str,
            note: app_commands.Range[str, 1, 1500],
            unit: str | None = None,
        ) -> None:
            await respond(interaction)

        count = len(self.server.connections) + 1
        await self._stack.enter_async_context(running(bot))
        await self.server.connected(count)
        await bot.wait_until_ready()
        return bot

    async def note(self) -> Any:
        options = {"call": "123", "note": "x"}
        return await self.server.use_command(self.dana, self.channel, "callnote", options)


@asynccontextmanager
async def running(bot: commands.AutoShardedBot) -> AsyncIterator[None]:
    async with bot:
        await bot.login(TOKEN)
        connection = asyncio.create_task(bot.connect())
        try:
            yield
        finally:
            await bot.close()
            await asyncio.gather(connection, return_exceptions=True)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = Clock()
    async with (
        DiscordServer(token=TOKEN, clock=clock) as server,
        AsyncExitStack() as stack,
    ):
        monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
        gateway = yarl.URL(server.gateway_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        yield World(server, clock, stack)


class Recorder:
    """Does one thing with each interaction and keeps what came of it."""

    def __init__(self, action: Respond) -> None:
        self.action = action
        self.outcomes: asyncio.Queue[Any] = asyncio.Queue()

    async def __call__(self, interaction: Interaction) -> None:
        try:
            await self.outcomes.put(await self.action(interaction))
        except discord.HTTPException as error:
            await self.outcomes.put((error.status, error.code))


async def say_hello(interaction: Interaction) -> None:
    await interaction.response.send_message("Hello")


async def test_login_and_ready(world: World) -> None:
    bot = await world.connect(say_hello)
    assert bot.user is not None
    assert bot.user.id == world.server.application_id == bot.application_id
    guild = bot.get_guild(world.guild.id)
    assert guild is not None
    assert guild.name == "Rockford County"
    assert guild.get_role(world.role.id) is not None
    assert guild.get_channel(world.channel.id) is not None
    await bot.close()
    await world.server.disconnected()
    assert world.server.close_codes


async def test_a_wrong_token_is_refused(world: World) -> None:
    async with discord.Client(intents=discord.Intents.none()) as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_privileged_intents_have_to_be_switched_on(world: World) -> None:
    async with discord.Client(intents=discord.Intents(members=True)) as client:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.start(TOKEN)


async def test_a_direct_answer_and_what_the_interaction_tells(world: World) -> None:
    seen: list[Any] = []

    async def respond(interaction: Interaction) -> None:
        user = interaction.user
        assert isinstance(user, discord.Member)
        seen.extend([user.display_name, user.get_role(world.role.id) is not None])
        seen.extend([interaction.channel_id, interaction.permissions.value])
        answer = await interaction.response.send_message("Done")
        seen.append(answer.message_id)

    recorder = Recorder(respond)
    await world.connect(recorder)
    interaction = await world.note()
    message = await interaction.answered()
    await recorder.outcomes.get()
    assert (message.content, message.ephemeral) == ("Done", False)
    assert seen == ["D-2", True, world.channel.id, world.dana.permissions, message.id]


async def test_a_deferred_answer_is_edited(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.edit_original_response(content="Done")

    await world.connect(respond)
    interaction = await world.note()
    message = await interaction.answered()
    assert message.edits == ["", "Done"]
    assert message.ephemeral
    assert message.payload()["flags"] == 64


async def test_the_first_followup_completes_the_placeholder(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send("First", ephemeral=True)
        await interaction.followup.send("Second", ephemeral=True)

    recorder = Recorder(respond)
    await world.connect(recorder)
    interaction = await world.note()
    await recorder.outcomes.get()
    assert [(m.content, m.ephemeral) for m in interaction.messages] == [
        ("First", False),
        ("Second", True),
    ]


async def test_the_initial_response_has_three_seconds(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        world.clock.now += 3.1
        await interaction.response.send_message("Late")

    recorder = Recorder(respond)
    await world.connect(recorder)
    interaction = await world.note()
    assert await recorder.outcomes.get() == (404, 10062)
    assert interaction.failed
    with pytest.raises(InteractionFailedError):
        await interaction.answered()


async def test_only_one_initial_response(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True)
        interaction.response._response_type = None  # the library's own guard
        await interaction.response.send_message("Again")

    recorder = Recorder(respond)
    await world.connect(recorder)
    interaction = await world.note()
    assert await recorder.outcomes.get() == (400, 40060)
    assert [attempt.code for attempt in interaction.callbacks] == [None, 40060]


async def test_the_token_lives_fifteen_minutes(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True)
        world.clock.now += 15 * 60 + 1
        await interaction.edit_original_response(content="Late")

    recorder = Recorder(respond)
    await world.connect(recorder)
    await world.note()
    assert await recorder.outcomes.get() == (401, 50027)


async def test_two_clients_get_an_interaction_and_one_wins(world: World) -> None:
    recorder = Recorder(say_hello)
    await world.connect(recorder)
    await world.connect(recorder)
    interaction = await world.note()
    outcomes = [await recorder.outcomes.get(), await recorder.outcomes.get()]
    assert sorted(outcomes, key=str) == [(400, 40060), None]
    assert [message.content for message in interaction.messages] == ["Hello"]


async def test_a_resumed_session_gets_what_it_missed(world: World) -> None:
    await world.connect(say_hello)
    await world.server.drop()
    interaction = await world.note()
    assert (await interaction.answered()).content == "Hello"
    assert len(world.server.resumes) == 1
    assert len(world.server.identifies) == 1


async def test_the_client_reconnects_when_asked(world: World) -> None:
    await world.connect(say_hello)
    await world.server.ask_to_reconnect()
    interaction = await world.note()
    assert (await interaction.answered()).content == "Hello"
    assert world.server.close_codes == [4000]


async def test_too_long_content_is_a_form_error(world: World) -> None:
    recorder = Recorder(lambda interaction: interaction.response.send_message("x" * 2001))
    await world.connect(recorder)
    interaction = await world.note()
    assert await recorder.outcomes.get() == (400, 50035)
    request = await world.server.requested("callback")
    message = request.answer["errors"]["data"]["content"]["_errors"][0]
    assert message["code"] == "BASE_TYPE_MAX_LENGTH"
    assert not interaction.messages


async def test_who_is_pinged(world: World) -> None:
    text = f"@everyone {world.dana.mention} {world.role.mention}"

    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message(text)
        await interaction.followup.send(text, allowed_mentions=discord.AllowedMentions.none())
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        await channel.send(text)

    recorder = Recorder(respond)
    await world.connect(recorder)
    await world.note()
    await recorder.outcomes.get()
    answer, followup, plain = world.server.messages
    assert answer.pings == Pings(users=frozenset({world.dana.id}))
    assert not followup.pings
    assert plain.pings.everyone
    assert plain.pings.roles == {world.role.id}


async def test_commands_are_registered(world: World) -> None:
    bot = await world.connect(say_hello)
    synced = await bot.tree.sync()
    fetched = await bot.tree.fetch_commands()
    assert [command.id for command in synced] == [command.id for command in fetched]
    command = world.server.registered_commands[0]
    assert command["nsfw"] is False
    assert command["contexts"] is None
    assert [option.get("required") for option in command["options"]] == [True, True, None]
    world.server.registered_commands = [*world.server.registered_commands]
    assert world.server.registered_commands[0]["version"] == command["version"]
    with pytest.raises(ActionRefusedError):
        await world.server.use_command(world.dana, None, "callnote", {"call": "1"}, strict=True)


async def test_the_service_refuses_what_the_library_lets_through(world: World) -> None:
    bot = await world.connect(say_hello)
    option = {"type": 3, "name": "note", "description": "x", "max_length": 6001}
    command = {"name": "Callnote", "description": "x", "options": [option]}
    with pytest.raises(discord.HTTPException) as caught:
        await bot.http.bulk_upsert_global_commands(world.server.application_id, [command])
    assert caught.value.code == 50035
    assert world.server.registered_commands == []


async def test_a_fault_after_the_effect(world: World) -> None:
    recorder = Recorder(say_hello)
    await world.connect(recorder)
    world.server.faults.add(Fault("callback", status=400, body={"message": "?", "code": 1}))
    interaction = await world.note()
    assert await recorder.outcomes.get() == (400, 1)
    assert (await interaction.answered()).content == "Hello"


async def test_an_aborted_request_has_no_effect_when_not_applied(world: World) -> None:
    async def respond(interaction: Interaction) -> None:
        with pytest.raises(aiohttp.ClientError):
            await interaction.response.send_message("Lost")

    recorder = Recorder(respond)
    await world.connect(recorder)
    world.server.faults.add(Fault("callback", applied=False, abort=True))
    interaction = await world.note()
    await recorder.outcomes.get()
    assert interaction.response_type is None


async def test_a_button_a_select_and_a_modal(world: World) -> None:
    class Form(discord.ui.Modal, title="Note"):
        note: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="Note", custom_id="note")

        async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
            await interaction.response.edit_message(content=self.note.value, view=None)

    class Buttons(discord.ui.View):
        @discord.ui.button(label="Write", custom_id="write")
        async def write(self, interaction: Interaction, button: Any) -> None:
            await interaction.response.send_modal(Form())

        @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="role")
        async def role(
            self, interaction: Interaction, select: "discord.ui.RoleSelect[Buttons]"
        ) -> None:
            await interaction.response.send_message(select.values[0].name, ephemeral=True)

    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("Choose", view=Buttons())

    await world.connect(respond)
    interaction = await world.note()
    message = await interaction.answered()
    chosen = await world.server.choose(world.dana, message, "role", [str(world.role.id)])
    assert (await chosen.answered()).content == "Dispatcher"
    pressed = await world.server.press_button(world.dana, message, "write")
    await pressed.acknowledged()
    submitted = await world.server.submit_modal(world.dana, pressed, {"note": "Typed"})
    assert await submitted.answered() is message
    assert message.edits == ["Choose", "Typed"]
    with pytest.raises(ActionRefusedError):
        await world.server.press_button(world.dana, message, "write")


async def test_autocomplete(world: World) -> None:
    bot = await world.connect(say_hello)
    command = bot.tree.get_command("callnote")
    assert isinstance(command, app_commands.Command)

    @command.autocomplete("call")
    async def complete(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"#{current}", value=current)]

    choices = await world.server.autocomplete(
        world.dana, world.channel, "callnote", {"call": "12"}, focused="call"
    )
    assert [(choice["name"], choice["value"]) for choice in choices] == [("#12", "12")]


async def test_members_can_be_asked_for(world: World) -> None:
    bot = await world.connect(say_hello)
    guild = bot.get_guild(world.guild.id)
    assert guild is not None
    assert (await guild.fetch_member(world.dana.id)).nick == "D-2"
    assert [m.nick for m in await guild.query_members(user_ids=[world.dana.id])] == ["D-2"]
    with pytest.raises(discord.NotFound) as caught:
        await guild.fetch_member(1)
    assert caught.value.code == 10013


@pytest.mark.parametrize(
    ("content", "text", "features"),
    [
        ("plain, a_b_c, 2 > 1, 10:30", "plain, a_b_c, 2 > 1, 10:30", set()),
        (r"\*x\* \_y\_ \# \\ \é \a", r"*x* _y_ # \ é \a", set()),
        ("**bold** and *soft*", "bold and soft", {"bold", "italic"}),
        ("# Title", "Title", {"heading"}),
        (r"\# Title", "# Title", set()),
        ("  - item", "• item", {"list"}),
        ("a\n> b", "a\nb", {"line break", "quote"}),
        ("`**x**`", "**x**", {"code"}),
        ("[text](https://x.y)", "text", {"link"}),
        ("https://x.y", "https://x.y", {"link", "preview"}),
        ("discord.gg/abc", "discord.gg/abc", {"invite", "preview"}),
        ("<@12> <#13>", "@Dana #dispatch", {"user mention", "channel mention"}),
        ("@everyone", "@everyone", {"everyone mention"}),
        ("a:b:c", "a:b:c", {"emoji"}),
        ("<t:0:R>", "1970-01-01 00:00:00 UTC", {"timestamp"}),
    ],
)
def test_how_content_is_displayed(content: str, text: str, features: set[str]) -> None:
    rendered = render(content, {12: "Dana", 13: "dispatch"})
    assert rendered == Rendered(text, frozenset(features))


@pytest.mark.parametrize("unit", ["[", "[](", "`", "*", "_**", "<@", "<a:", "\\", "||", "> "])
def test_hostile_content_is_displayed_in_linear_time(unit: str) -> None:
    render(unit * 10_000)
