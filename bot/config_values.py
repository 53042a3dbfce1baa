"""Parsers of what a setting's variable may hold.

Each raises `ValueError` with the words for what it expects.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import tzinfo
from ipaddress import ip_address

from yarl import URL

from bot.notes.time_zone import zone_named
from bot.sonoran import ApiVersion
from bot.sonoran.transport import checked_base_url

SNOWFLAKE_LIMIT = 2**64
"""Discord's ids are unsigned 64-bit integers (Discord API reference, Snowflakes)."""

MOST_SHARDS = 16_384
"""The most shards that the settings take; ours, far above what Discord recommends to any bot."""

LOOPBACK = "127.0.0.1"

LOG_FORMATS = ("text", "json")
_FERNET_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")  # 32 bytes in base64url (Fernet specification)

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the parser of a whole number in ASCII digits."""

    def parse(text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= 9
        if not plain or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return parse


def single_word(text: str) -> str:
    """Return a printable ASCII word without spaces."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("one word without spaces, copied whole")
    return text


def fernet_keys(text: str) -> tuple[str, ...]:
    """Return keys for Fernet, separated by commas."""
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    if not keys or not all(map(_FERNET_KEY.fullmatch, keys)):
        raise ValueError("keys made by `python -m bot new-key`, separated by commas")
    return keys


def api_version(text: str) -> ApiVersion | None:
    """Return a version of the CAD's API, None for "auto"."""
    choices = {"auto": None, "1": ApiVersion.V1, "2": ApiVersion.V2}
    if text.lower() not in choices:
        raise ValueError("auto, 1 or 2")
    return choices[text.lower()]


def snowflakes(what: str) -> Callable[[str], frozenset[int]]:
    """Return the parser of ids of `what`, separated by commas."""

    def parse(text: str) -> frozenset[int]:
        ids = [part.strip() for part in text.split(",") if part.strip()]
        for part in ids:
            plain = part.isascii() and part.isdigit() and len(part) <= 20
            if not plain or not 0 < int(part) < SNOWFLAKE_LIMIT:
                raise ValueError(f"{what}, numbers separated by commas")
        return frozenset(map(int, ids))

    return parse


def shard_ids(text: str) -> frozenset[int]:
    """Return the ids of shards, separated by commas, or as a range such as 0-3."""
    ids: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        try:
            start = whole_number(0, MOST_SHARDS - 1)(first.strip())
            end = whole_number(start, MOST_SHARDS - 1)(last.strip()) if dash else start
        except ValueError:
            raise ValueError("shard ids such as 0,1 or 0-3") from None
        ids.update(range(start, end + 1))
    return frozenset(ids)


def address(text: str) -> str:
    """Return the base of an API, without a slash at its end."""
    try:
        if text.split() != [text]:  # the URL library accepts white space in a host name
            raise ValueError
        return str(checked_base_url(text)).rstrip("/")
    except ValueError:
        raise ValueError(
            "an https:// address without user, password, query or fragment (http:// for this "
            "machine's own alone)"
        ) from None


def time_zone(text: str) -> tzinfo:
    """Return the time zone of that name."""
    try:
        return zone_named(text)
    except ValueError:
        raise ValueError("a time zone such as America/Chicago") from None


def proxy(text: str) -> str:
    """Return a proxy's address."""
    try:
        url = URL(text)
        if url.scheme not in ("http", "https") or not url.host or url.path not in ("", "/"):
            raise ValueError
    except ValueError:
        raise ValueError("a proxy's address such as http://user:password@host:3128") from None
    return str(url)


def log_level(text: str) -> int:
    """Return the number of a log level."""
    if text.upper() not in LOG_LEVELS:
        raise ValueError("one of " + ", ".join(LOG_LEVELS))
    return logging.getLevelNamesMapping()[text.upper()]


def log_json(text: str) -> bool:
    """Return whether the log is written as JSON."""
    if text.lower() not in LOG_FORMATS:
        raise ValueError("text or json")
    return text.lower() == "json"


def listening_address(text: str) -> tuple[str, int]:
    """Return the host and port of `port` or `address:port`; without an address, of loopback."""
    host, colon, port = text.rpartition(":")
    try:
        address = ip_address(host.strip("[]")) if colon else LOOPBACK
        return str(address), whole_number(0, 65535)(port)
    except ValueError:
        raise ValueError("a port such as 9464, or an address such as 127.0.0.1:9464") from None


def sentry_dsn(text: str) -> str:
    """Return a DSN as it is: `https://`, the public key, `@`, a host and the project's number."""
    try:
        url = URL(text)
        project = url.path.rpartition("/")[2]
        numbered = project.isascii() and project.isdigit()
        if url.scheme not in ("http", "https") or not (url.user and url.host and numbered):
            raise ValueError
    except ValueError:
        raise ValueError(
            "a Sentry project's DSN such as https://key@o1.ingest.sentry.io/2"
        ) from None
    return text
