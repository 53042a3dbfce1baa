"""What a line typed in the sandbox asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class LineError(Exception):
    """A line that is not understood; the message is the one sentence to show."""


@dataclass(frozen=True, slots=True)
class UseCallnote:
    """Somebody uses `/callnote` with these options."""

    person: str
    options: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UseConfig:
    """Somebody uses a sub-command of `/callnote-config`; options are as they were typed."""

    person: str
    command: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choose:
    """Whoever sees the last list chooses these in it; nothing for none."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody presses the button with this label below the last message."""

    label: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """One of the sandbox's own commands, with its argument or an empty text."""

    name: str
    argument: str = ""


Asked = UseCallnote | UseConfig | Choose | Press | Word

WORDS = ("help", "calls", "cad", "api", "log", "wait", "restart", "quit")

_AS = re.compile(r"as\s+(\S+)\s+(.*)", re.DOTALL)
_OPTIONS = (
    re.compile(r"call:(?P<call>.*?)\s+note:(?P<note>.*)", re.DOTALL),
    re.compile(r"note:(?P<note>.*)\s+call:(?P<call>.*)", re.DOTALL),
)
_CONFIG_OPTION = re.compile(r"(?:^|\s)(role|number|channel|call|member):")


def parse(line: str) -> Asked | None:
    r"""Return what the line asks for, None for an empty one or a comment.

    A `\n` typed in a note stands for a line break. Raises `LineError` for anything else.
    """
    line = line.strip()
    if not line or line.partition(" ")[0] == "#":
        return None
    person = None
    if found := _AS.fullmatch(line):
        person, line = found[1].lower(), found[2].strip()
        if not line.startswith("/") and line.partition(" ")[0].lower() != "press":
            raise LineError("After `as` and a person comes a command, such as /callnote.")
    if line.partition(" ")[0] == "/callnote-config":
        return _config(person or "dispatcher", line)
    if line.startswith("/"):
        return UseCallnote(person or "dispatcher", _options(line))
    name, _, argument = line.partition(" ")
    match name.lower():
        case "choose":
            return Choose(tuple(filter(None, (part.strip() for part in argument.split(",")))))
        case "press" if argument.strip():
            return Press(argument.strip(), person)
        case "press":
            raise LineError("Say which button: press Older")
    if name.lower() not in WORDS:
        raise LineError("That is not a command here: type help to see what is.")
    return Word(name.lower(), argument.strip().lower())


def _config(person: str, line: str) -> UseConfig:
    _, _, rest = line.partition(" ")
    command, _, typed = rest.strip().partition(" ")
    start, *pairs = _CONFIG_OPTION.split(typed.strip())
    if not command or start:
        raise LineError("Say what to set up: as admin /callnote-config roles-add role:Civilian")
    options = {key: value.strip() for key, value in zip(pairs[::2], pairs[1::2], strict=True)}
    return UseConfig(person, command, options)


def _options(line: str) -> dict[str, str | int]:
    name, _, rest = line.partition(" ")
    if name != "/callnote":
        raise LineError("The command here is /callnote, or /callnote-config: type help to see how.")
    for form in _OPTIONS:
        if found := form.fullmatch(rest.strip()):
            options = {key: found[key].strip().replace("\\n", "\n") for key in ("call", "note")}
            if not all(options.values()):
                break
            return dict(options)
    raise LineError("Discord wants both options: /callnote call:123 note:Suspect fled north")
