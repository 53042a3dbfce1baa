"""Which command a person uses, down to the sub-command, and which there are.

Source: Discord API docs, Application Commands, "Subcommands and Subcommand Groups".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from bot.sandbox.discord.errors import JSON

SLASH_COMMAND = 1
"""The type of a slash command (same page, "Application Command Types")."""

# Same page, "Application Command Option Type".
SUB_COMMAND, SUB_COMMAND_GROUP = 1, 2


@dataclass(frozen=True)
class CommandPath:
    """A command as people type it: its name, then the names of a group and a sub-command."""

    name: str
    inner: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `"command"`, `"command sub"` or `"command group sub"`; ValueError for more words."""
        name, *inner = text.split(" ")
        if len(inner) > 2:
            raise ValueError(f"Commands nest two levels deep, unlike /{text}")
        return cls(name, tuple(inner))

    def __str__(self) -> str:
        return " ".join((self.name, *self.inner))

    def options(self, command: JSON | None) -> list[JSON] | None:
        """Return the registered options of what is named, None if it cannot be used."""
        level: list[JSON] = (command or {}).get("options") or []
        for depth, name in enumerate(self.inner, 1):
            kind = SUB_COMMAND if depth == len(self.inner) else SUB_COMMAND_GROUP
            found = [o for o in level if o["name"] == name and o["type"] == kind]
            if not found:
                return None
            level = found[0].get("options") or []
        # With sub-commands the command itself cannot be used (same page).
        usable = all(option["type"] not in {SUB_COMMAND, SUB_COMMAND_GROUP} for option in level)
        return level if usable else None


def usable_commands(registered: Iterable[JSON]) -> dict[str, list[JSON]]:
    """Return the options of each slash command that people can use, by the words they type."""
    return {
        words: options
        for command in registered
        if command["type"] == SLASH_COMMAND
        for words, options in _usable(command, command["name"]).items()
    }


def _usable(level: JSON, words: str) -> dict[str, list[JSON]]:
    options: list[JSON] = level.get("options") or []
    inner = [option for option in options if option["type"] in {SUB_COMMAND, SUB_COMMAND_GROUP}]
    if not inner:
        return {words: options}
    return {
        found: its_options
        for option in inner
        for found, its_options in _usable(option, f"{words} {option['name']}").items()
    }
