"""What the sandbox starts: a Discord with two guilds, two CADs with live calls, and the bot."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from bot.app.lifecycle import serve
from bot.communities.sealing import new_key
from bot.config import Config
from bot.outbox import Limits
from bot.sandbox.cads import API_KEY, COMMUNITY_ID, Cads
from bot.sandbox.discord import Channel, DiscordServer, Guild, Interaction, Member, Message, Role
from bot.sandbox.discord.command_path import usable_commands
from bot.sandbox.discord.command_use import OptionType, OptionValue
from bot.sandbox.discord.component_validation import ROLE_SELECT, STRING_SELECT
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.permissions import ADMINISTRATOR
from bot.sandbox.forms import form_values
from bot.sandbox.naming import named
from bot.sandbox.sonoran import SonoranServer
from bot.sonoran import Credentials
from bot.storage.database_url import DEFAULT, DatabaseUrl
from bot.timing import Timing

TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the simulator
START_SECONDS = 20.0
READ_CALLS_AGAIN = 3.0

LIMITS = Limits(
    call_reads_per_minute=30,
    settle_seconds=5.0,
    give_up_seconds=60.0,
    longest_pause_seconds=5.0,
)
"""Shorter times than usual, so that one need not wait a minute to see their effect."""


class Scene:
    """Two guilds, five people, four calls, and the bot; made by `open_scene`.

    The stranger's guild is not connected; there is a CAD of its own to which its administrators
    can connect it. The owner of the bot's application is in it, and could connect it to the host's.
    """

    def __init__(self, discord: DiscordServer, cad: SonoranServer, folder: Path) -> None:
        self._discord = discord
        self.cads = Cads(cad)
        self._database = DatabaseUrl.parse(DEFAULT, folder=folder)
        guild = discord.add_guild(name="Rockford County")
        role = guild.add_role("Dispatcher")
        civilians = guild.add_role("Civilian")
        self._role_id = role.id
        strange = discord.add_guild(name="Paleto Bay")
        self._channels = {each: each.add_channel("dispatch") for each in (guild, strange)}
        guild.add_channel("log")
        self.people: dict[str, Member] = {
            "dispatcher": guild.add_member("dana", nick="Dana D-2", roles=[role]),
            "civilian": guild.add_member("casey", nick="Casey", roles=[civilians]),
            "admin": guild.add_member("alex", nick="Alex", permissions=ADMINISTRATOR),
            "stranger": strange.add_member(
                "sam", roles=[strange.add_role("Dispatcher")], permissions=ADMINISTRATOR
            ),
            "owner": strange.add_member(discord.owner, permissions=ADMINISTRATOR),
        }
        self._credentials_key = new_key()
        self._stop = asyncio.Event()
        self._bot: asyncio.Task[None] | None = None

    async def start_bot(self) -> None:
        """Stop the bot that runs and start another; returns once it can be used.

        Raises `TimeoutError` when it does not connect, or does not register its commands.
        """
        await self.stop_bot()
        self._stop = asyncio.Event()
        self._bot = asyncio.create_task(
            serve(
                Config(
                    discord_token=TOKEN,
                    credentials=Credentials(api_key=API_KEY, community_id=COMMUNITY_ID),
                    credentials_keys=(self._credentials_key,),
                    database=self._database,
                    dispatcher_role_ids=frozenset({self._role_id}),
                    sonoran_api_url=self.cads.url,
                    discord_api_url=self._discord.api_url,
                    limits=LIMITS,
                ),
                self._stop,
                # However slow the machine is, the first command finds the database open.
                timing=Timing(database_first=START_SECONDS, read_calls_again=READ_CALLS_AGAIN),
            )
        )
        ready = asyncio.create_task(self._ready())
        await asyncio.wait(
            {ready, self._bot}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if not ready.done():
            ready.cancel()
            raise TimeoutError("the bot did not connect to the simulator")

    async def _ready(self) -> None:
        await self._discord.connected()
        await self._discord.world.changes.until(lambda: bool(self.commands))

    async def stop_bot(self) -> None:
        """Stop the bot as a host would, which lets notes in flight finish."""
        self._stop.set()
        if self._bot is not None:
            await self._bot

    @property
    def commands(self) -> dict[str, list[JSON]]:
        """The options of each command that can be used, by the words that people type."""
        return usable_commands(self._discord.registered_commands)

    async def use_command(
        self, person: str, command: str, options: Mapping[str, str]
    ) -> Interaction:
        """Let one of the people use one of `commands`, with options as they typed them.

        Raises `ActionRefusedError` for what Discord would not let them send, and `LookupError`
        with the names there are for a role, channel or member that does not exist.
        """
        member = self.people[person]
        values = self._values(member.guild, command, options)
        channel = self._channels[member.guild]
        return await self._discord.use_command(member, channel, command, values, strict=True)

    async def type_option(
        self, person: str, command: str, options: Mapping[str, str], focused: str
    ) -> list[str]:
        """Return what Discord offers one of the people who types into the option `focused`.

        Raises as `use_command`, and `InteractionFailedError` when the bot offers nothing in time.
        """
        member = self.people[person]
        values = self._values(member.guild, command, options)
        channel = self._channels[member.guild]
        choices = await self._discord.autocomplete(
            member, channel, command, values, focused=focused, strict=True
        )
        return [choice["name"] for choice in choices]

    def post(self, person: str, text: str) -> Message:
        """Let one of the people write a message in their channel."""
        member = self.people[person]
        return self._discord.post(member, self._channels[member.guild], text)

    async def use_menu(self, person: str, message: Message, command: str) -> Interaction:
        """Let one of the people use a command of a message's menu; raises like `use_command`."""
        return await self._discord.use_message_command(self.people[person], message, command)

    async def submit(self, person: str, form: Interaction, texts: Mapping[str, str]) -> Interaction:
        """Let one of the people submit the form that answered an interaction.

        `texts` are as `form_values` takes them. Raises like that and `use_command`.
        """
        values = form_values(form, texts)
        return await self._discord.submit_modal(self.people[person], form, values)

    def _values(
        self, guild: Guild, command: str, options: Mapping[str, str]
    ) -> dict[str, OptionValue]:
        types = {option["name"]: option["type"] for option in self.commands[command]}
        return {name: self._value(guild, types[name], text) for name, text in options.items()}

    async def press(self, person: str, message: Message, label: str) -> Interaction:
        """Let one of the people press a button; raises `LookupError` for one that is not there."""
        buttons = {shown: custom_id for shown, custom_id, _ in message.buttons}
        custom_id = named(label, buttons, "button")
        return await self._discord.press_button(self.people[person], message, custom_id or "")

    async def choose(self, person: str, message: Message, names: tuple[str, ...]) -> Interaction:
        """Let one of the people choose in a message's list; raises `LookupError` like `press`."""
        if not message.selects:
            raise LookupError("There is no list to choose from below the last message")
        select = message.selects[0]
        things = _choices(message, select)
        values = [named(name, things, "choice") for name in names]
        return await self._discord.choose(self.people[person], message, select["custom_id"], values)

    async def outcome(self, interaction: Interaction, source: Message, seconds: float) -> Message:
        """Wait for the effect of a component, and return the message that shows it.

        That is `source` when a form was shown and once it was edited, or a new message of the
        interaction. Raises `TimeoutError` without any of these within `seconds`, and
        `InteractionFailedError` when the bot did not respond in time.
        """
        edits = len(source.edits)
        await asyncio.wait_for(interaction.acknowledged(), seconds)
        if interaction.modal is not None:
            return source

        def others() -> list[Message]:
            return [each for each in interaction.messages if each is not source and each.content]

        if not await self.until(lambda: len(source.edits) > edits or bool(others()), seconds):
            raise TimeoutError
        # "Add anyway" closes the question, and then has a message of its own.
        if interaction.message is not None and interaction.message is not source:
            await self.until(lambda: bool(others()), seconds)
        return others()[0] if others() else source

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds in Discord; returns whether it did within `seconds`."""
        try:
            await asyncio.wait_for(self._discord.world.changes.until(holds), seconds)
        except TimeoutError:
            return False
        return True

    def newest(self, person: str) -> Message:
        """Return the newest message that everybody in a person's channel sees.

        Raises `LookupError` without one.
        """
        channel = self._channels[self.people.get(person, self.people["dispatcher"]).guild]
        for message in reversed(self._discord.messages):
            if message.channel is channel and not message.ephemeral and not message.deleted:
                return message
        raise LookupError("There is no message in the channel yet")

    def choices(self, message: Message) -> list[str]:
        """Return the names of what can be chosen in a message's list."""
        return [name for select in message.selects for name in _choices(message, select)]

    def _value(self, guild: Guild, option_type: int, text: str) -> OptionValue:
        """Return what a client sends for an option of this type."""
        match option_type:
            case OptionType.ROLE:
                return named(text, _roles(guild), "role")
            case OptionType.CHANNEL:
                return named(text.removeprefix("#"), _channels(guild), "channel")
            case OptionType.USER:
                return named(text, self.people, "person")
            case OptionType.INTEGER if text.isascii() and text.isdigit():
                return int(text)
            case OptionType.BOOLEAN if text.lower() in ("true", "false"):
                return text.lower() == "true"
        return text

    async def set_version(self, version: int) -> None:
        """Let the CAD speak only version 1, or both with version 2, and restart the bot."""
        self.cads.speak(version)
        await self.start_bot()


def _choices(message: Message, select: JSON) -> Mapping[str, Role | Channel | str]:
    """Return what a message's list offers, by name."""
    guild = message.channel.guild
    if select["type"] == STRING_SELECT or guild is None:
        return {option["label"]: option["value"] for option in select["options"]}
    return _roles(guild) if select["type"] == ROLE_SELECT else _channels(guild)


def _roles(guild: Guild) -> dict[str, Role]:
    return {role.name: role for role in guild.roles.values()}


def _channels(guild: Guild) -> dict[str, Channel]:
    return {channel.name: channel for channel in guild.channels.values()}


@contextlib.asynccontextmanager
async def open_scene() -> AsyncIterator[Scene]:
    """Start the simulators on loopback and the bot against them; stops all of it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            DiscordServer(token=TOKEN) as discord,
            SonoranServer(community_id=COMMUNITY_ID, api_key=API_KEY) as cad,
        ):
            scene = Scene(discord, cad, Path(folder))
            try:
                await scene.start_bot()
                yield scene
            finally:
                await scene.stop_bot()
