"""The host's settings, read once from environment variables."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar

from yarl import URL

from bot import config_values as values
from bot.communities.shards import Shards
from bot.config_values import MOST_SHARDS
from bot.environment import ConfigError, misplaced, source_of
from bot.outbox import Limits
from bot.sonoran import ApiVersion, Credentials
from bot.storage.database_url import DEFAULT, DatabaseUrl

SONORAN_API_URL = "https://api.sonorancad.com"
"""Sonoran CAD's own address, for both API versions (documentation, v2 authentication)."""

LARGEST_SERVER = 999_999_999
"""The largest number of a CAD server that a setting may name; ours, the CAD documents none."""

LONGEST_HISTORY = 3650  # the most days that notes may be kept for `/callnote-config history`

MOST_CALL_CARDS = 100  # the most calls' cards that a guild may keep in its channels

# Platforms that wipe a process's disk at a restart, by a variable that each sets (see their
# documentation); all but Heroku can mount a persistent volume.
WIPING_HOSTS = {
    "DYNO": "Heroku",
    "RENDER": "Render",
    "RAILWAY_ENVIRONMENT": "Railway",
    "FLY_APP_NAME": "Fly.io",
}

_Value = TypeVar("_Value")
_Fields = Mapping[str, tuple[str, Callable[[str], Any]]]
"""By the name of a field: the variable that sets it, and the parser of what that holds."""

_LIMITS: _Fields = {
    "notes_per_minute": ("SONORAN_NOTES_PER_MINUTE", values.whole_number(1, 6000)),
    "notes_burst": ("SONORAN_NOTES_BURST", values.whole_number(1, 1000)),
    "call_reads_per_minute": ("SONORAN_CALL_READS_PER_MINUTE", values.whole_number(1, 600)),
    "waiting_limit": ("NOTES_WAITING_LIMIT", values.whole_number(1, 100_000)),
    "settle_seconds": ("SONORAN_SETTLE_SECONDS", values.whole_number(1, 600)),
    "give_up_seconds": ("NOTE_GIVE_UP_SECONDS", values.whole_number(1, 840)),
    "longest_pause_seconds": ("SONORAN_LONGEST_PAUSE_SECONDS", values.whole_number(1, 300)),
}
"""The fields of `Limits`."""

_ALONE: _Fields = {
    "credentials_keys": ("CREDENTIALS_KEY", values.fernet_keys),
    "guild_ids": ("DISCORD_GUILD_IDS", values.snowflakes("server ids")),
    "dispatcher_role_ids": ("DISPATCHER_ROLE_IDS", values.snowflakes("role ids")),
    "server_id": ("SONORAN_SERVER_ID", values.whole_number(1, LARGEST_SERVER)),
    "time_zone": ("SONORAN_TIME_ZONE", values.time_zone),
    "sonoran_api_url": ("SONORAN_API_URL", values.address),
    "discord_api_url": ("DISCORD_API_URL", values.address),
    "proxy": ("HTTPS_PROXY", values.proxy),
    "history_days": ("HISTORY_DAYS", values.whole_number(0, LONGEST_HISTORY)),
    "call_cards_per_guild": ("CALL_CARDS_PER_GUILD", values.whole_number(1, MOST_CALL_CARDS)),
    "log_level": ("LOG_LEVEL", values.log_level),
    "log_json": ("LOG_FORMAT", values.log_json),
    "metrics_address": ("METRICS_ADDRESS", values.listening_address),
    "sentry_dsn": ("SENTRY_DSN", values.sentry_dsn),
}
"""The fields of `Config` whose settings stand alone, and may be left out."""


@dataclass(frozen=True, slots=True)
class Config:
    """The host's settings. The token, the keys and the password are left out of `repr`.

    `credentials` are those of the host's own community, None if it has none. `credentials_keys`
    encrypt the credentials that administrators enter: the first encrypts, each may decrypt.
    `api_version` is None to ask the CAD for it, `discord_api_url` None for Discord itself.
    `time_zone` is for times in notes, None for the community's. `proxy` is an address, user and
    password included, for what is reached by https. `guild_ids` are the guilds that reach the CAD
    without being connected in Discord. `dispatcher_role_ids` and `server_id` are for the guilds
    whose administrators have not chosen their own. `history_days` is how long finished notes are
    kept, 0 for not at all; `limits` bound their delivery. `shards` are this process's of Discord's,
    None for all. `call_cards_per_guild` is how many calls' cards a guild may keep in its channels.
    `host` is the hosting platform, if it is one that wipes disks. `log_json` is for JSON in place
    of text. `metrics_address` is the host and port of the endpoint for metrics, `sentry_dsn` where
    errors are reported; None for neither. `source` tells a person where the settings come from.
    """

    discord_token: str = field(repr=False)
    credentials: Credentials | None
    database: DatabaseUrl
    credentials_keys: tuple[str, ...] = field(default=(), repr=False)
    guild_ids: frozenset[int] = frozenset()
    dispatcher_role_ids: frozenset[int] = frozenset()
    api_version: ApiVersion | None = None
    server_id: int = 1
    time_zone: tzinfo | None = None
    sonoran_api_url: str = SONORAN_API_URL
    discord_api_url: str | None = None
    proxy: str | None = field(default=None, repr=False)
    history_days: int = 30
    limits: Limits = field(default_factory=Limits)
    shards: Shards | None = None
    call_cards_per_guild: int = 10
    host: str | None = None
    log_level: int = logging.INFO
    log_json: bool = False
    metrics_address: tuple[str, int] | None = None
    sentry_dsn: str | None = field(default=None, repr=False)
    source: str = field(default="the environment", compare=False)

    @property
    def discord_proxy(self) -> str | None:
        """The proxy for Discord, None without one."""
        return self.proxy if _is_https(self.discord_api_url or "https:") else None

    @property
    def cad_proxy(self) -> str | None:
        """The proxy for the CAD, None without one."""
        return self.proxy if _is_https(self.sonoran_api_url) else None

    @property
    def wiped_by(self) -> str | None:
        """The platform that wipes the disk with the database; None if the database lasts."""
        return self.host if self.database.kind == "SQLite" else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the log must redact."""
        return (
            self.discord_token,
            *([] if self.credentials is None else [self.credentials.api_key]),
            *self.credentials_keys,
            *self.database.secrets,
            *_secrets_of(self.proxy),
            *((URL(self.sentry_dsn).user or "",) if self.sentry_dsn else ()),
        )

    @classmethod
    def from_mapping(cls, settings: Mapping[str, str | None], folder: Path) -> Config:
        """Read the settings by their names as in `.env.example`; empty means not set.

        A relative SQLite path starts at `folder`. Raises `ConfigError` naming every variable that
        is missing or malformed, without repeating the value of a secret.
        """

        def database(text: str) -> DatabaseUrl:
            return DatabaseUrl.parse(text, folder=folder)

        reader = _Reader(settings)
        api_version = reader.read("SONORAN_API_VERSION", values.api_version)
        config = cls(
            discord_token=reader.required(
                "DISCORD_TOKEN", values.single_word, "the bot's token from Discord"
            ),
            credentials=_credentials(reader, api_version),
            database=reader.read("DATABASE_URL", database) or database(DEFAULT),
            api_version=api_version,
            limits=Limits(**reader.read_all(_LIMITS)),
            shards=_shards(reader),
            host=next((name for sign, name in WIPING_HOSTS.items() if settings.get(sign)), None),
            source=source_of(folder),
            **reader.read_all(_ALONE),
        )
        if reader.problems:
            raise ConfigError([*reader.problems, *(misplaced(folder) if reader.missing else ())])
        return config


class _Reader:
    """Reads settings one by one and collects what is wrong with them."""

    def __init__(self, settings: Mapping[str, str | None]) -> None:
        self._settings = settings
        self.problems: list[str] = []
        self.missing = False

    def read(self, name: str, parse: Callable[[str], _Value]) -> _Value | None:
        """Return a setting's value, None for one that is not given or malformed."""
        text = (self._settings.get(name) or "").strip()
        try:
            return parse(text) if text else None
        except ValueError as error:
            self.problems.append(f"{name}: expected {error}")
            return None

    def read_all(self, fields: _Fields) -> dict[str, Any]:
        """Return by their fields' names the values of the settings that are given."""
        found = {each: self.read(name, parse) for each, (name, parse) in fields.items()}
        return {each: value for each, value in found.items() if value is not None}

    def required(self, name: str, parse: Callable[[str], str], meaning: str) -> str:
        if not self.given(name):
            self.problems.append(f"{name}: missing; expected {meaning}")
            self.missing = True
            return ""
        return self.read(name, parse) or ""

    def given(self, *names: str) -> bool:
        """Whether one of these settings is not empty."""
        return any((self._settings.get(name) or "").strip() for name in names)


def _credentials(reader: _Reader, api_version: ApiVersion | None) -> Credentials | None:
    """Read the credentials of the host's community, which a bot with CREDENTIALS_KEY may lack."""
    own = ("SONORAN_API_KEY", "SONORAN_COMMUNITY_ID")
    if reader.given("CREDENTIALS_KEY") and not reader.given(*own):
        return None
    key = reader.required(own[0], values.single_word, "the community's Sonoran CAD API key")
    if api_version is ApiVersion.V2:
        return Credentials(key, reader.read(own[1], values.single_word) or "")
    return Credentials(
        key, reader.required(own[1], values.single_word, "the community's Sonoran CAD id")
    )


def _shards(reader: _Reader) -> Shards | None:
    """Return this process's shards, None for all; either setting needs the other."""
    before = len(reader.problems)
    count = reader.read("DISCORD_SHARD_COUNT", values.whole_number(1, MOST_SHARDS))
    ids = reader.read("DISCORD_SHARD_IDS", values.shard_ids)
    if len(reader.problems) > before:
        return None
    if (count is None) != (ids is None):
        reader.problems.append(
            "DISCORD_SHARD_COUNT, DISCORD_SHARD_IDS: set both, or neither to serve all shards"
        )
    elif count is not None and ids is not None and max(ids) >= count:
        reader.problems.append(f"DISCORD_SHARD_IDS: expected ids below {count}, as they begin at 0")
    return None if count is None or ids is None else Shards(count, sorted(ids))


def _is_https(address: str) -> bool:
    return address.startswith("https:")


def _secrets_of(proxy: str | None) -> tuple[str, ...]:
    """Return the password in a proxy's address, in the forms in which it is sent."""
    url = URL(proxy or "")
    if not url.password:
        return ()
    header = b64encode(f"{url.user or ''}:{url.password}".encode()).decode()
    return (url.password, url.raw_password or "", header)
