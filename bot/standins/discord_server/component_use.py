"""What a Discord client sends when a person presses a button, chooses, or submits a modal."""

from collections.abc import Mapping, Sequence

from bot.standins.discord_server.command_use import ActionRefusedError
from bot.standins.discord_server.component_validation import (
    BUTTON,
    CHANNEL_SELECT,
    ROLE_SELECT,
    SELECTS,
    STRING_SELECT,
    TEXT_INPUT,
    USER_SELECT,
    walk,
)
from bot.standins.discord_server.errors import JSON
from bot.standins.discord_server.messages import Message
from bot.standins.discord_server.model import Guild, User

ModalValue = str | bool | Sequence[str]


def button_data(message: Message, custom_id: str, user: User) -> JSON:
    """Return the interaction data of pressing a button.

    Raises `ActionRefusedError` when the person cannot see or press it.
    """
    component = _find(message, custom_id, {BUTTON}, user)
    return {"component_type": BUTTON, "custom_id": custom_id, "id": component["id"]}


def select_data(
    message: Message, custom_id: str, values: Sequence[str], user: User, guild: Guild | None
) -> JSON:
    """Return the interaction data of choosing `values` (texts, or ids as text) in a select.

    Raises `ActionRefusedError` for a select the person cannot use and for values it does not offer.
    """
    component = _find(message, custom_id, SELECTS, user)
    _check_choice(component, values)
    return {
        "component_type": component["type"],
        "custom_id": custom_id,
        "id": component["id"],
        "values": list(values),
        "resolved": _resolved(component["type"], values, guild),
    }


def modal_data(modal: JSON, values: Mapping[str, ModalValue], guild: Guild | None) -> JSON:
    """Return the interaction data of submitting a modal.

    `values` are by custom id; what is not named keeps the modal's own default. Raises
    `ActionRefusedError` for fields that do not exist and for values that the client refuses.
    """
    fields = {c["custom_id"]: c for c in walk(modal["components"]) if c.get("custom_id")}
    if unknown := values.keys() - fields.keys():
        raise ActionRefusedError(f"The modal has no fields {sorted(unknown)}")
    resolved: JSON = {}
    components = [_submitted(c, values, guild, resolved) for c in modal["components"]]
    data: JSON = {"custom_id": modal["custom_id"], "components": components}
    if resolved:
        data["resolved"] = resolved
    return data


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


def _check_choice(component: JSON, values: Sequence[str]) -> None:
    least, most = component.get("min_values", 1), component.get("max_values", 1)
    if not component.get("required", True) and not values:
        return
    if not least <= len(values) <= most:
        raise ActionRefusedError(f"Choose {least} to {most} values")
    if component["type"] == STRING_SELECT:
        offered = {option["value"] for option in component["options"]}
        if not set(values) <= offered:
            raise ActionRefusedError(f"Only {sorted(offered)} are offered")


def _resolved(kind: int, values: Sequence[str], guild: Guild | None) -> JSON:
    """Return the chosen users, roles or channels in full ("Resolved Data Structure")."""
    if guild is None:
        return {}
    ids = [int(value) for value in values] if kind != STRING_SELECT else []
    if kind == ROLE_SELECT:
        return {"roles": {str(i): guild.roles[i].payload() for i in ids}}
    if kind == CHANNEL_SELECT:
        channels = {str(i): guild.channels[i].payload() | {"permissions": "0"} for i in ids}
        return {"channels": channels}
    if kind == USER_SELECT:
        people = [guild.members[i] for i in ids]
        return {
            "users": {str(person.id): person.user.payload() for person in people},
            "members": {str(person.id): person.payload(with_user=False) for person in people},
        }
    return {}


def _submitted(
    component: JSON, values: Mapping[str, ModalValue], guild: Guild | None, resolved: JSON
) -> JSON:
    """Return a modal's component as it comes back, filled in."""
    filled: JSON = {"type": component["type"], "id": component.get("id", 0)}
    if component.get("component"):
        filled["component"] = _submitted(component["component"], values, guild, resolved)
    if component.get("components"):
        inner = component["components"]
        filled["components"] = [_submitted(c, values, guild, resolved) for c in inner]
    custom_id = component.get("custom_id")
    if custom_id is None:
        return filled
    filled["custom_id"] = custom_id
    if component["type"] == TEXT_INPUT:
        filled["value"] = _text(component, str(values.get(custom_id, component.get("value") or "")))
    elif component["type"] in SELECTS:
        chosen = values.get(custom_id, _default_values(component))
        chosen = [chosen] if isinstance(chosen, str) else list(chosen)  # type: ignore[arg-type]
        _check_choice(component, chosen)
        filled["values"] = chosen
        for key, found in _resolved(component["type"], chosen, guild).items():
            resolved.setdefault(key, {}).update(found)
    else:
        value = values.get(custom_id)
        filled["values" if isinstance(value, (list, tuple)) else "value"] = value
    return filled


def _text(component: JSON, text: str) -> str:
    least, most = component.get("min_length") or 0, component.get("max_length") or 4000
    if not text and not component.get("required", True):
        return text
    if not max(1, least) <= len(text) <= most:
        raise ActionRefusedError(f"{component['custom_id']} needs {least} to {most} characters")
    return text


def _default_values(component: JSON) -> list[str]:
    if component["type"] == STRING_SELECT:
        return [option["value"] for option in component["options"] if option.get("default")]
    return [str(default["id"]) for default in component.get("default_values") or []]
