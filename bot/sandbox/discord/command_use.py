"""What a Discord client sends when a person uses a command, and what it refuses to send."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from bot.sandbox.discord.command_path import SUB_COMMAND, SUB_COMMAND_GROUP, CommandPath
from bot.sandbox.discord.errors import JSON
from bot.sandbox.discord.guild import Channel, Member
from bot.sandbox.discord.model import Role, User
from bot.sandbox.discord.permissions import ADMINISTRATOR
from bot.sandbox.discord.resolved import Entity, Kind, find

OptionValue = str | int | float | bool | Entity


class OptionType(IntEnum):
    """What kind of value an option takes.

    Source: Discord API docs, Application Commands, "Application Command Option Type".
    """

    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    NUMBER = 10


_KINDS = {
    OptionType.USER: Kind.USER,
    OptionType.CHANNEL: Kind.CHANNEL,
    OptionType.ROLE: Kind.ROLE,
}
_CHECKED_BY_TYPE = {OptionType.STRING, OptionType.INTEGER, OptionType.BOOLEAN}


class ActionRefusedError(ValueError):
    """The person's own client would not have let them do this."""


def option_payloads(
    path: CommandPath,
    options: Mapping[str, OptionValue],
    command: JSON | None,
    focused: str | None = None,
) -> list[JSON]:
    """Return the options of an interaction, inside those that name a group and a sub-command.

    Types come from the registered command, for unknown options from the value. While the person
    still types, the focused option is sent as text whatever its type (same page,
    "Autocomplete").
    """
    types = {option["name"]: option["type"] for option in path.options(command) or []}
    payloads: list[JSON] = []
    for name, value in options.items():
        option_type = types.get(name, _type_of(value))
        sent = entity_id(value) if option_type in _KINDS else value
        payload: JSON = {"name": name, "type": int(option_type), "value": sent}
        if name == focused:
            payload |= {"value": str(value), "focused": True}
        payloads.append(payload)
    for depth, name in enumerate(reversed(path.inner)):
        kind = SUB_COMMAND if depth == 0 else SUB_COMMAND_GROUP
        payloads = [{"name": name, "type": kind, "options": payloads}]
    return payloads


def named_entities(options: list[JSON]) -> list[tuple[Kind, str]]:
    """Return the people, roles and channels that the options of an interaction name."""
    named: list[tuple[Kind, str]] = []
    for option in options:
        if option["type"] in _KINDS:
            named.append((_KINDS[option["type"]], option["value"]))
        named.extend(named_entities(option.get("options", [])))
    return named


def entity_id(value: Any) -> str:
    """Return the id as text of a person, role or channel; an id stays itself."""
    return str(value.id) if isinstance(value, Entity) else str(value)


def check_use(
    path: CommandPath,
    command: JSON,
    member: Member | User,
    channel: Channel,
    options: Mapping[str, OptionValue],
) -> None:
    """Raise `ActionRefusedError` where a client hides the command or refuses the options.

    Source: Discord API docs, Application Commands ("Contexts", "Permissions", "Application
    Command Option Structure").
    """
    known = _shown_options(path, command, member, channel, options)
    for name, option in known.items():
        if name not in options:
            if option.get("required"):
                raise ActionRefusedError(f"The option {name} is required")
        elif option["type"] in _KINDS:
            _check_entity(name, option, options[name], channel)
        else:
            _check_value(name, option, options[name])


def check_typing(
    path: CommandPath,
    command: JSON,
    member: Member | User,
    channel: Channel,
    options: Mapping[str, OptionValue],
    focused: str,
) -> None:
    """Raise `ActionRefusedError` where a client asks for no choices of the option `focused`.

    Other required options may still be missing, and what is typed may be too long or too short
    (same page, "Autocomplete").
    """
    known = _shown_options(path, command, member, channel, options)
    if not known.get(focused, {}).get("autocomplete"):
        raise ActionRefusedError(f"/{path} offers no choices for {focused}")


def check_shown(name: str, command: JSON, member: Member | User, channel: Channel) -> None:
    """Raise `ActionRefusedError` where a client does not show a command of any type."""
    contexts = command.get("contexts")
    context = 1 if channel.guild is None else 0
    if contexts is not None and context not in contexts:
        raise ActionRefusedError(f"{name} is not offered here")
    needed = command.get("default_member_permissions")
    if needed is not None and isinstance(member, Member):
        has = member.resolved_permissions
        enough = int(needed) and not int(needed) & ~has
        if not (has & ADMINISTRATOR or enough):
            raise ActionRefusedError(f"{member.display_name} may not use {name}")


def _shown_options(
    path: CommandPath,
    command: JSON,
    member: Member | User,
    channel: Channel,
    options: Mapping[str, OptionValue],
) -> dict[str, JSON]:
    """Return the options of a command by name; refuses if it is hidden or has others."""
    check_shown(f"/{path}", command, member, channel)
    registered = path.options(command)
    if registered is None:
        raise ActionRefusedError(f"/{path} is not a command that can be used")
    known = {option["name"]: option for option in registered}
    if unknown := options.keys() - known.keys():
        raise ActionRefusedError(f"/{path} has no options {sorted(unknown)}")
    return known


def _check_entity(name: str, option: JSON, value: Any, channel: Channel) -> None:
    entity: Entity | None = value if isinstance(value, Entity) else None
    if channel.guild is not None:
        entity = find(_KINDS[option["type"]], entity_id(value), channel.guild)
    if entity is None:
        raise ActionRefusedError(f"{value!r} cannot be chosen for option {name}")
    types = option.get("channel_types")
    if types and isinstance(entity, Channel) and entity.type not in types:
        raise ActionRefusedError(f"#{entity.name} is not offered for option {name}")


def _check_value(name: str, option: JSON, value: Any) -> None:
    if option["type"] in _CHECKED_BY_TYPE and option["type"] != _type_of(value):
        raise ActionRefusedError(f"{value!r} is not a value of option {name}")
    if option["type"] == OptionType.STRING:
        size, limits = len(value), (option.get("min_length"), option.get("max_length"))
    else:
        size, limits = value, (option.get("min_value"), option.get("max_value"))
    least, most = limits
    if (least is not None and size < least) or (most is not None and size > most):
        raise ActionRefusedError(f"The option {name} must be between {least} and {most}")
    choices = [choice["value"] for choice in option.get("choices", [])]
    if choices and value not in choices:
        raise ActionRefusedError(f"{value!r} is none of the choices of option {name}")


def _type_of(value: OptionValue) -> OptionType:
    if isinstance(value, (Member, User)):
        return OptionType.USER
    if isinstance(value, Channel):
        return OptionType.CHANNEL
    if isinstance(value, Role):
        return OptionType.ROLE
    if isinstance(value, bool):
        return OptionType.BOOLEAN
    if isinstance(value, int):
        return OptionType.INTEGER
    return OptionType.NUMBER if isinstance(value, float) else OptionType.STRING
