"""The rules for the body of a message that a bot sends or edits.

Source: Discord API docs, Message Resource ("Create Message", "Embed Limits"); the maximum
lengths also stand in discord/discord-api-spec.
"""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.discord.attachment import Attachment
from bot.sandbox.discord.component_validation import check_message_components, with_ids
from bot.sandbox.discord.errors import JSON, FormErrors
from bot.sandbox.discord.mentions import AllowedMentions, read_allowed_mentions

# Discord API docs, Message Resource, "Message Flags".
SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
IS_COMPONENTS_V2 = 1 << 15

CREATE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | IS_COMPONENTS_V2
EDIT_FLAGS = SUPPRESS_EMBEDS | IS_COMPONENTS_V2

LONGEST_CONTENT = 2000
LONGEST_NONCE = 25
MOST_EMBEDS = 10
MOST_EMBED_FIELDS = 25
MOST_EMBED_CHARACTERS = 6000
_EMBED_LENGTHS = (
    (("title",), 256),
    (("description",), 4096),
    (("footer", "text"), 2048),
    (("author", "name"), 256),
)


@dataclass(frozen=True)
class Draft:
    """The parts of a message that a request gives; None stands for a part not given.

    `nonce` is there only if it is to be enforced.
    """

    content: str | None
    embeds: list[JSON] | None
    components: list[JSON] | None
    attachments: list[Attachment] | None
    flags: int | None
    allowed_mentions: AllowedMentions
    nonce: str | None


def read_draft(
    body: Any,
    default_mentions: AllowedMentions,
    files: list[Attachment],
    *,
    path: tuple[str, ...] = (),
    version_2: bool = False,
) -> Draft:
    """Return what a request says about a message.

    `files` are the uploaded files, `path` is where the message stands in
    the request body, `version_2` says that the message already uses version 2 components.
    Raises `ApiError` 400/50035 for a body that breaks a rule.
    """
    errors = FormErrors()
    body = body if isinstance(body, dict) else {}
    flags = body.get("flags")
    version_2 = version_2 or bool((flags or 0) & IS_COMPONENTS_V2)
    content = body.get("content", None)
    if content is not None:
        errors.check_length(content, (*path, "content"), most=LONGEST_CONTENT)
    embeds = _read_list(body, "embeds")
    if embeds is not None:
        _check_embeds(embeds, errors, (*path, "embeds"))
    if version_2:
        _check_version_2(content, embeds, errors, path)
    components = _read_list(body, "components")
    if components is not None:
        place = (*path, "components")
        components = check_message_components(components, errors, place, version_2=version_2)
    allowed_mentions = read_allowed_mentions(
        body.get("allowed_mentions"), default_mentions, errors, (*path, "allowed_mentions")
    )
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        errors.check_length(nonce, (*path, "nonce"), most=LONGEST_NONCE)
    errors.raise_if_any()
    return Draft(
        # Leading and trailing white space is dropped by the service; the documents are silent.
        (content or "").strip() if "content" in body else None,
        None if embeds is None else [{"type": "rich"} | embed for embed in embeds],
        None if components is None else with_ids(components),
        files if files or "attachments" in body else None,
        flags,
        allowed_mentions,
        str(nonce) if body.get("enforce_nonce") and nonce is not None else None,
    )


def _read_list(body: JSON, key: str) -> Any:
    """Return the list under `key`, an empty one for an explicit null, None when not given."""
    if key not in body:
        return None
    return [] if body[key] is None else body[key]


def _check_embeds(embeds: Any, errors: FormErrors, path: tuple[str, ...]) -> None:
    if not errors.check_list(embeds, path, most=MOST_EMBEDS):
        return
    total = 0
    for index, embed in enumerate(embeds):
        place = (*path, str(index))
        for keys, most in _EMBED_LENGTHS:
            value: Any = embed
            for key in keys:
                value = (value or {}).get(key)
            if value is not None:
                errors.check_length(value, (*place, *keys), most=most)
                total += len(str(value))
        fields = embed.get("fields") or []
        if errors.check_list(fields, (*place, "fields"), most=MOST_EMBED_FIELDS):
            for number, field in enumerate(fields):
                for key, most in (("name", 256), ("value", 1024)):
                    spot = (*place, "fields", str(number), key)
                    errors.check_length(field.get(key), spot, least=1, most=most)
                    total += len(str(field.get(key, "")))
    if total > MOST_EMBED_CHARACTERS:
        errors.add(
            path,
            "MAX_EMBED_SIZE_EXCEEDED",
            f"Embed size exceeds maximum size of {MOST_EMBED_CHARACTERS}",
        )


def _check_version_2(
    content: object, embeds: object, errors: FormErrors, path: tuple[str, ...]
) -> None:
    """Discord API docs, Components Reference: no content and no embeds with version 2."""
    for key, value in (("content", content), ("embeds", embeds)):
        if value:
            errors.add(
                (*path, key),
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )
