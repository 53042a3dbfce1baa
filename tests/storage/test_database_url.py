from pathlib import Path

import pytest

from bot.storage import DatabaseUrl
from bot.storage.database_url import DEFAULT, SSL_MODES

PASSWORD = "distinctive-5f1d7c"
LOGIN = f"callnote:{PASSWORD}"


def parse(text: str) -> DatabaseUrl:
    return DatabaseUrl.parse(text, folder=Path("/srv/callnote"))


def test_the_default_is_a_file_in_the_folder() -> None:
    address = parse(DEFAULT)
    assert (address.kind, address.path) == ("SQLite", Path("/srv/callnote/callnote.db"))
    assert address.shown == str(address) == "SQLite file callnote.db"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///data/notes.db", "/srv/callnote/data/notes.db"),
        ("sqlite:////var/lib/notes.db", "/var/lib/notes.db"),
        ("sqlite:///my notes.db", "/srv/callnote/my notes.db"),
        ("sqlite:///my%20notes.db", "/srv/callnote/my notes.db"),
        ("sqlite:///100%25.db", "/srv/callnote/100%.db"),
        ("sqlite:///ö?.db".replace("?", "%3F"), "/srv/callnote/ö?.db"),
    ],
)
def test_a_sqlite_address_gives_its_file(text: str, path: str) -> None:
    assert parse(text).path == Path(path)


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgres+asyncpg", "postgresql+psycopg"]
)
def test_each_spelling_of_postgresql_is_taken(scheme: str) -> None:
    address = parse(f"{scheme}://{LOGIN}@db.example:5433/notes")
    assert (address.kind, address.path, address.ssl) == ("PostgreSQL", None, None)
    assert address.shown == "PostgreSQL database notes on db.example"
    url = address.url
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "callnote",
        PASSWORD,
        "db.example",
        5433,
        "notes",
    )


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("postgres://u:a%40b%2Fc%25d%3F@h/d", "a@b/c%d?"),
        ("postgres://u:p%C3%A4ss@h/d", "päss"),
        ("postgres://u:a/b?c#d:e@h/d", "a/b?c#d:e"),
    ],
)
def test_a_password_may_have_any_characters(text: str, password: str) -> None:
    assert parse(text).url.password == password


def test_a_socket_folder_stands_for_the_host() -> None:
    address = parse("postgresql://postgres:@/notes?host=/var/run/db")
    assert address.url.host == "/var/run/db"
    assert address.shown == "PostgreSQL database notes on /var/run/db"


def test_a_socket_folder_may_have_a_long_name() -> None:
    folder = "/var/run/" + "x" * 70
    assert parse(f"postgresql://postgres:@/notes?host={folder}").url.host == folder


def test_a_host_may_be_an_ipv6_address() -> None:
    assert parse(f"postgres://{LOGIN}@[2001:db8::1]:5432/notes").url.host == "2001:db8::1"


@pytest.mark.parametrize("name", ["sslmode", "ssl"])
@pytest.mark.parametrize("mode", SSL_MODES)
def test_each_sslmode_is_kept_and_leaves_the_url(name: str, mode: str) -> None:
    address = parse(f"postgres://{LOGIN}@h/d?{name}={mode}")
    assert address.ssl == mode
    assert not address.url.query


def test_the_password_is_shown_nowhere() -> None:
    address = parse(f"postgres://{LOGIN}@h/d?sslmode=require")
    for text in (repr(address), str(address), address.shown, f"{address!r:>5}", repr(address.url)):
        assert PASSWORD not in text
    assert "callnote" not in address.shown


@pytest.mark.parametrize(
    "text",
    [
        PASSWORD,
        f"mysql://{LOGIN}@h/d",
        f"postgresql+psycopg2://{LOGIN}@h/d",
        f"postgres:/{LOGIN}@h/d",
        f"postgres://{LOGIN}@h",
        f"postgres://{LOGIN}@h/",
        f"postgres://{LOGIN}@/d",
        f"postgres://{LOGIN}@h:port/d",
        f"postgres://{LOGIN}@h:/d",
        f"postgres://{LOGIN}@h:0/d",
        f"postgres://{LOGIN}@h:65536/d",
        f"postgres://{LOGIN}@h:-1/d",
        f"postgres://{LOGIN}@h,i/d",
        f"postgres://{LOGIN}@h i/d",
        f"postgres://{LOGIN}@a..b/d",
        f"postgres://{LOGIN}@.b/d",
        f"postgres://{LOGIN}@{'a' * 64}.example/d",
        f"postgres://{LOGIN}@h/d ",
        f"postgres://{LOGIN}@h/d\n",
        f"postgres://{LOGIN}@[::1/d",
        f"postgres://callnote:{PASSWORD}@more@h/d",
        f"postgres://callnote:a@{PASSWORD}@h/d",
        f"postgres://callnote:{PASSWORD}%@h/d",
        f"postgres://callnote:{PASSWORD}%zz@h/d",
        f"postgres://callnote:{PASSWORD}%ff@h/d",
        f"postgres://callnote:{PASSWORD}%00@h/d",
        f"postgres://callnote:{PASSWORD}/d",
        f"postgres://{LOGIN}@h/d?sslmode={PASSWORD}",
        f"postgres://{LOGIN}@h/d?sslmode=require&sslmode=disable",
        f"postgres://{LOGIN}@h/d?sslmode=require&ssl=require",
        f"postgres://{LOGIN}@h/d?{PASSWORD}=1",
        f"postgres://{LOGIN}@h/d?channel_binding=require",
        f"postgres://{LOGIN}@h/d?host=/dir",
        f"postgres://{LOGIN}@/d?host=",
        f"postgres://{LOGIN}@/d?host=a&host=b",
        f"postgres://{LOGIN}@/d?host=dir/sub",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        f"sqlite://{PASSWORD}/callnote.db",
        f"sqlite://{LOGIN}@/callnote.db",
        "sqlite:///file:callnote.db",
        "sqlite:///callnote.db?mode=memory",
        "sqlite:///data/",
        "sqlite:///call\nnote.db",
        "sqlite+aiosqlite:///callnote.db",
        "callnote.db",
    ],
)
def test_any_other_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(an|a|one) ") as caught:
        parse(text)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
