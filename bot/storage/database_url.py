"""Where the database is, read from the one setting that says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

DEFAULT = "sqlite:///callnote.db"
"""The database of a host that names none."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""What `sslmode` may be, each stricter than the one before (PostgreSQL documentation, Database
Connection Control Functions)."""
_MODES = {"true": "require", "1": "require", "no-verify": "require"}
_MODES |= {"false": "disable", "0": "disable"}

_POSTGRESQL = re.compile(r"postgres(ql)?(\+\w+)?", re.IGNORECASE)
_FORM = "an address like sqlite:///callnote.db or postgresql://user:password@host:5432/name"
_ENCODED = (
    "an address like postgresql://user:password@host:5432/name, with special characters of the "
    "password percent-encoded: @ as %40, / as %2F, ? as %3F, % as %25"
)
_HTML = "an address with & in place of &amp;, which is how a web page's source writes it"
_PERCENT = "an address in which a % that stands for itself is written as %25"
# What stands behind the user and the password: hosts with ports, the database, parameters.
_HOSTS = r"(?:[\w.%-]*|\[[0-9A-Fa-f:.]+\])(?::\d*)?"
_PLACE = re.compile(rf"{_HOSTS}(?:,{_HOSTS})*/[^/?#@]*(?:\?(?:\w+=[^&]*(?:&|$))*)?", re.ASCII)
_HOST = re.compile(r"/.*|[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key")

# Parameters for libraries that Callnote does not use, which say nothing about the server or the
# database; hosts hand them out for Prisma, Supabase, asyncpg, SQLAlchemy, Django, Rails, Doctrine,
# Go's libraries and JDBC.
_OTHERS = frozenset(
    {
        *("pgbouncer", "connection_limit", "pool_timeout", "socket_timeout", "supa", "workaround"),
        *("statement_cache_size", "prepared_statement_cache_size", "command_timeout"),
        *("pool", "pool_size", "max_overflow", "pool_recycle", "conn_max_age", "pool_max_conns"),
        *("prepared_statements", "prepareThreshold", "uselibpqcompat"),
        *("serverVersion", "charset", "encoding", "binary_parameters", "default_query_exec_mode"),
    }
)
_OTHERS_PAIRS = frozenset({"schema=public", "sslaccept=accept_invalid_certs"})
"""Those that may only be dropped with the value that makes no difference."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database's address, the password in it left out of `repr`.

    `shown` names the database to people, without user and password. `path` is the file of a
    SQLite database, None for PostgreSQL. `parameters` are libpq's, by their key words, the
    password among them; none for SQLite.
    """

    kind: Literal["SQLite", "PostgreSQL"]
    shown: str
    path: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, text: str, *, folder: Path) -> DatabaseUrl:
        """Read an address such as a host sets it; a relative SQLite path is taken from `folder`.

        White space and quotes around it do no harm. Special characters of a PostgreSQL password
        need not be percent-encoded where they can be told from the rest.

        Raises `ValueError` for anything that names no usable database, with what is expected
        instead. Nothing of the text is repeated in it but the name of an unknown parameter.
        """
        text = text.strip().strip("'\"").strip()
        scheme, _, rest = text.partition("://")
        if text.isprintable() and scheme == "sqlite":
            return _sqlite(rest, folder)
        if text.isprintable() and _POSTGRESQL.fullmatch(scheme):
            return _postgresql(rest)
        raise ValueError(_FORM)

    def __str__(self) -> str:
        return self.shown

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody."""
        return tuple(self.parameters[name] for name in _SECRETS if self.parameters.get(name))


def _sqlite(rest: str, folder: Path) -> DatabaseUrl:
    host, _, name = rest.partition("/")
    name = _decoded(name)
    if host:
        raise ValueError("a SQLite file after three slashes, such as sqlite:///callnote.db")
    if not name or "?" in rest or name == ":memory:" or name.startswith("file:"):
        raise ValueError("a SQLite file, such as sqlite:///callnote.db")
    if name.endswith(("/", "\\")):
        raise ValueError("a SQLite file, and not a folder, such as sqlite:///callnote.db")
    return DatabaseUrl("SQLite", f"SQLite file {name}", folder.absolute() / name)


def _postgresql(rest: str) -> DatabaseUrl:
    import psycopg  # costs memory that SQLite does without
    from psycopg.conninfo import conninfo_to_dict

    login, place = _login_and_place(rest)
    user, _, password = login.partition(":")
    place, _, query = place.partition("?")
    pairs = [pair for pair in query.split("&") if pair]
    modes, pairs = _tls(pairs)
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    known.discard("replication")  # with which no tables can be read
    for pair in pairs:
        name = pair.partition("=")[0]
        if name not in known | _OTHERS and pair not in _OTHERS_PAIRS:
            raise ValueError(f"an address without {name}, a parameter that cannot be used")
    ours = "&".join(pair for pair in pairs if pair.partition("=")[0] in known)
    try:
        parameters = conninfo_to_dict(f"postgresql://{place}?{ours}")
    except (psycopg.Error, UnicodeDecodeError):  # which repeat a part of the address
        raise ValueError(_ENCODED) from None
    given = {"user": _decoded(user), "password": _decoded(password), "sslmode": modes}
    checked = {k: str(v) for k, v in parameters.items()} | {k: v for k, v in given.items() if v}
    _check_place(checked)
    host = checked.get("host", "this machine")
    if "," in host:  # else a standby that comes first would be stayed with
        checked.setdefault("target_session_attrs", "read-write")
    return DatabaseUrl(
        "PostgreSQL",
        f"PostgreSQL database {checked['dbname']} on {host}",
        parameters=checked,
    )


def _login_and_place(rest: str) -> tuple[str, str]:
    """Return what stands before and behind the @, where only one @ can be that one."""
    ways = [("", rest), *((rest[: at.start()], rest[at.end() :]) for at in re.finditer("@", rest))]
    ways = [(login, place) for login, place in ways if _PLACE.fullmatch(place)]
    if len(ways) != 1:
        raise ValueError(_HTML if "&amp;" in rest else _ENCODED)
    return ways[0]


def _tls(pairs: list[str]) -> tuple[str, list[str]]:
    """Return the strictest `sslmode` that is named, "" for none, and the other parameters.

    `ssl` is the name that asyncpg and JDBC have for it, no-verify is node-postgres's for require.
    """
    modes, others = [], []
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in ("sslmode", "ssl"):
            others.append(pair)
        else:
            modes.append(_MODES.get(value.lower(), value.lower()))
    if not set(modes) <= set(SSL_MODES):
        raise ValueError("one sslmode of " + ", ".join(SSL_MODES))
    return max(modes, key=SSL_MODES.index, default=""), others


def _check_place(parameters: Mapping[str, str]) -> None:
    if not parameters.get("dbname"):
        raise ValueError("an address that ends with the name of the database")
    # Without a password, that of this machine may be meant, whose socket libpq knows.
    local = not {"host", "hostaddr", "password"} & parameters.keys()
    hosts = [] if local else parameters.get("host", "").split(",")
    if not all(hosts):
        raise ValueError("an address that names a host")
    if not all(map(_HOST.fullmatch, hosts)):
        raise ValueError("an address with a plain host name")
    try:
        for host in hosts:
            if not host.startswith("/"):
                host.encode("idna")  # as the resolver does, which raises this much later
    except UnicodeError:
        raise ValueError("an address whose host name has parts of 1 to 63 characters") from None
    for port in parameters.get("port", "").split(","):
        if port and not (port.isdecimal() and 0 < int(port) < 2**16):
            raise ValueError("an address with a port from 1 to 65535")


def _decoded(text: str) -> str:
    """Return a text without percent-encoding; where no % begins an escape, it stands for itself."""
    escapes = len(_ESCAPE.findall(text))
    if not escapes:
        return text
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(_PERCENT) from None
    if escapes < text.count("%") or "\0" in decoded:
        raise ValueError(_PERCENT)
    return decoded
