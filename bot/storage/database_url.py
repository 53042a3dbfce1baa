"""Where the database is, read from the one setting that says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DEFAULT = "sqlite:///callnote.db"
"""The database of a host that names none."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""What `sslmode` may be (PostgreSQL documentation, Database Connection Control Functions)."""

_POSTGRESQL = re.compile(r"postgres(ql)?(\+(asyncpg|psycopg))?")
_FORM = "an address like sqlite:///callnote.db or postgresql://user:password@host:5432/name"
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database's address, the password in it left out of `repr`.

    `shown` names the database to people, without user and password. `path` is the file of a
    SQLite database, None for PostgreSQL. `ssl` is one of `SSL_MODES`, None where the address
    names none. `url` is in SQLAlchemy's form and contains the password.
    """

    kind: Literal["SQLite", "PostgreSQL"]
    shown: str
    url: URL = field(repr=False)
    path: Path | None = None
    ssl: str | None = None

    @classmethod
    def parse(cls, text: str, *, folder: Path) -> DatabaseUrl:
        """Read an address such as a host sets it; a relative SQLite path is taken from `folder`.

        Raises `ValueError` for anything that names no usable database, with what is expected
        instead. No part of the text is repeated in it.
        """
        if not text.isprintable():
            raise ValueError(_FORM)
        _check_escapes(text)
        if text.count("@") > 1:
            raise ValueError("an address in which an @ of the password is written as %40")
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):  # whose messages repeat the port
            raise ValueError(_FORM) from None
        if url.drivername == "sqlite":
            return _sqlite(url, folder)
        if _POSTGRESQL.fullmatch(url.drivername) and text.split() == [text]:
            return _postgresql(url)
        raise ValueError(_FORM)

    def __str__(self) -> str:
        return self.shown


def _check_escapes(text: str) -> None:
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        decoded = None
    if decoded is None or "\0" in decoded or _BROKEN_ESCAPE.search(text):
        raise ValueError("an address in which a % of the password is written as %25")


def _sqlite(url: URL, folder: Path) -> DatabaseUrl:
    name = url.database or ""
    if not name or name == ":memory:" or name.startswith("file:") or url.query:
        raise ValueError("a SQLite file, such as sqlite:///callnote.db")
    if url.host or url.username or url.password or name.endswith(("/", "\\")):
        raise ValueError("a SQLite file after three slashes, such as sqlite:///callnote.db")
    path = folder.absolute() / name
    return DatabaseUrl(
        kind="SQLite",
        shown=f"SQLite file {name}",
        # Without mode=rw, SQLite would make the file anew, readable by everybody.
        url=URL.create("sqlite", database=path.as_uri(), query={"mode": "rw", "uri": "true"}),
        path=path,
    )


def _postgresql(url: URL) -> DatabaseUrl:
    if not url.database:
        raise ValueError("an address that ends with the name of the database")
    if set(url.query) - {"sslmode", "ssl", "host"}:
        raise ValueError("an address with no parameters but sslmode and host")
    host = url.host or url.query.get("host")
    if not isinstance(host, str) or not host or (url.host and "host" in url.query):
        raise ValueError("an address that names one host")
    if not host.startswith("/") and not _HOST.fullmatch(host):
        raise ValueError("an address with a plain host name")
    try:
        if not host.startswith("/"):
            host.encode("idna")  # as the resolver does, which raises this much later
    except UnicodeError:
        raise ValueError("an address whose host name has parts of 1 to 63 characters") from None
    if url.port is not None and not 0 < url.port < 2**16:
        raise ValueError("an address with a port from 1 to 65535")
    ssl = url.query.get("sslmode", url.query.get("ssl"))
    if ssl is not None and (ssl not in SSL_MODES or {"sslmode", "ssl"} <= set(url.query)):
        raise ValueError("one sslmode of " + ", ".join(SSL_MODES))
    return DatabaseUrl(
        kind="PostgreSQL",
        shown=f"PostgreSQL database {url.database} on {host}",
        url=URL.create(
            "postgresql+psycopg",
            username=url.username,
            password=url.password,
            host=host,
            port=url.port,
            database=url.database,
        ),
        ssl=str(ssl) if ssl is not None else None,
    )
