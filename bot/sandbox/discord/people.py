"""What people do in Discord: write, use commands, press buttons, fill in modals."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from bot.sandbox.discord.attachment import Attachment
from bot.sandbox.discord.command_path import SLASH_COMMAND, CommandPath
from bot.sandbox.discord.command_use import (
    ActionRefusedError,
    OptionValue,
    check_shown,
    check_typing,
    check_use,
    named_entities,
    option_payloads,
)
from bot.sandbox.discord.command_validation import MESSAGE_MENU
from bot.sandbox.discord.component_use import (
    ModalValue,
    SelectValue,
    button_data,
    modal_data,
    select_data,
)
from bot.sandbox.discord.component_validation import LABEL, TEXT_INPUT
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Channel, Member
from bot.sandbox.discord.interaction import (
    APPLICATION_COMMAND,
    AUTOCOMPLETE,
    MESSAGE_COMPONENT,
    MODAL_SUBMIT,
    SECONDS_TO_RESPOND,
    Interaction,
)
from bot.sandbox.discord.mentions import CHANNEL_DEFAULT
from bot.sandbox.discord.message import Message
from bot.sandbox.discord.message_validation import IS_COMPONENTS_V2, read_draft
from bot.sandbox.discord.model import User
from bot.sandbox.discord.resolved import resolve
from bot.sandbox.discord.waiting import Waiting
from bot.sandbox.discord.world import World


class People(Waiting, ABC):
    """The actions of people; the bot hears of them as INTERACTION_CREATE events."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._timers: list[asyncio.TimerHandle] = []

    @abstractmethod
    def _dispatch(self, event: str, data: JSON, guild_id: int | None) -> None:
        """Send a gateway event to the shard of the guild, None being direct messages."""

    def post(
        self,
        member: Member | User,
        channel: Channel | None,
        content: str,
        *,
        embeds: Sequence[JSON] = (),
        files: Sequence[Attachment] = (),
        components: Sequence[JSON] = (),
    ) -> Message:
        """Let a person write an ordinary message (which the bot's intents do not show it).

        Only bots and webhooks can really add `embeds` and `components`, but for link previews.
        """
        body: JSON = {"content": content, "embeds": list(embeds), "components": list(components)}
        if components:
            body = {"components": list(components), "flags": IS_COMPONENTS_V2}
        draft = read_draft(body, CHANNEL_DEFAULT, list(files))
        return self.world.messages.create(self._place(member, channel), _account(member), draft)

    def post_by_webhook(
        self, channel: Channel, name: str, content: str, *, embeds: Sequence[JSON] = ()
    ) -> Message:
        """Let a channel's webhook write a message, under a name (Discord API docs, Webhook)."""
        author = User(self.world.snowflakes.next(), name, bot=True)
        message = self.post(author, channel, content, embeds=embeds)
        message.webhook = True
        return message

    def forward(self, member: Member | User, channel: Channel, message: Message) -> Message:
        """Let a person forward a message to a channel."""
        return self.world.messages.forward(channel, _account(member), message)

    async def use_command(
        self,
        member: Member | User,
        channel: Channel | None,
        command: str,
        options: Mapping[str, OptionValue] | None = None,
        *,
        strict: bool = False,
        locale: str = "en-US",
    ) -> Interaction:
        """Let a person use a slash command; without a channel in a direct message with the bot.

        `command` may go on with a sub-command, or a group and its sub-command. Options are texts,
        numbers, truth values, and members, users, roles and channels or their ids as text. With
        `strict` the command must be registered and what the person's client checks must hold,
        else `ActionRefusedError` is raised; without, anybody can send anything.
        """
        place = self._place(member, channel)
        path = CommandPath.read(command)
        given = options or {}
        registered = self.world.registrations.find(path.name, SLASH_COMMAND)
        if strict:
            if registered is None:
                raise ActionRefusedError(f"/{command} is not registered")
            check_use(path, registered, member, place, given)
        data = self._command_data(path.name, SLASH_COMMAND, registered)
        if payloads := option_payloads(path, given, registered):
            data["options"] = payloads
            if resolved := resolve(named_entities(payloads), place.guild, member):
                data["resolved"] = resolved
        return self._interact(APPLICATION_COMMAND, data, member, place, locale=locale)

    async def use_message_command(
        self, member: Member | User, message: Message, name: str, *, strict: bool = True
    ) -> Interaction:
        """Let a person use a command of a message's menu; with `strict` as in `use_command`.

        The whole message comes with it, without the member that its author is (Discord API docs,
        Receiving and Responding to Interactions, "Resolved Data Structure").
        """
        place = message.channel
        registered = self.world.registrations.find(name, MESSAGE_MENU)
        if strict:
            if registered is None:
                raise ActionRefusedError(f"{name} is not registered")
            if message.deleted or message.ephemeral or message.loading:
                raise ActionRefusedError("The message's menu has no commands")
            check_shown(name, registered, member, place)
        data = self._command_data(name, MESSAGE_MENU, registered)
        data["target_id"] = str(message.id)
        data["resolved"] = {"messages": {str(message.id): message.payload()}}
        return self._interact(APPLICATION_COMMAND, data, member, place)

    async def autocomplete(
        self,
        member: Member | User,
        channel: Channel | None,
        command: str,
        options: Mapping[str, OptionValue],
        *,
        focused: str,
        strict: bool = False,
    ) -> list[JSON]:
        """Let a person type into the option `focused`, and return the choices they are shown.

        `command` and `options` are as in `use_command`, but nothing is sent in full: while a
        person types, ids stay ids (discord.py, `app_commands.Namespace`). With `strict` their
        client must show the command and ask for choices of that option, else `ActionRefusedError`
        is raised. Raises InteractionFailedError when no choices come within 3 seconds.
        """
        place = self._place(member, channel)
        path = CommandPath.read(command)
        registered = self.world.registrations.find(path.name, SLASH_COMMAND)
        if strict:
            if registered is None:
                raise ActionRefusedError(f"/{command} is not registered")
            check_typing(path, registered, member, place, options, focused)
        data = self._command_data(path.name, SLASH_COMMAND, registered)
        data["options"] = option_payloads(path, options, registered, focused)
        interaction = self._interact(AUTOCOMPLETE, data, member, place)
        await interaction.acknowledged()
        return interaction.choices or []

    async def press_button(
        self, member: Member | User, message: Message, custom_id: str, *, forged: bool = False
    ) -> Interaction:
        """Let a person press a button; raises `ActionRefusedError` if they cannot.

        `forged` sends the press whether or not the message has such a button (any more).
        """
        data = button_data(message, custom_id, _account(member), forged=forged)
        return self._interact(MESSAGE_COMPONENT, data, member, message.channel, source=message)

    async def choose(
        self,
        member: Member | User,
        message: Message,
        custom_id: str,
        values: Sequence[SelectValue],
    ) -> Interaction:
        """Let a person choose in a select; raises `ActionRefusedError` if they cannot.

        `values` are the texts of a string select, else members, users, roles, channels or ids.
        """
        data = select_data(message, custom_id, values, member)
        return self._interact(MESSAGE_COMPONENT, data, member, message.channel, source=message)

    async def submit_modal(
        self,
        member: Member | User,
        interaction: Interaction,
        values: Mapping[str, ModalValue],
    ) -> Interaction:
        """Let a person submit the modal that answered `interaction`; values are by custom id.

        Raises `ActionRefusedError` if there is no modal or the client would not accept the values.
        """
        if interaction.modal is None:
            raise ActionRefusedError("No modal was shown")
        data = modal_data(interaction.modal, values, interaction.channel)
        return self._interact(
            MODAL_SUBMIT, data, member, interaction.channel, source=interaction.source
        )

    async def forge_form(
        self,
        member: Member | User,
        channel: Channel | None,
        custom_id: str,
        texts: Mapping[str, str] | None = None,
    ) -> Interaction:
        """Let a person submit a modal that was never shown to them; the texts are by custom id."""
        fields = [
            {"type": TEXT_INPUT, "id": number, "custom_id": name, "value": text}
            for number, (name, text) in enumerate((texts or {}).items(), 2)
        ]
        components = [{"type": LABEL, "id": 1, "component": field} for field in fields]
        data: JSON = {"custom_id": custom_id, "components": components}
        return self._interact(MODAL_SUBMIT, data, member, self._place(member, channel))

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _place(self, member: Member | User, channel: Channel | None) -> Channel:
        return channel or self.world.direct_channel(_account(member))

    def _command_data(self, name: str, command_type: int, registered: JSON | None) -> JSON:
        command_id = registered["id"] if registered else str(self.world.snowflakes.next())
        return {"id": command_id, "name": name, "type": command_type}

    def _interact(
        self,
        interaction_type: int,
        data: JSON,
        member: Member | User,
        place: Channel,
        *,
        source: Message | None = None,
        locale: str = "en-US",
    ) -> Interaction:
        world = self.world
        interaction = Interaction(
            world.snowflakes.next(),
            interaction_type,
            data,
            member if place.guild else _account(member),
            place,
            world.application,
            world.clock,
            world.changes,
            source=source,
            locale=locale,
        )
        world.interactions[interaction.id] = interaction
        # Whoever waits for the answer has to hear that it failed.
        loop = asyncio.get_running_loop()
        delay = SECONDS_TO_RESPOND + 0.01
        self._timers = [timer for timer in self._timers if not timer.cancelled()]
        self._timers.append(loop.call_later(delay, world.changes.announce))
        guild_id = place.guild.id if place.guild else None
        self._dispatch("INTERACTION_CREATE", interaction.payload(), guild_id)
        return interaction


def _account(member: Member | User) -> User:
    return member.user if isinstance(member, Member) else member
