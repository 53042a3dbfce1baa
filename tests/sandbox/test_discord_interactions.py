"""Interactions of the simulator of Discord, seen through the real discord.py client."""

from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from discord.ext import commands

from bot.sandbox.discord import ActionRefusedError, Fault, InteractionFailedError
from bot.sandbox.discord.message import CONTEXT_MENU_COMMAND_TYPE
from tests.sandbox import discord_client
from tests.sandbox.discord_client import Interaction, Recorder, World, say_hello

world = discord_client.world


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
        world.clock.seconds += 3.1
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
        world.clock.seconds += 15 * 60 + 1
        await interaction.edit_original_response(content="Late")

    recorder = Recorder(respond)
    await world.connect(recorder)
    await world.note()
    assert await recorder.outcomes.get() == (401, 50027)


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


async def test_a_message_command_gets_the_whole_message(world: World) -> None:
    recorder = Recorder(say_hello)
    seen: list[discord.Message] = []

    async def take(interaction: Interaction, message: discord.Message) -> None:
        seen.append(message)
        await recorder(interaction)

    def prepare(bot: commands.AutoShardedBot) -> None:
        bot.tree.add_command(app_commands.ContextMenu(name="Take it", callback=take))

    bot = await world.connect(say_hello, prepare)
    await bot.tree.sync()
    other = world.guild.add_channel("tips")
    footer = {"footer": {"text": "dana | 5 | 123 | 1"}}
    posted = world.server.post_by_webhook(other, "Sonoran CAD", "New call", embeds=[footer])
    with pytest.raises(ActionRefusedError):
        await world.server.use_message_command(world.dana, posted, "Drop it")
    forwarded = world.server.forward(world.dana, world.channel, posted)
    twice = world.server.forward(world.dana, world.channel, forwarded)
    for message in (posted, forwarded, twice):
        asked = await world.server.use_message_command(world.dana, message, "Take it")
        answer = await asked.answered()
        assert answer.type == CONTEXT_MENU_COMMAND_TYPE
        assert asked.channel is message.channel
    assert [each.content for each in seen] == ["New call", "", ""]
    assert [each.webhook_id is not None for each in seen] == [True, False, False]
    assert seen[0].author.name == "Sonoran CAD"
    assert [len(each.message_snapshots) for each in seen] == [0, 1, 1]
    for each in seen[1:]:
        (snapshot,) = each.message_snapshots
        assert snapshot.content == "New call"
        assert snapshot.embeds[0].footer.text == "dana | 5 | 123 | 1"
        assert each.reference is not None
        assert each.flags.forwarded
    world.server.world.messages.delete(posted)
    with pytest.raises(ActionRefusedError):
        await world.server.use_message_command(world.dana, posted, "Take it")


async def test_a_form_with_a_select_and_defaults(world: World) -> None:
    select = discord.ui.Select[discord.ui.Modal](
        custom_id="call",
        required=False,
        min_values=0,
        options=[
            discord.SelectOption(label="One", value="1"),
            discord.SelectOption(label="Two", value="2", default=True),
        ],
    )
    text = discord.ui.TextInput[discord.ui.Modal](custom_id="note", default="as it is")

    class Form(discord.ui.Modal, title="Note"):
        async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
            content = f"{select.values} {text.value}"
            await interaction.response.send_message(content, ephemeral=True)

    form = Form()
    form.add_item(discord.ui.Label(text="Call", component=select))
    form.add_item(discord.ui.Label(text="Note", component=text))

    async def show(interaction: Interaction) -> None:
        await interaction.response.send_modal(form)

    await world.connect(show)
    shown = await world.note()
    await shown.acknowledged()
    taken = await world.server.submit_modal(world.dana, shown, {"call": "1"})
    assert (await taken.answered()).content == "['1'] as it is"
    for wrong in ({"call": "3"}, {"note": ""}, {"sky": "blue"}):
        with pytest.raises(ActionRefusedError):
            await world.server.submit_modal(world.dana, shown, wrong)
