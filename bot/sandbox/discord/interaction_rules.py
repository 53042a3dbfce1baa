"""The life of an interaction: what the bot may send, when, and with what effect.

Source where no other is named: Discord API docs, Receiving and Responding to Interactions.
"""

from typing import Any

from bot.sandbox.discord.attachment import Attachment
from bot.sandbox.discord.command_validation import check_choices
from bot.sandbox.discord.component_validation import check_modal
from bot.sandbox.discord.errors import (
    JSON,
    ApiError,
    FormErrors,
    already_acknowledged,
    archived_thread,
    invalid_webhook_token,
    unknown_channel,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from bot.sandbox.discord.interaction import (
    APPLICATION_COMMAND,
    AUTOCOMPLETE,
    AUTOCOMPLETE_RESULT,
    DEFERRED_MESSAGE,
    DEFERRED_UPDATE,
    MESSAGE,
    MESSAGE_COMPONENT,
    MODAL,
    MODAL_SUBMIT,
    UPDATE_MESSAGE,
    CallbackAttempt,
    Interaction,
)
from bot.sandbox.discord.mentions import WEBHOOK_DEFAULT
from bot.sandbox.discord.message import (
    CHAT_INPUT_COMMAND_TYPE,
    CONTEXT_MENU_COMMAND_TYPE,
    DEFAULT_TYPE,
    Message,
)
from bot.sandbox.discord.message_validation import EPHEMERAL, IS_COMPONENTS_V2, Draft, read_draft
from bot.sandbox.discord.world import World

_ALLOWED_RESPONSES = {
    APPLICATION_COMMAND: {MESSAGE, DEFERRED_MESSAGE, MODAL},
    MESSAGE_COMPONENT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE, MODAL},
    AUTOCOMPLETE: {AUTOCOMPLETE_RESULT},
    MODAL_SUBMIT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE},
}
"""Updating needs a message to update; a modal is never the answer to a modal."""

_DATA = ("data",)


class InteractionRules:
    """Applies the requests that answer interactions."""

    def __init__(self, world: World) -> None:
        self._world = world

    def respond(
        self, interaction_id: int, token: str, body: Any, files: list[Attachment]
    ) -> Interaction:
        """Apply an initial response and return its interaction.

        Raises `ApiError`: 404/10062 for an unknown interaction, a wrong token, or after 3
        seconds; 400/40060 for a second response; 400/50035 and 400/50006 for a bad body.
        """
        interaction = self._world.interactions.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise unknown_interaction()
        try:
            if interaction.response_type is not None:
                raise already_acknowledged()
            if interaction.failed:
                raise unknown_interaction()
            self._apply_response(interaction, body, files)
        except ApiError as error:
            interaction.callbacks.append(CallbackAttempt(body, error.status, error.code))
            raise
        else:
            interaction.callbacks.append(CallbackAttempt(body, 200, None))
        finally:
            self._world.changes.announce()
        return interaction

    def _apply_response(self, interaction: Interaction, body: Any, files: list[Attachment]) -> None:
        errors = FormErrors()
        kind = body.get("type") if isinstance(body, dict) else None
        if kind not in _ALLOWED_RESPONSES[interaction.type] or (
            kind in {DEFERRED_UPDATE, UPDATE_MESSAGE} and interaction.source is None
        ):
            allowed = sorted(_ALLOWED_RESPONSES[interaction.type])
            choices = ", ".join(map(str, allowed))
            errors.add(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}.")
            errors.raise_if_any()
        data = body.get("data")
        if kind == MODAL:
            check_modal(data, errors, _DATA)
            errors.raise_if_any()
            interaction.modal = data
        elif kind == AUTOCOMPLETE_RESULT:
            choices = (data or {}).get("choices", [])
            check_choices(choices, errors, (*_DATA, "choices"))
            errors.raise_if_any()
            interaction.choices = choices
        elif kind == DEFERRED_UPDATE:
            interaction.message = interaction.source
        elif kind == UPDATE_MESSAGE:
            assert interaction.source is not None  # noqa: S101 - checked above
            self._edit(interaction.source, data, files, _DATA)
            interaction.message = interaction.source
        else:
            draft = None if kind == DEFERRED_MESSAGE else self._draft(data, files, _DATA)
            # A deferral may carry only EPHEMERAL; other flags have to come with the edit.
            flags = ((data or {}).get("flags") or 0) & EPHEMERAL
            interaction.message = self._create(interaction, draft, flags, original=True)
        interaction.response_type = kind

    def find(self, application_id: int, token: str) -> Interaction:
        """Return the interaction whose token is used as a webhook.

        Raises `ApiError` 404/10015 for another application or an unknown token and 401/50027
        once the 15 minutes are over.
        """
        for interaction in self._world.interactions.values():
            if interaction.token == token and application_id == self._world.application.id:
                if interaction.expired:
                    raise invalid_webhook_token()
                return interaction
        raise unknown_webhook()

    def follow_up(self, interaction: Interaction, body: Any, files: list[Attachment]) -> Message:
        """Apply a followup and return its message.

        The first followup after a deferral edits the placeholder, whose own visibility stays
        ("Followup Messages"). Before the initial response the token is no webhook yet: 10015.
        """
        if interaction.response_type in {None, AUTOCOMPLETE_RESULT}:
            raise unknown_webhook()
        if interaction.channel.deleted:
            raise unknown_channel()
        original = interaction.message
        if original is not None and original.loading and not original.deleted:
            return self._edit(original, body, files)
        flags = (body.get("flags") or 0) & EPHEMERAL if isinstance(body, dict) else 0
        message = self._create(interaction, self._draft(body, files), flags, original=False)
        interaction.followups.append(message)
        self._world.changes.announce()
        return message

    def message(self, interaction: Interaction, message_id: int | None) -> Message:
        """Return a message of the interaction, None meaning `@original`.

        Raises `ApiError` 404/10008 when it is not there, not there any more, or not yet; a
        channel takes its messages with it.
        """
        if message_id is None:
            candidates = [interaction.message] if interaction.message else []
        else:
            candidates = [m for m in interaction.messages if m.id == message_id]
        if not candidates or candidates[0].deleted or interaction.channel.deleted:
            raise unknown_message()
        return candidates[0]

    def edit(
        self, interaction: Interaction, message_id: int | None, body: Any, files: list[Attachment]
    ) -> Message:
        """Edit a message of the interaction and return it."""
        return self._edit(self.message(interaction, message_id), body, files)

    def _edit(
        self, message: Message, body: Any, files: list[Attachment], path: tuple[str, ...] = ()
    ) -> Message:
        if message.channel.archived:
            raise archived_thread()
        draft = self._draft(body, files, path, version_2=bool(message.flags & IS_COMPONENTS_V2))
        self._world.messages.edit(message, draft)
        return message

    @staticmethod
    def _draft(
        body: Any, files: list[Attachment], path: tuple[str, ...] = (), *, version_2: bool = False
    ) -> Draft:
        return read_draft(body, WEBHOOK_DEFAULT, files, path=path, version_2=version_2)

    def _create(
        self, interaction: Interaction, draft: Draft | None, flags: int, *, original: bool
    ) -> Message:
        if interaction.channel.deleted:
            raise unknown_channel()
        message_type = DEFAULT_TYPE
        if original and interaction.type == APPLICATION_COMMAND:
            slash = interaction.data.get("type") == 1
            message_type = CHAT_INPUT_COMMAND_TYPE if slash else CONTEXT_MENU_COMMAND_TYPE
        return self._world.messages.create(
            interaction.channel,
            self._world.application,
            draft,
            type=message_type,
            flags=flags,
            interaction=interaction,
        )


def callback_answer(interaction: Interaction) -> JSON:
    """Return the answer to a callback that asked for one with `with_response`.

    Source: Discord API docs, Receiving and Responding to Interactions, "Interaction Callback
    Response Object".
    """
    answer: JSON = {"interaction": {"id": str(interaction.id), "type": interaction.type}}
    message = interaction.message
    if message is None:
        return answer
    answer["interaction"] |= {
        "response_message_id": str(message.id),
        "response_message_loading": message.loading,
        "response_message_ephemeral": message.ephemeral,
    }
    if interaction.response_type in {MESSAGE, UPDATE_MESSAGE}:
        # Same page: the resource has a message for these two types only.
        answer["resource"] = {"type": interaction.response_type, "message": message.payload()}
    return answer
