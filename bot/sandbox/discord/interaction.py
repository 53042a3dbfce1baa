"""One interaction: what a person did, how the bot answered, and what came of it."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.changes import Changes
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Channel, Guild, Member
from bot.sandbox.discord.message import Message
from bot.sandbox.discord.model import User
from bot.sandbox.discord.permissions import resolved

# Discord API docs, Receiving and Responding to Interactions, "Interaction Type".
APPLICATION_COMMAND, MESSAGE_COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5

# Same page, "Interaction Callback Type".
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE = 4, 5, 6, 7
AUTOCOMPLETE_RESULT, MODAL = 8, 9

SECONDS_TO_RESPOND = 3.0
"""Same page: "You must send an initial response within 3 seconds of receiving the event."."""

SECONDS_OF_TOKEN = 15 * 60.0
"""Same page: "Interaction tokens are valid for 15 minutes"."""


class InteractionFailedError(Exception):
    """The person saw "The application did not respond"."""


@dataclass(frozen=True)
class CallbackAttempt:
    """One attempt at the initial response.

    `status` is the HTTP status by the service's rules (a fault may have hidden it from the
    client), `code` the error code or None when it was accepted.
    """

    payload: Any
    status: int
    code: int | None


class Interaction:
    """What one person did with the bot.

    `message` is the original response (for 6 and 7 the message that had the component),
    `followups` are the messages after it; `modal` is the shown modal and `choices` the answer to
    an autocomplete. `response_type` is the accepted callback type, None before that.
    """

    def __init__(
        self,
        interaction_id: int,
        interaction_type: int,
        data: JSON,
        member: Member | User,
        channel: Channel,
        application: User,
        clock: Callable[[], float],
        changes: Changes,
        *,
        source: "Message | None",
        locale: str,
    ) -> None:
        self.id = interaction_id
        self.type = interaction_type
        self.data = data
        self.member = member
        self.channel = channel
        self.source = source
        self.locale = locale
        secret = f"interaction:{interaction_id}:{secrets.token_hex(48)}"
        self.token = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
        self.callbacks: list[CallbackAttempt] = []
        self.response_type: int | None = None
        self.message: Message | None = None
        self.followups: list[Message] = []
        self.modal: JSON | None = None
        self.choices: list[JSON] | None = None
        self._application = application
        self._clock = clock
        self._changes = changes
        self._started = clock()

    @property
    def user(self) -> User:
        """The person, whether in a guild or not."""
        return self.member.user if isinstance(self.member, Member) else self.member

    @property
    def guild(self) -> Guild | None:
        """The guild it happened in; None in a direct message."""
        return self.channel.guild

    @property
    def age(self) -> float:
        """Seconds since the interaction was made, by the server's clock."""
        return self._clock() - self._started

    @property
    def failed(self) -> bool:
        """Whether 3 seconds went by without an accepted response."""
        return self.response_type is None and self.age > SECONDS_TO_RESPOND

    @property
    def expired(self) -> bool:
        """Whether the token no longer works."""
        return self.age > SECONDS_OF_TOKEN

    @property
    def messages(self) -> list[Message]:
        """Every message of this interaction in order, the original response first."""
        return [*([self.message] if self.message else []), *self.followups]

    async def acknowledged(self) -> None:
        """Wait for the first accepted callback.

        Raises InteractionFailedError when the 3 seconds pass without one.
        """
        await self._changes.until(self._is_acknowledged)

    async def answered(self) -> Message:
        """Wait for a complete answer and return it.

        That is the original response once it is no longer "thinking", or the first followup if
        the original was deleted. Raises InteractionFailedError when the 3 seconds pass unanswered.
        """
        await self._changes.until(lambda: self._is_acknowledged() and self._answer() is not None)
        answer = self._answer()
        assert answer is not None  # noqa: S101 - for the type checker
        return answer

    async def attempted(self, count: int = 1) -> None:
        """Wait until `count` callbacks were tried, accepted or refused."""
        await self._changes.until(lambda: len(self.callbacks) >= count)

    def _is_acknowledged(self) -> bool:
        if self.failed:
            raise InteractionFailedError(f"Nobody responded in time; attempts: {self.callbacks}")
        return self.response_type is not None

    def _answer(self) -> Message | None:
        complete = (m for m in self.messages if not m.loading and not m.deleted)
        return next(complete, None)

    def metadata(self) -> JSON:
        """Return the metadata object that the answer carries."""
        metadata: JSON = {
            "id": str(self.id),
            "type": self.type,
            "user": self.user.payload(),
            "authorizing_integration_owners": self._integration_owners(),
        }
        if self.type == MESSAGE_COMPONENT and self.source is not None:
            metadata["interacted_message_id"] = str(self.source.id)
        if self.type == MODAL_SUBMIT:
            metadata["triggering_interaction_metadata"] = metadata | {"type": APPLICATION_COMMAND}
        return metadata

    def payload(self) -> JSON:
        """Return the INTERACTION_CREATE event (same page, "Interaction Object")."""
        channel = self.channel.partial_payload()
        payload: JSON = {
            "id": str(self.id),
            "application_id": str(self._application.id),
            "type": self.type,
            "data": self.data,
            "token": self.token,
            "version": 1,
            "channel_id": str(self.channel.id),
            "channel": channel,
            "locale": self.locale,
            "app_permissions": str(resolved(self.channel.app_permissions)),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self._integration_owners(),
            "context": 1 if self.guild is None else 0,
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if self.source is not None:
            payload["message"] = self.source.payload()
        guild = self.guild
        if guild is None or not isinstance(self.member, Member):
            return payload | {"user": self.user.payload()}
        permissions = str(self.member.resolved_permissions)
        channel["permissions"] = permissions
        return payload | {
            "guild_id": str(guild.id),
            # Partial: the name is not part of it.
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": self.member.payload() | {"permissions": permissions},
        }

    def _integration_owners(self) -> JSON:
        """Return who installed the app; "0" is the guild install, "0" in a DM with the bot."""
        return {"0": str(self.guild.id) if self.guild else "0"}
