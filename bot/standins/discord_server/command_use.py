"""What a Discord client does when a person uses a command: options, and what it refuses."""

from collections.abc import Mapping
from typing import Any

from bot.standins.discord_server.errors import JSON
from bot.standins.discord_server.model import ADMINISTRATOR, Channel, Member, User

OptionValue = str | int | float | bool

# Discord API docs, Application Commands, "Application Command Option Type".
_STRING, _INTEGER, _BOOLEAN, _NUMBER = 3, 4, 5, 10


class ActionRefusedError(ValueError):
    """The person's own client would not have let them do this."""


def option_payloads(
    options: Mapping[str, OptionValue], command: JSON | None, focused: str | None = None
) -> list[JSON]:
    """Return the options of an interaction.

    Types come from the registered command, for unknown options from the value. While the person
    still types, the focused option is sent as text whatever its type (same page,
    "Autocomplete").
    """
    types = {option["name"]: option["type"] for option in (command or {}).get("options", [])}
    payloads: list[JSON] = []
    for name, value in options.items():
        option_type = types.get(name, _type_of(value))
        payload: JSON = {"name": name, "type": option_type, "value": value}
        if name == focused:
            payload |= {"value": str(value), "focused": True}
        payloads.append(payload)
    return payloads


def check_use(
    command: JSON, member: Member | User, channel: Channel, options: Mapping[str, OptionValue]
) -> None:
    """Raise `ActionRefusedError` where a client hides the command or refuses the options.

    Source: Discord API docs, Application Commands ("Contexts", "Permissions", "Application
    Command Option Structure").
    """
    contexts = command.get("contexts")
    context = 1 if channel.guild is None else 0
    if contexts is not None and context not in contexts:
        raise ActionRefusedError(f"/{command['name']} is not offered here")
    needed = command.get("default_member_permissions")
    if needed is not None and isinstance(member, Member):
        has = member.permissions
        enough = int(needed) and not int(needed) & ~has
        if not (has & ADMINISTRATOR or enough):
            raise ActionRefusedError(f"{member.display_name} may not use /{command['name']}")
    known = {option["name"]: option for option in command.get("options", [])}
    if unknown := options.keys() - known.keys():
        raise ActionRefusedError(f"/{command['name']} has no options {sorted(unknown)}")
    for name, option in known.items():
        if name in options:
            _check_value(name, option, options[name])
        elif option.get("required"):
            raise ActionRefusedError(f"The option {name} is required")


def _check_value(name: str, option: JSON, value: Any) -> None:
    if option["type"] != _type_of(value) and option["type"] in {_STRING, _INTEGER, _BOOLEAN}:
        raise ActionRefusedError(f"{value!r} is not a value of option {name}")
    if option["type"] == _STRING:
        size, limits = len(value), (option.get("min_length"), option.get("max_length"))
    else:
        size, limits = value, (option.get("min_value"), option.get("max_value"))
    least, most = limits
    if (least is not None and size < least) or (most is not None and size > most):
        raise ActionRefusedError(f"The option {name} must be between {least} and {most}")
    choices = [choice["value"] for choice in option.get("choices", [])]
    if choices and value not in choices:
        raise ActionRefusedError(f"{value!r} is none of the choices of option {name}")


def _type_of(value: OptionValue) -> int:
    if isinstance(value, bool):
        return _BOOLEAN
    if isinstance(value, int):
        return _INTEGER
    return _NUMBER if isinstance(value, float) else _STRING
