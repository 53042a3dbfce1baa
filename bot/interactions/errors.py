"""What Callnote refuses before anything reaches the CAD, and how a request to Discord fails."""

from __future__ import annotations

from enum import StrEnum, auto

import aiohttp
import discord
from discord import app_commands

DISCORD_FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError)
"""What a request to Discord can raise: its refusals and errors, connection errors, and time-outs
(`TimeoutError` is an `OSError`)."""

UNREADABLE = (LookupError, TypeError, ValueError)
"""What discord.py 2.7.1 raises for an answer that it cannot read, such as one without a key."""


class Refusal(app_commands.AppCommandError):
    """The request is refused; nothing was sent.

    `key` is one of a feature's problems; `data` fills in its sentence in the feature's catalogue.
    """

    def __init__(self, key: StrEnum, **data: object) -> None:
        super().__init__(key.value)
        self.key = key
        self.data = data


class InteractionProblem(StrEnum):
    """What can be wrong with an interaction of any feature."""

    NOT_IN_GUILD = auto()  # it is about settings and came from a direct message
    NOT_ADMINISTRATOR = auto()
    OUTDATED_COMMAND = auto()
    HIDDEN_CHANNEL = auto()
    UNEXPECTED = auto()  # something failed while a note was accepted; `reference` is in the log
    UNEXPECTED_IN_SETTING = auto()
    """Something failed while a setting was changed; `reference` is in the log."""
    ANSWER_REFUSED = auto()  # Discord does not take the answer's text
    UNFINISHED = auto()  # no instance of the bot finished a command that adds no note
