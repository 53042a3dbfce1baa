"""Who is notified by a message: the allowed_mentions rules.

Source: Discord API docs, Message Resource, "Allowed Mentions Object".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.sandbox.discord.errors import JSON, FormErrors

_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
_EVERYONE = re.compile(r"@(?:everyone|here)")

LONGEST_LIST = 100


@dataclass(frozen=True)
class Pings:
    """Who is notified: `everyone` stands for @everyone and @here, the rest are ids."""

    everyone: bool = False
    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everyone or bool(self.users) or bool(self.roles)


@dataclass(frozen=True)
class AllowedMentions:
    """Which mentions may notify; for users and roles True means all, else the listed ids."""

    everyone: bool
    users: bool | frozenset[int]
    roles: bool | frozenset[int]

    def pings(self, texts: Iterable[str]) -> Pings:
        """Return who is notified by a message with these pieces of text.

        Backslashes and code marks are not looked at, and the bot is taken to have the right to
        mention everyone: where the documents leave it open, the simulator notifies.
        """
        text = "\n".join(texts)
        return Pings(
            self.everyone and _EVERYONE.search(text) is not None,
            _permitted(self.users, _USER, text),
            _permitted(self.roles, _ROLE, text),
        )


CHANNEL_DEFAULT = AllowedMentions(everyone=True, users=True, roles=True)
"""Without allowed_mentions a channel message parses everything (same page)."""

WEBHOOK_DEFAULT = AllowedMentions(everyone=False, users=True, roles=False)
"""Without allowed_mentions interaction answers and webhooks parse users only (same page)."""


def read_allowed_mentions(
    value: object, default: AllowedMentions, errors: FormErrors, path: tuple[str, ...]
) -> AllowedMentions:
    """Return what the request's `allowed_mentions` permits; faults are noted in `errors`."""
    if value is None:
        return default
    if not isinstance(value, dict):
        errors.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return default
    parse = value.get("parse") or []
    if not isinstance(parse, list) or not set(parse) <= {"users", "roles", "everyone"}:
        errors.add(
            (*path, "parse"),
            "BASE_TYPE_CHOICES",
            "Value must be one of {'users', 'roles', 'everyone'}.",
        )
        return default
    return AllowedMentions(
        "everyone" in parse,
        _read_ids(value, "users", parse, errors, path),
        _read_ids(value, "roles", parse, errors, path),
    )


def _read_ids(
    value: JSON, kind: str, parse: list[str], errors: FormErrors, path: tuple[str, ...]
) -> bool | frozenset[int]:
    ids = value.get(kind) or []
    if not errors.check_list(ids, (*path, kind), most=LONGEST_LIST):
        return False
    if kind in parse and ids:
        # Same page, last example: both present is a validation error, an empty list is not.
        errors.add(
            path,
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
            f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
        )
    if kind in parse:
        return True
    if not all(str(entry).isdecimal() for entry in ids):
        errors.add((*path, kind), "NUMBER_TYPE_COERCE", "Value is not snowflake.")
        return False
    return frozenset(int(entry) for entry in ids)


def _permitted(
    allowed: bool | frozenset[int], pattern: re.Pattern[str], text: str
) -> frozenset[int]:
    if allowed is False:
        return frozenset()
    found = frozenset(int(match) for match in pattern.findall(text))
    return found if allowed is True else found & allowed
