"""What Callnote itself refuses before anything reaches the CAD: a key with data, no words."""

from __future__ import annotations

from enum import StrEnum, auto

from discord import app_commands


class Refusal(app_commands.AppCommandError):
    """The member's own request cannot be taken; nothing was sent.

    `key` is one of a feature's problems, and `data` are the parameters of the sentence that the
    feature's catalogue has for it.
    """

    def __init__(self, key: StrEnum, **data: object) -> None:
        super().__init__(key.value)
        self.key = key
        self.data = data


class InteractionProblem(StrEnum):
    """What can be wrong with an interaction of any feature."""

    NOT_IN_GUILD = auto()
    """It is about settings and came from outside a guild."""
    NOT_ADMINISTRATOR = auto()
    OUTDATED_COMMAND = auto()
    HIDDEN_CHANNEL = auto()
    UNEXPECTED = auto()
    """Something failed while a note was taken; `reference` stands in the log."""
    UNEXPECTED_IN_SETTING = auto()
    """Something failed while a setting was changed; `reference` stands in the log."""
    UNFINISHED = auto()
    """No instance of the bot finished a command about settings."""
