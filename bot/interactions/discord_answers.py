"""What an error of Discord says, and how long Discord asked to be left alone."""

from __future__ import annotations

import logging
import math
from enum import Enum, auto

import discord

from bot.timing import loop_time

# Discord API docs, Opcodes and Status Codes, "JSON Error Codes".
UNKNOWN_CHANNEL = 10003
_UNKNOWN_MESSAGE = 10008
_UNKNOWN_WEBHOOK = 10015
_ARCHIVED_THREAD = 50083
EXPIRED_TOKEN = 50027
_TOKEN_CODES = frozenset({_UNKNOWN_WEBHOOK, EXPIRED_TOKEN})
_NO_ACCESS = frozenset({50001, 50013})
_OF_THE_EDGE = 40333
"""A refusal by what is in front of Discord, in JSON (discord/discord-api-docs, issue 6473)."""
_CONTENT_CODES = frozenset({20009, 50269, 200000, 200001, 240000})
"""The message's text or file is refused, not who sends it or where."""

_log = logging.getLogger(__name__)


class Verdict(Enum):
    """What Discord's answer to a message says."""

    TAKEN = auto()
    NO_WAY = auto()  # it cannot be sent in this way
    UNREACHABLE = auto()  # there was no answer
    LATER = auto()  # Discord failed; it may have taken the message all the same
    BLOCKED = auto()  # this route is closed for a while, by what is in front of Discord
    CONTENT = auto()  # this text or file is refused; another may be taken
    MESSAGE_GONE = auto()
    TOKEN_OVER = auto()
    NO_ACCESS = auto()  # a permission is missing
    ARCHIVED = auto()  # the message is in an archived thread
    REFUSED = auto()


def verdict_of(error: discord.HTTPException) -> Verdict:
    """Return what an error says. Only Discord's own codes, which come in JSON, are final.

    An error 500 in JSON, which discord.py has tried five times, may be due to the content.
    """
    if error.status >= 500:
        return Verdict.CONTENT if error.status == 500 and in_json(error) else Verdict.LATER
    if error.code in (0, _OF_THE_EDGE) or error.status == 429:
        return Verdict.BLOCKED
    if error.code == _UNKNOWN_MESSAGE:
        return Verdict.MESSAGE_GONE
    if error.code in _TOKEN_CODES:
        return Verdict.TOKEN_OVER
    if error.code in _NO_ACCESS:
        return Verdict.NO_ACCESS
    if error.code == _ARCHIVED_THREAD:
        return Verdict.ARCHIVED
    if error.code in _CONTENT_CODES or error.status in (400, 413):
        return Verdict.CONTENT
    return Verdict.REFUSED


def is_token_refusal(error: BaseException) -> bool:
    """Whether Discord itself refused the bot's token at the login.

    discord.py takes every 401 for that, also a page of what is in front of Discord.
    """
    cause = error.__cause__
    page = isinstance(cause, discord.HTTPException) and not in_json(cause)
    return isinstance(error, discord.LoginFailure) and not page


def is_about_content(error: BaseException) -> bool:
    """Whether Discord refused a message for what is in it."""
    return isinstance(error, discord.HTTPException) and verdict_of(error) is Verdict.CONTENT


def is_final(error: discord.HTTPException) -> bool:
    """Whether Discord itself refused a request, so that the same one never succeeds."""
    return verdict_of(error) not in (Verdict.LATER, Verdict.BLOCKED) and error.code != 0


def was_taken(error: BaseException) -> bool:
    """Whether Discord took a request whose answer raised this one of `UNREADABLE`.

    Of a refusal, discord.py 2.7.1 reads but one key that may be missing. It is logged with its
    traceback, as it may be a fault of ours after all.
    """
    _log.warning("an answer of Discord's cannot be read", exc_info=error)
    return not (isinstance(error, KeyError) and "retry_after" in error.args)


def in_json(error: discord.HTTPException) -> bool:
    """Whether an error's answer is in JSON, as all of Discord's own are."""
    return error.response.headers.get("Content-Type", "").startswith("application/json")


class RouteDelays:
    """The delays that Discord, or what is in front of it, asked for, by the route's first part.

    discord.py waits by itself where Discord's own limits are exceeded, but not when the edge
    refuses a route, perhaps for an hour (Discord API docs, Rate Limits).
    """

    WEBHOOKS, CHANNELS = "webhooks", "channels"

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def left(self, route: str) -> float:
        """Return how many seconds a route is to be left alone."""
        until = self._until.get(route)
        return 0.0 if until is None else max(0.0, until - loop_time())

    def record(self, route: str, error: discord.HTTPException) -> None:
        """Note the delay that an error asks for, if it is a 429."""
        if error.status == 429:
            until = loop_time() + retry_after(error)
            self._until[route] = max(until, self._until.get(route, until))


def retry_after(error: discord.HTTPException) -> float:
    """Return the delay in seconds that a 429 asks for, 0 if it does not say."""
    try:
        seconds = float(error.response.headers["Retry-After"])
    except (LookupError, ValueError):
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
