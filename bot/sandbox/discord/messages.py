"""All messages of the simulator, and what creating and editing them does."""

from collections.abc import Callable

from bot.sandbox.discord.component_validation import displayed_texts
from bot.sandbox.discord.errors import ApiError, FormErrors, empty_message
from bot.sandbox.discord.guild import Channel
from bot.sandbox.discord.message import DEFAULT_TYPE, HAS_SNAPSHOT, Message, Origin
from bot.sandbox.discord.message_validation import (
    CREATE_FLAGS,
    EDIT_FLAGS,
    IS_COMPONENTS_V2,
    LOADING,
    SUPPRESS_EMBEDS,
    Draft,
)
from bot.sandbox.discord.model import User
from bot.sandbox.discord.snowflakes import Snowflakes, timestamp_now

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
