"""Buttons and selects of the simulator, seen through the real discord.py client."""

from typing import Any

import discord
import pytest
from discord.ext import commands

from bot.sandbox.discord import ActionRefusedError, Message
from tests.cases import case
from tests.sandbox import discord_client
from tests.sandbox.discord_client import Interaction, Recorder, World, say_hello

world = discord_client.world

ROLE, CHANNEL = 6, 8
VOICE = 2


def row(*components: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": 1, "components": list(components)}]


def button(custom_id: str, label: str = "Press") -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": label, "custom_id": custom_id}


async def send(
    world: World, components: list[dict[str, Any]], bot: commands.AutoShardedBot | None = None
) -> Message:
    """Let a bot that knows nothing of the components post them in the channel."""
    bot = bot or await world.connect(say_hello)
    with discord.http.handle_message_parameters(content="Choose") as parameters:
        assert parameters.payload is not None
        parameters.payload["components"] = components
        await bot.http.send_message(world.channel.id, params=parameters)
    return world.server.messages[-1]


class Choices(discord.ui.View):
    """Selects that keep what was chosen."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.chosen: list[Any] = []

    @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="roles", min_values=0, max_values=2)
    async def roles(
        self, interaction: Interaction, select: "discord.ui.RoleSelect[Choices]"
    ) -> None:
        self.chosen.append(select.values)
        await interaction.response.send_message("Taken", ephemeral=True)

    @discord.ui.select(
        cls=discord.ui.ChannelSelect,
        custom_id="channels",
        channel_types=[discord.ChannelType.text],
    )
    async def channels(
        self, interaction: Interaction, select: "discord.ui.ChannelSelect[Choices]"
    ) -> None:
        self.chosen.append(select.values)
        await interaction.response.send_message("Taken", ephemeral=True)

    @discord.ui.select(
        custom_id="colours", options=[discord.SelectOption(label="Red", value="red")]
    )
    async def colours(self, interaction: Interaction, select: "discord.ui.Select[Choices]") -> None:
        self.chosen.append(select.values)
        await interaction.response.send_message("Taken", ephemeral=True)


async def show(world: World, view: Choices) -> Message:
    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("Choose", view=view)

    await world.connect(respond)
    return await (await world.note()).answered()


async def test_roles_are_chosen_as_roles_or_by_their_ids(world: World) -> None:
    operator = world.guild.add_role("Operator")
    view = Choices()
    message = await show(world, view)
    choice = await world.server.choose(world.dana, message, "roles", [world.role, str(operator.id)])
    await choice.answered()
    assert [[role.name for role in chosen] for chosen in view.chosen] == [
        ["Dispatcher", "Operator"]
    ]


async def test_an_empty_choice_is_sent_where_the_least_is_none(world: World) -> None:
    view = Choices()
    message = await show(world, view)
    await (await world.server.choose(world.dana, message, "roles", [])).answered()
    assert view.chosen == [[]]


async def test_a_chosen_channel_carries_the_permissions_of_the_person(world: World) -> None:
    view = Choices()
    message = await show(world, view)
    await (await world.server.choose(world.dana, message, "channels", [world.channel])).answered()
    [[channel]] = view.chosen
    assert (channel.id, channel.name) == (world.channel.id, "dispatch")
    assert channel.permissions.value == world.dana.permissions


async def test_a_client_offers_nothing_that_a_select_does_not_take(world: World) -> None:
    radio = world.guild.add_channel("radio", type=VOICE)
    gone = world.guild.add_role("Gone")
    message = await show(world, Choices())
    world.guild.delete_role(gone)
    for custom_id, values in (
        ("roles", [gone]),
        ("roles", [world.channel]),
        ("roles", [world.role, world.role, world.guild.everyone]),
        ("channels", []),
        ("channels", [radio]),
        ("colours", ["blue"]),
        ("other", ["red"]),
    ):
        with pytest.raises(ActionRefusedError):
            await world.server.choose(world.dana, message, custom_id, values)


async def test_the_selects_of_a_message_show_their_defaults(world: World) -> None:
    default = discord.SelectDefaultValue(id=world.role.id, type=discord.SelectDefaultValueType.role)
    view = Choices()
    view.roles.default_values = [default]
    message = await show(world, view)
    roles, channels, colours = message.selects
    assert roles["default_values"] == [{"id": world.role.id, "type": "role"}]
    assert channels["channel_types"] == [0]
    assert [option["value"] for option in colours["options"]] == ["red"]


def select(kind: int, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "custom_id": "chosen"} | fields


def default(kind: str, default_id: str = "1") -> dict[str, Any]:
    return {"type": kind, "id": default_id}


WRONG = {
    "channel as a role": select(ROLE, default_values=[default("channel")]),
    "role as a channel": select(CHANNEL, default_values=[default("role")]),
    "no id": select(ROLE, default_values=[default("role", "x")]),
    "above the most": select(ROLE, default_values=[default("role")] * 2),
    "below the least": select(ROLE, min_values=2, max_values=3, default_values=[default("role")]),
    "more than 25": select(ROLE, max_values=26),
    "less than none": select(ROLE, min_values=-1),
    "at most none": select(ROLE, min_values=0, max_values=0),
    "least above most": select(ROLE, min_values=3, max_values=2),
}


async def test_a_select_that_breaks_a_rule_is_refused(world: World) -> None:
    bot = await world.connect(say_hello)
    for what, component in WRONG.items():
        with case(what):
            with pytest.raises(discord.HTTPException) as caught:
                await send(world, row(component), bot)
            assert caught.value.code == 50035
    assert world.server.messages == []


async def test_a_select_within_the_limits_is_shown(world: World) -> None:
    bot = await world.connect(say_hello)
    for component in (
        select(ROLE, min_values=0, max_values=25, default_values=[default("role")] * 25),
        select(ROLE, min_values=0, default_values=[]),
        select(CHANNEL, default_values=[default("channel")]),
    ):
        with case(component):
            message = await send(world, row(component), bot)
            assert message.selects[0]["default_values"] == component["default_values"]


async def test_the_buttons_of_a_message_are_listed_in_order(world: World) -> None:
    link = {"type": 2, "style": 5, "label": "Open", "url": "https://example.com"}
    disabled = button("no", "No") | {"disabled": True}
    message = await send(world, row(button("yes", "Yes"), disabled, link))
    assert message.buttons == [("Yes", "yes", False), ("No", "no", True), ("Open", None, False)]


async def test_a_stale_client_presses_a_button_that_is_gone(world: World) -> None:
    pressed: list[Any] = []

    class Buttons(discord.ui.View):
        @discord.ui.button(label="Press", custom_id="press")
        async def press(self, interaction: Interaction, button: Any) -> None:
            assert interaction.message is not None
            pressed.append(interaction.message.components)
            await interaction.response.send_message("Too late", ephemeral=True)

    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("Ready", view=Buttons(timeout=None))
        await interaction.edit_original_response(content="Over", view=None)

    bot = await world.connect(respond)
    bot.add_view(Buttons(timeout=None))
    message = await (await world.note()).answered()
    await world.server.edited(message, "Over")
    with pytest.raises(ActionRefusedError):
        await world.server.press_button(world.dana, message, "press")
    press = await world.server.press_button(world.dana, message, "press", forged=True)
    assert (await press.answered()).content == "Too late"
    assert pressed == [[]]


async def test_a_press_can_be_deferred_and_edit_its_message(world: World) -> None:
    class Buttons(discord.ui.View):
        @discord.ui.button(label="Press", custom_id="press")
        async def press(self, interaction: Interaction, button: Any) -> None:
            await interaction.response.defer()
            await interaction.edit_original_response(content="First")
            assert interaction.message is not None
            await interaction.followup.edit_message(interaction.message.id, content="Second")

    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("Ready", view=Buttons())

    await world.connect(respond)
    message = await (await world.note()).answered()
    press = await world.server.press_button(world.dana, message, "press")
    await world.server.edited(message, "Second")
    assert press.response_type == 6
    assert press.source is message
    assert press.message is message
    assert message.edits == ["Ready", "First", "Second"]
    assert world.server.messages == [message]


async def test_a_press_can_be_answered_by_a_message_that_is_still_thinking(world: World) -> None:
    class Buttons(discord.ui.View):
        @discord.ui.button(label="Press", custom_id="press")
        async def press(self, interaction: Interaction, button: Any) -> None:
            await interaction.response.defer(thinking=True, ephemeral=True)
            await interaction.edit_original_response(content="Done")

    async def respond(interaction: Interaction) -> None:
        await interaction.response.send_message("Ready", view=Buttons())

    await world.connect(respond)
    message = await (await world.note()).answered()
    press = await world.server.press_button(world.dana, message, "press")
    answer = await press.answered()
    assert answer is not message
    assert (answer.edits, answer.ephemeral) == (["", "Done"], True)
    assert message.edits == ["Ready"]


@pytest.mark.parametrize("way", ["the token", "the channel"])
async def test_an_edit_keeps_the_components_that_it_does_not_name(world: World, way: str) -> None:
    view = discord.ui.View()
    view.add_item(discord.ui.Button(label="Press", custom_id="press"))

    async def respond(interaction: Interaction) -> None:
        response = await interaction.response.send_message("Ready", view=view)
        message = response.resource
        assert isinstance(message, discord.InteractionMessage)
        channel = interaction.channel
        assert isinstance(channel, discord.TextChannel)
        target = message if way == "the token" else channel.get_partial_message(message.id)
        await target.edit(content="Edited")
        shown.append(world.server.messages[0].buttons)
        await target.edit(view=None)
        shown.append(world.server.messages[0].buttons)

    shown: list[Any] = []
    recorder = Recorder(respond)
    await world.connect(recorder)
    await world.note()
    await recorder.outcomes.get()
    assert shown == [[("Press", "press", False)], []]
    assert world.server.messages[0].content == "Edited"
    route = "edit_original" if way == "the token" else "edit_message"
    first, second = [r for r in world.server.requests if r.method == "PATCH"]
    assert (first.route, second.route) == (route, route)
    assert "components" not in first.body
    assert second.body["components"] == []
