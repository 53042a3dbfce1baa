"""The messages that exist in the simulator, and what creating and editing them does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from bot.sandbox.discord.attachment import Attachment
from bot.sandbox.discord.component_validation import BUTTON, SELECTS, displayed_texts, walk
from bot.sandbox.discord.errors import JSON, ApiError, FormErrors, empty_message
from bot.sandbox.discord.guild import Channel
from bot.sandbox.discord.mentions import Pings
from bot.sandbox.discord.message_validation import (
    CREATE_FLAGS,
    EDIT_FLAGS,
    EPHEMERAL,
    IS_COMPONENTS_V2,
    LOADING,
    SUPPRESS_EMBEDS,
    Draft,
)
from bot.sandbox.discord.model import User
from bot.sandbox.discord.snowflakes import Snowflakes, timestamp_now


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
    def channel_id(self) -> int:
        """The id of the channel the message is in."""
        return self.channel.id

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

    @property
    def empty(self) -> bool:
        """Whether nothing would be seen."""
        parts = (self.content, self.embeds, self.components, self.attachments)
        return not any(parts)

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


Filter = Callable[[Draft], ApiError | None]
"""Says why Discord refuses a message for what is in it, None if it does not."""


class Messages:
    """All messages in the order of their making; `filters` judge what is put into them."""

    def __init__(
        self, snowflakes: Snowflakes, users: dict[int, User], changed: Callable[[], None]
    ) -> None:
        self.all: list[Message] = []
        self.filters: list[Filter] = []
        self._by_id: dict[int, Message] = {}
        self._by_nonce: dict[tuple[User, str], Message] = {}
        self._snowflakes = snowflakes
        self._users = users
        self._changed = changed

    def find(self, message_id: int) -> Message | None:
        """Return the message with this id unless it is unknown or deleted."""
        message = self._by_id.get(message_id)
        return None if message is None or message.deleted else message

    def create(
        self,
        channel: Channel,
        author: User,
        draft: Draft | None,
        *,
        type: int = DEFAULT_TYPE,  # noqa: A002 - Discord's own word
        flags: int = 0,
        interaction: Origin | None = None,
    ) -> Message:
        """Add a message; without a draft it is a "thinking" placeholder.

        `flags` are added to those of the draft. Raises `ApiError` 50006 for an empty message.
        An author's second message with the same enforced nonce is the first one (Message Resource,
        "Create Message"; after some minutes it would not be).
        """
        if draft is not None and draft.nonce is not None:
            known = self._by_nonce.get((author, draft.nonce))
            if known is not None:
                return known
        message = Message(
            self._snowflakes.next(), channel, author, type, flags, interaction=interaction
        )
        if draft is None:
            message.flags |= LOADING
        else:
            message.flags |= (draft.flags or 0) & CREATE_FLAGS
            self._fill(message, draft)
            self._notify(message)
        message.edits.append(message.content)
        self.all.append(message)
        self._by_id[message.id] = message
        if draft is not None and draft.nonce is not None:
            message.nonce = draft.nonce
            self._by_nonce[author, draft.nonce] = message
        self._changed()
        return message

    def forward(self, channel: Channel, author: User, original: Message) -> Message:
        """Add a message that forwards another one as it is now; its own content is empty."""
        message = Message(
            self._snowflakes.next(),
            channel,
            author,
            flags=HAS_SNAPSHOT,
            forwarded=original,
            # What forwards a message that forwards another has that one's snapshot.
            snapshots=original.snapshots or [original.snapshot()],
        )
        message.edits.append("")
        self.all.append(message)
        self._by_id[message.id] = message
        self._changed()
        return message

    def edit(self, message: Message, draft: Draft) -> None:
        """Change what the draft gives and leave the rest.

        The first edit of a placeholder completes it, so it notifies as a new message does; other
        edits notify nobody. EPHEMERAL never changes (Discord API docs, Receiving and Responding
        to Interactions, "Followup Messages"); the version 2 flag can be set but not taken back
        (Components Reference). Raises `ApiError` 50006 if nothing would be left.
        """
        self._fill(message, draft)
        if draft.flags is not None:
            kept = message.flags & ~SUPPRESS_EMBEDS
            message.flags = kept | (draft.flags & EDIT_FLAGS)
        if message.loading:
            message.flags &= ~LOADING
            self._notify(message)
        else:
            message.edited_timestamp = timestamp_now()
        message.edits.append(message.content)
        self._changed()

    def delete(self, message: Message) -> None:
        """Delete a message; it stays in `all`, marked."""
        message.deleted = True
        self._changed()

    def _fill(self, message: Message, draft: Draft) -> None:
        for refusal in self.filters:
            if (error := refusal(draft)) is not None:
                raise error
        content = message.content if draft.content is None else draft.content
        embeds = message.embeds if draft.embeds is None else draft.embeds
        components = message.components if draft.components is None else draft.components
        attachments = message.attachments if draft.attachments is None else draft.attachments
        if (message.flags | (draft.flags or 0)) & IS_COMPONENTS_V2 and (content or embeds):
            # Components Reference, "Legacy Message Component Behavior": they must be taken out.
            errors = FormErrors()
            errors.add(
                ("content",) if content else ("embeds",),
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                "This field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )
            errors.raise_if_any()
        if not any((content, embeds, components, attachments)):
            # Discord API docs, Opcodes and Status Codes, JSON error 50006.
            raise empty_message()
        message.content, message.embeds = content, embeds
        message.components, message.attachments = components, attachments
        texts = [content, *displayed_texts(components)]
        message.mentions = draft.allowed_mentions.pings(texts)
        message.mentioned_users = [
            self._users[user] for user in sorted(message.mentions.users) if user in self._users
        ]

    def _notify(self, message: Message) -> None:
        # An ephemeral message is shown to the person who asked and to nobody else.
        if not message.ephemeral:
            message.pings = message.mentions
