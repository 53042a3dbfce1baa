"""What a line typed in the sandbox asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.sandbox.discord.errors import JSON


class LineError(Exception):
    """A line that is not understood; the message is the one sentence to show."""


@dataclass(frozen=True, slots=True)
class UseCommand:
    """A person uses a command, such as `callnote-config roles`; `options` are texts by name."""

    person: str
    command: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypeOption:
    """A person types into the option `focused` of a command, and does not use it yet."""

    person: str
    command: str
    options: Mapping[str, str]
    focused: str


@dataclass(frozen=True, slots=True)
class Post:
    """A person writes an ordinary message."""

    person: str
    text: str


@dataclass(frozen=True, slots=True)
class UseMenu:
    """A person uses a command of the menu of the message that was posted last."""

    person: str
    command: str


@dataclass(frozen=True, slots=True)
class Submit:
    """Submit the form that was shown last; `texts` are by field, the others stay as they are."""

    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose these in the list shown last, as the person who sees it; nothing for none."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Press:
    """Press the button with this label below the last message; None is the person who sees it."""

    label: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """Fill in the form shown last and submit it, with a text for each field in order.

    What is entered may be a secret, so it is left out of `repr`.
    """

    texts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Word:
    """One of the sandbox's own commands, with its argument or an empty text."""

    name: str
    argument: str = ""


Asked = UseCommand | TypeOption | Post | UseMenu | Submit | Choose | Press | Fill | Word

WORDS = (
    "help",
    "calls",
    "channel",
    "note",
    "close",
    "cad",
    "api",
    "log",
    "wait",
    "restart",
    "quit",
)

_MISSING = {
    "post": "Say what is written: post Two suspects in a red car",
    "menu": "Say which command of the message's menu: menu Add to dispatch call",
    "submit": "Say what is in the form's fields: submit call:123 note:Suspect fled north",
}
_AS = re.compile(r"as\s+(\S+)\s+(.*)", re.DOTALL)
_AS_TOO = ("press", "type", "post", "menu")  # what else somebody may do
_FIELD = re.compile(r"(?:^|\s)([a-z]+):")
_MOST_WORDS = 3  # of a command: its name, a group and a sub-command


def parse(line: str, commands: Mapping[str, Sequence[JSON]]) -> Asked | None:
    r"""Return what the line asks for, None for an empty one or a comment.

    `commands` are as `usable_commands` returns them. A `\n` typed in an option stands for a line
    break. Raises `LineError` for anything else.
    """
    line = line.removeprefix("\ufeff").strip()  # with which a script may begin
    if not line or line.partition(" ")[0] == "#":
        return None
    person = None
    if found := _AS.fullmatch(line):
        person, line = found[1].lower(), found[2].strip()
        if not line.startswith("/") and line.partition(" ")[0].lower() not in _AS_TOO:
            raise LineError("After `as` and a person comes a command, such as /callnote.")
    if line.startswith("/"):
        return _use(person or "dispatcher", line[1:], commands)
    name, _, argument = line.partition(" ")
    match name.lower():
        case "choose":
            return Choose(tuple(filter(None, (part.strip() for part in argument.split(",")))))
        case "fill":
            return Fill(tuple(part.strip() for part in argument.split(",")))
        case "type":
            return _type(person or "dispatcher", argument.strip(), commands)
        case "post" | "menu" | "submit" if not argument.strip():
            raise LineError(_MISSING[name.lower()])
        case "post":
            return Post(person or "civilian", argument.strip().replace("\\n", "\n"))
        case "menu":
            return UseMenu(person or "dispatcher", argument.strip())
        case "submit":
            return Submit(_fields(argument))
        case "press" if argument.strip():
            return Press(argument.strip(), person)
        case "press":
            raise LineError("Say which button: press Older")
    if name.lower() not in WORDS:
        raise LineError("That is not a command here: type help to see what is.")
    argument = argument.strip()
    return Word(name.lower(), argument if name.lower() == "note" else argument.lower())


def _fields(typed: str) -> dict[str, str]:
    """Return the texts of a form's fields, each from its `name:` to the next one's."""
    parts = _FIELD.split(typed)
    if parts[0].strip() or len(parts) < 3:
        raise LineError(_MISSING["submit"])
    texts = (part.strip().replace("\\n", "\n") for part in parts[2::2])
    return dict(zip(parts[1::2], texts, strict=True))


def _use(person: str, line: str, commands: Mapping[str, Sequence[JSON]]) -> UseCommand:
    command, typed = _command(line, commands)
    return UseCommand(person, command, _options(typed, command, commands[command]))


def _type(person: str, line: str, commands: Mapping[str, Sequence[JSON]]) -> TypeOption:
    if not line.startswith("/"):
        raise LineError("Say what is typed: type /callnote call:vine")
    command, typed = _command(line[1:], commands)
    options = _texts(typed, commands[command])
    if not options:
        raise LineError(f"Say into which option: type /{command} {_shape(commands[command])}")
    return TypeOption(person, command, options, next(reversed(options)))


def _command(line: str, commands: Mapping[str, Sequence[JSON]]) -> tuple[str, str]:
    """Return the command with which a line begins, and the rest of the line."""
    for count in range(_MOST_WORDS, 0, -1):
        words = line.split(maxsplit=count)
        command = " ".join(words[:count])
        if command in commands:
            return command, words[count] if len(words) > count else ""
    name = line.partition(" ")[0]
    if inner := [each for each in commands if each.startswith(f"{name} ")]:
        raise LineError(f"Say which command: /{', /'.join(inner)}")
    names = dict.fromkeys(each.partition(" ")[0] for each in commands)
    raise LineError(f"The command here is /{' or /'.join(names)}: type help to see how.")


def _options(typed: str, command: str, registered: Sequence[JSON]) -> dict[str, str]:
    options = _texts(typed, registered)
    missing = [each for each in registered if each.get("required") and each["name"] not in options]
    before = typed.partition(f"{next(iter(options))}:")[0] if options else typed
    if missing or before.strip() or not all(options.values()):
        raise LineError(f"Discord wants it like this: /{command} {_shape(registered)}".rstrip())
    return options


def _texts(typed: str, registered: Sequence[JSON]) -> dict[str, str]:
    """Return the texts of the options, each from its first `name:` to the next option's."""
    found = {
        option["name"]: place
        for option in registered
        if (place := re.search(rf"(?:^|\s){re.escape(option['name'])}:", typed))
    }
    names = sorted(found, key=lambda name: found[name].start())
    ends = [*(found[name].start() for name in names[1:]), len(typed)]
    return {
        name: typed[found[name].end() : end].strip().replace("\\n", "\n")
        for name, end in zip(names, ends, strict=bool(names))
    }


def _shape(registered: Sequence[JSON]) -> str:
    return " ".join(
        f"{each['name']}:…" if each.get("required") else f"[{each['name']}:…]"
        for each in registered
    )
