"""Sub-commands and their options in the simulator, seen through the real discord.py client."""

import asyncio
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from bot.sandbox.discord import ActionRefusedError, OptionValue
from tests.cases import case
from tests.sandbox import discord_client
from tests.sandbox.discord_client import Interaction, World, say_hello

world = discord_client.world

MANAGE_GUILD = 1 << 5
VOICE = 2


class Settings(app_commands.Group):
    """Commands that hand what they get to a queue."""

    limits = app_commands.Group(name="limits", description="Limits")

    def __init__(self) -> None:
        super().__init__(
            name="settings",
            description="Settings",
            guild_only=True,
            default_permissions=discord.Permissions(manage_guild=True),
        )
        self.got: asyncio.Queue[Any] = asyncio.Queue()

    @app_commands.command(name="role-add", description="Add a role")
    async def add_role(self, interaction: Interaction, role: discord.Role) -> None:
        await self.take(interaction, role)

    @app_commands.command(description="Name somebody")
    async def person(
        self, interaction: Interaction, person: discord.Member, why: str | None = None
    ) -> None:
        await self.take(interaction, (person, why))

    @app_commands.command(description="Choose a channel")
    async def place(self, interaction: Interaction, place: discord.TextChannel) -> None:
        await self.take(interaction, place)

    @app_commands.command(description="Say where")
    async def where(self, interaction: Interaction, where: app_commands.AppCommandChannel) -> None:
        await self.take(interaction, where)

    @app_commands.command(description="Show")
    async def show(self, interaction: Interaction) -> None:
        await self.take(interaction, interaction.permissions)

    @limits.command(description="Set the length")
    async def length(
        self, interaction: Interaction, length: app_commands.Range[int, 0, 4000]
    ) -> None:
        await self.take(interaction, length)

    @length.autocomplete("length")
    async def suggest(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        return [app_commands.Choice(name=f"{current}00", value=int(current) * 100)]

    async def take(self, interaction: Interaction, value: Any) -> None:
        await interaction.response.send_message("Taken", ephemeral=True)
        await self.got.put(value)


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def connect(world: World, settings: Settings) -> commands.AutoShardedBot:
    bot = await world.connect(say_hello, lambda bot: bot.tree.add_command(settings))
    await bot.tree.sync()
    return bot


async def test_a_role_option_arrives_as_the_role(world: World, settings: Settings) -> None:
    await connect(world, settings)
    options = {"role": world.role}
    interaction = await world.server.use_command(
        world.dana, world.channel, "settings role-add", options
    )
    role = await settings.got.get()
    assert (role.id, role.name) == (world.role.id, "Dispatcher")
    assert interaction.data["name"] == "settings"
    given = {"name": "role", "type": 8, "value": str(world.role.id)}
    assert interaction.data["options"] == [{"name": "role-add", "type": 1, "options": [given]}]


async def test_an_id_means_the_same_as_what_it_names(world: World, settings: Settings) -> None:
    await connect(world, settings)
    by_id = {"person": str(world.dana.id), "why": "late"}
    await world.server.use_command(world.dana, world.channel, "settings person", by_id)
    person, why = await settings.got.get()
    assert isinstance(person, discord.Member)
    assert (person.id, person.nick, why) == (world.dana.id, "D-2", "late")


async def test_a_resolved_channel_carries_the_permissions_of_the_person(
    world: World, settings: Settings
) -> None:
    await connect(world, settings)
    radio = world.guild.add_channel("radio", type=VOICE)
    await world.server.use_command(world.dana, world.channel, "settings where", {"where": radio})
    channel = await settings.got.get()
    assert (channel.id, channel.type) == (radio.id, discord.ChannelType.voice)
    assert channel.permissions.value == world.dana.permissions


async def test_a_group_inside_the_command_is_named_before_its_sub_command(
    world: World, settings: Settings
) -> None:
    await connect(world, settings)
    interaction = await world.server.use_command(
        world.dana, world.channel, "settings limits length", {"length": 0}
    )
    assert await settings.got.get() == 0
    length = {"name": "length", "type": 4, "value": 0}
    inner = {"name": "length", "type": 1, "options": [length]}
    assert interaction.data["options"] == [{"name": "limits", "type": 2, "options": [inner]}]


async def test_options_of_a_sub_command_are_completed(world: World, settings: Settings) -> None:
    await connect(world, settings)
    choices = await world.server.autocomplete(
        world.dana, world.channel, "settings limits length", {"length": 4}, focused="length"
    )
    assert [choice["value"] for choice in choices] == [400]


async def test_types_come_from_the_values_while_nothing_is_registered(world: World) -> None:
    await world.connect(say_hello)
    options: dict[str, OptionValue] = {
        "role": world.role,
        "channel": world.channel,
        "person": world.dana,
        "count": 3,
    }
    interaction = await world.server.use_command(
        world.dana, world.channel, "other group sub", options
    )
    inner = interaction.data["options"][0]["options"][0]["options"]
    assert [option["type"] for option in inner] == [8, 7, 6, 4]
    assert set(interaction.data["resolved"]) == {"roles", "channels", "users", "members"}
    assert "permission_overwrites" not in next(
        iter(interaction.data["resolved"]["channels"].values())
    )


REFUSED: tuple[tuple[str, dict[str, OptionValue]], ...] = (
    ("settings", {}),
    ("settings limits", {}),
    ("settings other", {}),
    ("settings length", {"length": 1}),
    ("settings role-add", {}),
    ("settings role-add", {"role": "1"}),
    ("settings role-add", {"role": "Dispatcher"}),
    ("settings show", {"extra": "x"}),
    ("settings limits length", {"length": 4001}),
    ("settings limits length", {"length": -1}),
    ("settings limits length", {"length": "12"}),
)


async def test_a_client_refuses_what_the_command_does_not_take(
    world: World, settings: Settings
) -> None:
    await connect(world, settings)
    chief = world.guild.add_member("chief", permissions=MANAGE_GUILD)
    for command, options in REFUSED:
        with case(command, options), pytest.raises(ActionRefusedError):
            await world.server.use_command(chief, world.channel, command, options, strict=True)


async def test_a_client_offers_channels_of_the_right_type_only(
    world: World, settings: Settings
) -> None:
    await connect(world, settings)
    chief = world.guild.add_member("chief", permissions=MANAGE_GUILD)
    radio = world.guild.add_channel("radio", type=VOICE)
    with pytest.raises(ActionRefusedError, match="radio"):
        await world.server.use_command(
            chief, world.channel, "settings place", {"place": radio}, strict=True
        )
    await world.server.use_command(
        chief, world.channel, "settings place", {"place": world.channel}, strict=True
    )
    assert (await settings.got.get()).id == world.channel.id


async def test_a_client_hides_the_command_from_those_without_the_right(
    world: World, settings: Settings
) -> None:
    await connect(world, settings)
    with pytest.raises(ActionRefusedError, match="D-2"):
        await world.server.use_command(world.dana, world.channel, "settings show", strict=True)
    await world.server.use_command(world.dana, world.channel, "settings show")
    forged: discord.Permissions = await settings.got.get()
    assert not forged.manage_guild


@pytest.mark.parametrize("who", ["administrator", "owner"])
async def test_administrators_and_the_owner_have_every_permission(
    world: World, settings: Settings, who: str
) -> None:
    await connect(world, settings)
    admin = world.guild.add_member("alex", permissions=1 << 3)
    person = admin if who == "administrator" else world.guild.owner
    await world.server.use_command(person, world.channel, "settings show", strict=True)
    permissions: discord.Permissions = await settings.got.get()
    assert permissions.manage_guild
    assert permissions == discord.Permissions.all()


async def test_nested_commands_come_back_as_they_were_registered(
    world: World, settings: Settings
) -> None:
    bot = await connect(world, settings)
    [command] = [c for c in await fetch(bot) if c["name"] == "settings"]
    sent = settings.to_dict(bot.tree)
    assert command["default_member_permissions"] == str(sent.pop("default_member_permissions"))
    assert has(command, sent)
    version = command["version"]
    await bot.tree.sync()
    assert [c["version"] for c in await fetch(bot) if c["name"] == "settings"] == [version]


async def fetch(bot: commands.AutoShardedBot) -> list[Any]:
    assert bot.application_id is not None
    return list(await bot.http.get_global_commands(bot.application_id))


def has(returned: Any, sent: Any) -> bool:
    """Say whether everything that is not empty in a request is in what came back."""
    if isinstance(sent, dict):
        told = {key: value for key, value in sent.items() if value not in (None, False, [])}
        return all(has(returned.get(key), value) for key, value in told.items())
    if isinstance(sent, list):
        pairs = zip(returned, sent, strict=True)
        return all(has(back, there) for back, there in pairs)
    return bool(returned == sent)


TEXT = {"type": 3, "name": "text", "description": "x"}
SUB = {"type": 1, "name": "sub", "description": "x"}
GROUP = {"type": 2, "name": "group", "description": "x", "options": [SUB]}


WRONG: dict[str, list[dict[str, Any]]] = {
    "a sub-command beside an option": [SUB, TEXT],
    "a group beside an option": [GROUP, TEXT],
    "an option in a group": [GROUP | {"options": [TEXT]}],
    "a group in a group": [GROUP | {"options": [GROUP]}],
    "a sub-command in a sub-command": [SUB | {"options": [SUB]}],
    "a group in a sub-command": [SUB | {"options": [GROUP]}],
    "one name twice": [SUB, SUB],
    "a sub-command in capitals": [SUB | {"name": "Sub"}],
    "a sub-command without description": [SUB | {"description": ""}],
    "a space in a name": [GROUP | {"options": [SUB | {"name": "a b"}]}],
    "too long": [SUB | {"options": [TEXT | {"description": "x" * 101}]}],
    "types for a text": [SUB | {"options": [TEXT | {"channel_types": [0]}]}],
    "a channel type twice": [TEXT | {"type": 7, "channel_types": [0, 0]}],
    "no channel type": [TEXT | {"type": 7, "channel_types": [99]}],
    "no option type": [TEXT | {"type": 12}],
}


async def test_what_is_nested_wrongly_is_not_registered(world: World) -> None:
    bot = await world.connect(say_hello)
    for what, options in WRONG.items():
        command: Any = {"name": "settings", "description": "x", "options": options}
        with case(what):
            with pytest.raises(discord.HTTPException) as caught:
                await bot.http.bulk_upsert_global_commands(world.server.application_id, [command])
            assert caught.value.code == 50035
    assert world.server.registered_commands == []


async def test_groups_and_sub_commands_may_stand_side_by_side(world: World) -> None:
    bot = await world.connect(say_hello)
    channel = {"type": 7, "name": "place", "description": "x", "channel_types": [0, 5]}
    options = [GROUP, SUB | {"options": [channel, TEXT]}]
    command: Any = {"name": "settings", "description": "x", "options": options}
    await bot.http.bulk_upsert_global_commands(world.server.application_id, [command])
    [registered] = world.server.registered_commands
    assert registered["options"][1]["options"][0]["channel_types"] == [0, 5]
