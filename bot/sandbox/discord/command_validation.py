"""The rules for registering application commands.

Source: Discord API docs, Application Commands; maximum lengths also in discord/discord-api-spec.
"""

import re
from typing import Any

from bot.sandbox.discord.command_path import SUB_COMMAND, SUB_COMMAND_GROUP
from bot.sandbox.discord.errors import JSON, ApiError, FormErrors

CHAT_INPUT = 1
USER_MENU = 2
MESSAGE_MENU = 3

MOST_COMMANDS = {CHAT_INPUT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
MOST_OPTIONS = 25
MOST_CHOICES = 25
LARGEST_COMMAND = 8000
LARGEST_INTEGER = 2**53 - 1
_STRING, _INTEGER, _CHANNEL, _NUMBER = 3, 4, 7, 10
_VALUES = frozenset(range(3, 12))
_EVERYTHING = _VALUES | {SUB_COMMAND, SUB_COMMAND_GROUP}
# "Subcommands and Subcommand Groups": which option types a group and a sub-command may hold.
_INSIDE = {SUB_COMMAND_GROUP: frozenset({SUB_COMMAND}), SUB_COMMAND: _VALUES}

# Discord API docs, Channels Resource, "Channel Types"; the specification leaves out 16, media.
_CHANNEL_TYPES = {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16}

# "Application Command Naming": ^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$ and lower case;
# \w is nearest to those classes in the standard library.
_NAME = re.compile(r"[-_'\w]{1,32}")


def check_commands(commands: Any) -> list[JSON]:
    """Return the commands of a bulk overwrite.

    Raises `ApiError` 400 with 50035 for a broken rule and 30032 for too many commands.
    """
    errors = FormErrors()
    if not isinstance(commands, list) or not all(isinstance(c, dict) for c in commands):
        errors.add((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        errors.raise_if_any()
    for kind, most in MOST_COMMANDS.items():
        if sum(command.get("type", CHAT_INPUT) == kind for command in commands) > most:
            message = f"Maximum number of application commands reached ({most})."
            raise ApiError(400, 30032, message)
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        check_command(command, errors, (str(index),))
        key = (command.get("type", CHAT_INPUT), str(command.get("name")))
        if key in seen:
            errors.add(
                (str(index), "name"),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        seen.add(key)
    errors.raise_if_any()
    return list(commands)


def check_command(command: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    """Note what is wrong with one command."""
    kind = command.get("type", CHAT_INPUT)
    if kind == CHAT_INPUT:
        _check_name(command, errors, path)
        errors.check_length(command.get("description"), (*path, "description"), least=1, most=100)
        _check_options(command.get("options"), errors, path, allowed=_EVERYTHING)
        if _size(command) > LARGEST_COMMAND:
            errors.add(
                path,
                "APPLICATION_COMMAND_TOO_LARGE",
                f"Command exceeds maximum size ({LARGEST_COMMAND})",
            )
        return
    errors.check_length(command.get("name"), (*path, "name"), least=1, most=32)
    for key in ("description", "options"):
        if command.get(key):
            errors.add(
                (*path, key),
                "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION",
                "Context menu commands cannot have description or options",
            )


def _check_name(named: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    name = named.get("name")
    errors.check_length(name, (*path, "name"), least=1, most=32)
    if isinstance(name, str) and (not _NAME.fullmatch(name) or name != name.lower()):
        errors.add(
            (*path, "name"),
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        )


def _check_options(
    options: Any, errors: FormErrors, path: tuple[str, ...], *, allowed: frozenset[int]
) -> None:
    """Note what is wrong with the options of one level, where `allowed` types may stand."""
    place = (*path, "options")
    if options is None or not errors.check_list(options, place, most=MOST_OPTIONS):
        return
    if len({option.get("type") in _INSIDE for option in options}) > 1:
        errors.add(
            place,
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all others",
        )
    optional_seen = False
    names: set[str] = set()
    for index, option in enumerate(options):
        spot = (*place, str(index))
        _check_name(option, errors, spot)
        errors.check_length(option.get("description"), (*spot, "description"), least=1, most=100)
        if option.get("required") and optional_seen:
            errors.add(
                spot,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        if option.get("name") in names:
            errors.add(
                spot,
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                "Option name already exists",
            )
        names.add(str(option.get("name")))
        kind = option.get("type")
        if kind not in allowed:
            choices = ", ".join(map(str, sorted(allowed)))
            errors.add((*spot, "type"), "BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}.")
        elif kind in _INSIDE:
            _check_options(option.get("options"), errors, spot, allowed=_INSIDE[kind])
        else:
            optional_seen = optional_seen or not option.get("required")
            _check_limits(option, errors, spot)
            _check_choices(option, errors, spot)
            _check_channel_types(option, errors, spot)


def _check_limits(option: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    if option.get("type") == _STRING:
        pairs = (("min_length", 0, 6000), ("max_length", 1, 6000))
    elif option.get("type") in {_INTEGER, _NUMBER}:
        pairs = (
            ("min_value", -LARGEST_INTEGER, LARGEST_INTEGER),
            ("max_value", -LARGEST_INTEGER, LARGEST_INTEGER),
        )
    else:
        return
    for key, least, most in pairs:
        value = option.get(key)
        if value is not None and value < least:
            errors.add((*path, key), "NUMBER_TYPE_MIN", f"Value should be at least {least}.")
        if value is not None and value > most:
            errors.add((*path, key), "NUMBER_TYPE_MAX", f"Value should be at most {most}.")


def _check_choices(option: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        errors.add(
            (*path, "autocomplete"),
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            "Autocomplete cannot be set with choices",
        )
    check_choices(choices, errors, (*path, "choices"))


def _check_channel_types(option: JSON, errors: FormErrors, path: tuple[str, ...]) -> None:
    """Only channel options have them, each type once (specification, uniqueItems)."""
    types = option.get("channel_types")
    if not types:
        return
    if option["type"] != _CHANNEL:
        errors.add(
            (*path, "channel_types"),
            "APPLICATION_COMMAND_OPTIONS_CHANNEL_TYPES_INVALID",
            "Channel types can be set for channel options only",
        )
    elif len(set(types)) != len(types) or not set(types) <= _CHANNEL_TYPES:
        errors.add((*path, "channel_types"), "BASE_TYPE_CHOICES", "Not a list of channel types.")


def check_choices(choices: Any, errors: FormErrors, path: tuple[str, ...]) -> None:
    """Note what is wrong with choices, of an option or of an autocomplete answer.

    At most 25; names of 1 to 100 characters, text values of at most 100.
    """
    if not errors.check_list(choices, path, most=MOST_CHOICES):
        return
    for index, choice in enumerate(choices):
        place = (*path, str(index))
        errors.check_length(choice.get("name"), (*place, "name"), least=1, most=100)
        value = choice.get("value")
        if isinstance(value, str):
            errors.check_length(value, (*place, "value"), least=1, most=100)
        elif not isinstance(value, (int, float)):
            errors.add((*place, "value"), "BASE_TYPE_REQUIRED", "This field is required")


def _size(command: JSON) -> int:
    """Return the characters of all names, descriptions and values, which count together."""
    total = sum(len(str(command.get(key) or "")) for key in ("name", "description"))
    for option in command.get("options") or []:
        total += _size(option)
        total += sum(
            len(str(choice.get("name"))) + len(str(choice.get("value")))
            for choice in option.get("choices") or []
        )
    return total
