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
class Word:
    """One of the sandbox's own commands, with its argument or an empty text."""

    name: str
    argument: str = ""


WORDS = ("help", "calls", "cad", "api", "log", "restart", "quit")

_AS = re.compile(r"as\s+(\S+)\s+(.*)", re.DOTALL)
_OPTIONS = (
    re.compile(r"call:(?P<call>.*?)\s+note:(?P<note>.*)", re.DOTALL),
    re.compile(r"note:(?P<note>.*)\s+call:(?P<call>.*)", re.DOTALL),
)


def parse(line: str) -> UseCallnote | Word | None:
    r"""Return what the line asks for, None for an empty one or a comment.

    A `\n` typed in a note stands for a line break. Raises `LineError` for anything else.
    """
    line = line.strip()
    if not line or line.partition(" ")[0] == "#":
        return None
    person = "dispatcher"
    if found := _AS.fullmatch(line):
        person, line = found[1].lower(), found[2].strip()
        if not line.startswith("/"):
            raise LineError("After `as` and a person comes a command, such as /callnote.")
    if line.startswith("/"):
        return UseCallnote(person, _options(line))
    name, _, argument = line.partition(" ")
    if name.lower() not in WORDS:
        raise LineError("That is not a command here: type help to see what is.")
    return Word(name.lower(), argument.strip().lower())


def _options(line: str) -> dict[str, str | int]:
    name, _, rest = line.partition(" ")
    if name != "/callnote":
        raise LineError("The command here is /callnote: type help to see how it is used.")
    for form in _OPTIONS:
        if found := form.fullmatch(rest.strip()):
            options = {key: found[key].strip().replace("\\n", "\n") for key in ("call", "note")}
            if not all(options.values()):
                break
            return dict(options)
    raise LineError("Discord wants both options: /callnote call:123 note:Suspect fled north")
