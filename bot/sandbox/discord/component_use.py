"""What a Discord client sends when a person presses a button, chooses, or submits a modal."""

from collections.abc import Mapping, Sequence

from bot.sandbox.discord.command_use import ActionRefusedError, entity_id
from bot.sandbox.discord.component_validation import (
    BUTTON,
    CHANNEL_SELECT,
    ROLE_SELECT,
    SELECTS,
    STRING_SELECT,
    TEXT_INPUT,
    USER_SELECT,
    value_limits,
    walk,
)
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Channel, Member
from bot.sandbox.discord.message import Message
from bot.sandbox.discord.model import User
from bot.sandbox.discord.resolved import Entity, Kind, find, resolve

SelectValue = str | Entity
ModalValue = str | Sequence[str]

_KINDS = {
    USER_SELECT: Kind.USER,
    ROLE_SELECT: Kind.ROLE,
    CHANNEL_SELECT: Kind.CHANNEL,
}


def button_data(message: Message, custom_id: str, user: User, *, forged: bool) -> JSON:
    """Return the interaction data of pressing a button.

    Raises `ActionRefusedError` when the person cannot see or press it. `forged` asks nothing: so
    presses a client that has not heard of the message's latest edit.
    """
    if forged:
        return {"component_type": BUTTON, "custom_id": custom_id, "id": 1}
    component = _find(message, custom_id, {BUTTON}, user)
    return {"component_type": BUTTON, "custom_id": custom_id, "id": component["id"]}


def select_data(
    message: Message, custom_id: str, values: Sequence[SelectValue], person: Member | User
) -> JSON:
    """Return the interaction data of choosing `values` (texts, things or their ids) in a select.

    Raises `ActionRefusedError` for a select the person cannot use and for values it does not offer.
    """
    user = person.user if isinstance(person, Member) else person
    component = _find(message, custom_id, SELECTS, user)
    chosen = [entity_id(value) for value in values]
    # Components Reference: `required` counts in modals only.
    _check_choice(component, chosen, message.channel, may_be_empty=False)
    data: JSON = {
        "component_type": component["type"],
        "custom_id": custom_id,
        "id": component["id"],
        "values": chosen,
    }
    if component["type"] != STRING_SELECT:
        # Components Reference: a string select's interaction response has no `resolved`.
        data["resolved"] = _resolved(component["type"], chosen, message.channel, person)
    return data


def modal_data(modal: JSON, values: Mapping[str, ModalValue], channel: Channel) -> JSON:
    """Return the interaction data of submitting a modal, which has texts and string selects.

    `values` are by custom id; what is not named keeps the modal's own default. Raises
    `ActionRefusedError` for fields that do not exist and for values that the client refuses.
    """
    fields = {c["custom_id"]: c for c in walk(modal["components"]) if c.get("custom_id")}
    if unknown := values.keys() - fields.keys():
        raise ActionRefusedError(f"The modal has no fields {sorted(unknown)}")
    components = [_submitted(each, values, channel) for each in modal["components"]]
    return {"custom_id": modal["custom_id"], "components": components}


def _find(message: Message, custom_id: str, kinds: set[int], user: User) -> JSON:
    if message.deleted or message.loading:
        raise ActionRefusedError("The message is not there")
    if message.ephemeral and message.interaction and message.interaction.user is not user:
        raise ActionRefusedError("Somebody else's ephemeral message cannot be seen")
    for component in walk(message.components):
        if component.get("custom_id") == custom_id and component["type"] in kinds:
            if component.get("disabled"):
                raise ActionRefusedError(f"{custom_id} is disabled")
            return component
    raise ActionRefusedError(f"The message has no {custom_id}")


def _check_choice(
    component: JSON, values: Sequence[str], channel: Channel, *, may_be_empty: bool
) -> None:
    if may_be_empty and not values:
        return
    least, most = value_limits(component)
    if not least <= len(values) <= most:
        raise ActionRefusedError(f"Choose {least} to {most} values")
    if component["type"] == STRING_SELECT:
        offered = {option["value"] for option in component["options"]}
        if not set(values) <= offered:
            raise ActionRefusedError(f"Only {sorted(offered)} are offered")
        return
    for value in values:
        entity = find(_KINDS[component["type"]], value, channel.guild) if channel.guild else None
        types = component.get("channel_types")
        if entity is None or (types and isinstance(entity, Channel) and entity.type not in types):
            raise ActionRefusedError(f"{value} is not offered")


def _resolved(kind: int, values: Sequence[str], channel: Channel, person: Member | User) -> JSON:
    named = [(_KINDS[kind], value) for value in values] if kind in _KINDS else []
    return resolve(named, channel.guild, person)


def _submitted(component: JSON, values: Mapping[str, ModalValue], channel: Channel) -> JSON:
    """Return a modal's component as it comes back, filled in."""
    filled: JSON = {"type": component["type"], "id": component.get("id", 0)}
    if component.get("component"):
        filled["component"] = _submitted(component["component"], values, channel)
    if component.get("components"):
        inner = component["components"]
        filled["components"] = [_submitted(each, values, channel) for each in inner]
    custom_id = component.get("custom_id")
    if custom_id is None:
        return filled
    filled["custom_id"] = custom_id
    if component["type"] == TEXT_INPUT:
        filled["value"] = _text(component, str(values.get(custom_id, component.get("value") or "")))
    else:
        defaults = [each["value"] for each in component["options"] if each.get("default")]
        given = values.get(custom_id, defaults)
        chosen = [given] if isinstance(given, str) else list(given)
        optional = not component.get("required", True)
        _check_choice(component, chosen, channel, may_be_empty=optional)
        filled["values"] = chosen
    return filled


def _text(component: JSON, text: str) -> str:
    least, most = component.get("min_length") or 0, component.get("max_length") or 4000
    if not text and not component.get("required", True):
        return text
    if not max(1, least) <= len(text) <= most:
        raise ActionRefusedError(f"{component['custom_id']} needs {least} to {most} characters")
    return text
