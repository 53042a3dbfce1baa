"""REST routes that send, show, edit and delete messages: channels, callbacks and webhooks."""

from bot.sandbox.discord.errors import (
    archived_thread,
    missing_access,
    missing_permissions,
    not_the_author,
    unknown_message,
)
from bot.sandbox.discord.guild import Channel
from bot.sandbox.discord.interaction import Interaction
from bot.sandbox.discord.interaction_rules import InteractionRules, callback_answer
from bot.sandbox.discord.mentions import CHANNEL_DEFAULT
from bot.sandbox.discord.message import Message
from bot.sandbox.discord.message_validation import IS_COMPONENTS_V2, read_draft
from bot.sandbox.discord.model import STAGE_CHANNEL, VOICE_CHANNEL
from bot.sandbox.discord.permissions import (
    CONNECT,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
    VIEW_CHANNEL,
    resolved,
)
from bot.sandbox.discord.rest import Answer, Call, Route
from bot.sandbox.discord.world import World


class ChannelMessageRoutes:
    """Serves ordinary messages of the bot (Discord API docs, Message Resource)."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        messages = "/channels/{channel_id}/messages"
        one = messages + "/{message_id}"
        return [
            Route("channel_message", "POST", messages, self._create),
            Route("get_message", "GET", one, self._get),
            Route("edit_message", "PATCH", one, self._edit),
            Route("delete_message", "DELETE", one, self._delete),
            Route("edit_channel", "PATCH", "/channels/{channel_id}", self._edit_channel),
        ]

    def _channel(self, call: Call) -> Channel:
        """Return the channel; without the right to see it, it is 50001."""
        channel = self._world.channel(call.id("channel_id"))
        if channel.guild is not None and not resolved(channel.app_permissions) & VIEW_CHANNEL:
            raise missing_access()
        return channel

    def _may_send(self, channel: Channel) -> None:
        """Refuse whoever may not write here (Discord API docs, Threads, "Permissions").

        A message opens an archived thread again.
        """
        if channel.guild is None:
            return
        needed = SEND_MESSAGES if channel.parent is None else SEND_MESSAGES_IN_THREADS
        if channel.type in {VOICE_CHANNEL, STAGE_CHANNEL}:
            needed |= CONNECT
        if needed & ~resolved(channel.app_permissions):
            raise missing_permissions()
        channel.archived = False

    def _message(self, call: Call) -> Message:
        """Return the message; ephemeral ones cannot be reached through their channel.

        Source: discord/discord-api-docs discussion 3090.
        """
        channel = self._channel(call)
        message = self._world.messages.find(call.id("message_id"))
        if message is None or message.channel is not channel or message.ephemeral:
            raise unknown_message()
        return message

    def _create(self, call: Call) -> Answer:
        channel = self._channel(call)
        self._may_send(channel)
        draft = read_draft(call.body, CHANNEL_DEFAULT, call.files)
        message = self._world.messages.create(channel, self._world.application, draft)
        return Answer(200, message.payload())

    def _get(self, call: Call) -> Answer:
        return Answer(200, self._message(call).payload())

    def _edit(self, call: Call) -> Answer:
        message = self._message(call)
        if message.author is not self._world.application:
            raise not_the_author()
        if message.channel.archived:
            raise archived_thread()
        version_2 = bool(message.flags & IS_COMPONENTS_V2)
        draft = read_draft(call.body, CHANNEL_DEFAULT, call.files, version_2=version_2)
        self._world.messages.edit(message, draft)
        return Answer(200, message.payload())

    def _edit_channel(self, call: Call) -> Answer:
        """Open a thread again ("Modify Channel": whoever may write there)."""
        channel = self._channel(call)
        if channel.parent is None or (call.body or {}) != {"archived": False}:
            raise missing_permissions()
        self._may_send(channel)
        return Answer(200, channel.payload())

    def _delete(self, call: Call) -> Answer:
        message = self._message(call)
        if message.author is not self._world.application:
            raise missing_permissions()
        self._world.messages.delete(message)
        return Answer(204)


class InteractionRoutes:
    """Serves callbacks and interaction webhooks, which need no bot token.

    Source: Discord API docs, Receiving and Responding to Interactions, "Endpoints".
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules = InteractionRules(world)

    def routes(self) -> list[Route]:
        """Return the routes; `@original` comes before the routes that take an id."""
        callback = "/interactions/{interaction_id}/{token}/callback"
        webhook = "/webhooks/{application_id}/{token}"
        original = webhook + "/messages/@original"
        one = webhook + "/messages/{message_id}"
        return [
            Route("callback", "POST", callback, self._respond, open=True),
            Route("followup", "POST", webhook, self._follow_up, open=True),
            Route("get_original", "GET", original, self._get, open=True),
            Route("edit_original", "PATCH", original, self._edit, open=True),
            Route("get_followup", "GET", one, self._get, open=True),
            Route("edit_followup", "PATCH", one, self._edit, open=True),
        ]

    def _respond(self, call: Call) -> Answer:
        interaction = self._rules.respond(
            call.id("interaction_id"), call.parameters["token"], call.body, call.files
        )
        if call.flag("with_response"):
            return Answer(200, callback_answer(interaction))
        return Answer(204)

    def _interaction(self, call: Call) -> Interaction:
        return self._rules.find(call.id("application_id"), call.parameters["token"])

    def _follow_up(self, call: Call) -> Answer:
        message = self._rules.follow_up(self._interaction(call), call.body, call.files)
        # For interactions `wait` is always on, so the message comes back (same page).
        return Answer(200, message.payload())

    def _message_id(self, call: Call) -> int | None:
        return call.id("message_id") if "message_id" in call.parameters else None

    def _get(self, call: Call) -> Answer:
        message = self._rules.message(self._interaction(call), self._message_id(call))
        return Answer(200, message.payload())

    def _edit(self, call: Call) -> Answer:
        message = self._rules.edit(
            self._interaction(call), self._message_id(call), call.body, call.files
        )
        return Answer(200, message.payload())
