"""A message of the simulator: as it stands now, as people see it, and as clients get it."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from bot.sandbox.discord.attachment import Attachment
from bot.sandbox.discord.component_validation import BUTTON, SELECTS, walk
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Channel
from bot.sandbox.discord.mentions import Pings
from bot.sandbox.discord.message_validation import EPHEMERAL, LOADING
from bot.sandbox.discord.model import User
from bot.sandbox.discord.snowflakes import timestamp_now


class Origin(Protocol):
    """What a message answers: an interaction."""

    @property
    def id(self) -> int:
        """The interaction's id."""

    @property
    def user(self) -> User:
        """Who started it."""

    def metadata(self) -> JSON:
        """Return what the message's payload says of it."""


# Discord API docs, Message Resource, "Message Types".
DEFAULT_TYPE = 0
CHAT_INPUT_COMMAND_TYPE = 20
CONTEXT_MENU_COMMAND_TYPE = 23

FORWARD = 1
"""Same page, "Message Reference Types"."""

HAS_SNAPSHOT = 1 << 14
"""Same page, "Message Flags": set on a message that forwards another."""

SNAPSHOT_FIELDS = (
    *("type", "content", "mentions", "mention_roles", "attachments", "embeds", "timestamp"),
    *("edited_timestamp", "flags", "components"),
)
"""What a snapshot has (discord/discord-api-spec, MinimalContentMessageResponse)."""


class Button(NamedTuple):
    """A button as people see it; one that only opens a link has no `custom_id`."""

    label: str
    custom_id: str | None
    disabled: bool


@dataclass(eq=False)
class Message:
    """One message, as it stands now, with what happened to it so far.

    `edits` holds every content in order, the first one included (a "thinking" placeholder starts
    with ""); `pings` says who was really notified; `mentions` whom the present content mentions
    as far as the request allowed it; `nonce` is an enforced one.
    """

    id: int
    channel: Channel
    author: User
    type: int = DEFAULT_TYPE
    flags: int = 0
    content: str = ""
    embeds: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    pings: Pings = field(default_factory=Pings)
    mentions: Pings = field(default_factory=Pings)
    mentioned_users: list[User] = field(default_factory=list)
    deleted: bool = False
    timestamp: str = field(default_factory=timestamp_now)
    edited_timestamp: str | None = None
    interaction: Origin | None = None
    webhook: bool = False
    forwarded: "Message | None" = None
    snapshots: list[JSON] = field(default_factory=list)
    nonce: str | None = None

    @property
    def ephemeral(self) -> bool:
        """Whether only the person who started the interaction sees the message."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether the message is still the "thinking" placeholder of a deferred answer."""
        return bool(self.flags & LOADING)

    @property
    def buttons(self) -> list[Button]:
        """The buttons in their order."""
        return [
            Button(c.get("label") or "", c.get("custom_id"), bool(c.get("disabled")))
            for c in walk(self.components)
            if c["type"] == BUTTON
        ]

    @property
    def selects(self) -> list[JSON]:
        """The component objects of the selects in their order."""
        return [c for c in walk(self.components) if c["type"] in SELECTS]

    def payload(self) -> JSON:
        """Return the message object (Discord API docs, Message Resource, "Message Object")."""
        payload: JSON = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.type,
            "content": self.content,
            "author": self.author.payload(),
            "timestamp": self.timestamp,
            "edited_timestamp": self.edited_timestamp,
            "tts": False,
            "mention_everyone": self.mentions.everyone,
            "mentions": [user.payload() for user in self.mentioned_users],
            "mention_roles": [str(role) for role in sorted(self.mentions.roles)],
            "attachments": [each.payload() for each in self.attachments],
            "embeds": self.embeds,
            "components": self.components,
            "pinned": False,
            "flags": self.flags,
        }
        if self.interaction is not None:
            payload["application_id"] = str(self.author.id)
            payload["webhook_id"] = str(self.author.id)
            payload["interaction_metadata"] = self.interaction.metadata()
        if self.webhook:
            payload["webhook_id"] = str(self.author.id)
        if self.forwarded is not None:
            payload["message_snapshots"] = self.snapshots
            payload["message_reference"] = {
                "type": FORWARD,
                "channel_id": str(self.forwarded.channel.id),
                "message_id": str(self.forwarded.id),
            }
        return payload

    def snapshot(self) -> JSON:
        """Return what a forwarding message keeps of this one (same page, "Message Snapshot").

        The author is not part of it.
        """
        payload = self.payload()
        return {"message": {key: payload[key] for key in SNAPSHOT_FIELDS}}
