from pathlib import Path

import pytest

from bot.storage import DatabaseUrl
from bot.storage.database_url import DEFAULT, SSL_MODES
from tests.cases import cases

PASSWORD = "distinctive-5f1d7c"
LOGIN = f"callnote:{PASSWORD}"


def parse(text: str) -> DatabaseUrl:
    return DatabaseUrl.parse(text, folder=Path("/srv/callnote"))


def test_the_default_is_a_file_in_the_folder() -> None:
    address = parse(DEFAULT)
    assert (address.kind, address.path) == ("SQLite", Path("/srv/callnote/callnote.db"))
    assert address.shown == str(address) == "SQLite file callnote.db"


@cases(
    ("text", "path"),
    [
        ("sqlite:///data/notes.db", "/srv/callnote/data/notes.db"),
        ("sqlite:////var/lib/notes.db", "/var/lib/notes.db"),
        ("sqlite:///my notes.db", "/srv/callnote/my notes.db"),
        ("sqlite:///my%20notes.db", "/srv/callnote/my notes.db"),
        ("sqlite:///100%25.db", "/srv/callnote/100%.db"),
        ("sqlite:///100%.db", "/srv/callnote/100%.db"),
        ('"sqlite:///notes.db"\n', "/srv/callnote/notes.db"),
        ("sqlite:///ö?.db".replace("?", "%3F"), "/srv/callnote/ö?.db"),
    ],
)
def test_a_sqlite_address_gives_its_file(text: str, path: str) -> None:
    assert parse(text).path == Path(path)


# Addresses as hosts and the guides of other tools hand them out, with what libpq makes of them.
HANDED_OUT = {
    "postgres://u:p@h/d": {},
    "postgresql://u:p@h/d": {},
    "POSTGRES://u:p@h/d": {},
    "postgresql+asyncpg://u:p@h/d?ssl=require": {"sslmode": "require"},
    "postgresql+psycopg://u:p@h/d": {},
    "postgresql+psycopg2://u:p@h/d": {},
    " postgres://u:p@h/d\n": {},
    "'postgres://u:p@h/d'": {},
    '"postgres://u:p@h/d" ': {},
    "postgres://u:p@h:/d": {},
    "postgres://u:p@h/d?": {},
    "postgres://u:p@h/d?sslmode=require&channel_binding=require": {
        "sslmode": "require",
        "channel_binding": "require",
    },
    "postgres://u:p@h/d?sslmode=require&options=endpoint%3Dep-cool-rain": {
        "sslmode": "require",
        "options": "endpoint=ep-cool-rain",
    },
    "postgres://u:p@h/d?options=-c%20search_path%3Dcallnote": {
        "options": "-c search_path=callnote"
    },
    "postgres://u:p@h/d?pgbouncer=true&connection_limit=1&pool_timeout=0&schema=public": {},
    "postgres://u:p@h/d?sslmode=require&supa=base-pooler.x": {"sslmode": "require"},
    "postgres://u:p@h/d?workaround=supabase-pooler.vercel": {},
    "postgres://u:p@h/d?sslaccept=accept_invalid_certs": {},
    "postgres://u:p@h/d?ssl=true": {"sslmode": "require"},
    "postgres://u:p@h/d?ssl=True": {"sslmode": "require"},
    "postgres://u:p@h/d?ssl=1": {"sslmode": "require"},
    "postgres://u:p@h/d?sslmode=no-verify": {"sslmode": "require"},
    "postgres://u:p@h/d?sslmode=no-verify&sslmode=verify-ca": {"sslmode": "verify-ca"},
    "postgres://u:p@h/d?ssl=false": {"sslmode": "disable"},
    "postgres://u:p@h/d?ssl=0": {"sslmode": "disable"},
    "postgres://u:p@h/d?serverVersion=16&charset=utf8&sslmode=require": {"sslmode": "require"},
    "postgres://u:p@h/d?encoding=unicode&binary_parameters=yes": {},
    "postgres://u:p@h/d?ssl=true&sslmode=verify-full": {"sslmode": "verify-full"},
    "postgres://u:p@h/d?sslmode=require&sslmode=disable": {"sslmode": "require"},
    "postgres://u:p@h/d?sslrootcert=system": {"sslrootcert": "system"},
    "postgres://u%40server:p@h/d": {"user": "u@server"},
    "postgres://u@server:p@h/d": {"user": "u@server"},
    "postgresql:///d?host=h&user=u&password=p": {},
    "postgresql://u:p@/d?host=/var/run/db": {"host": "/var/run/db"},
    "postgresql://u:p@%2Fvar%2Frun%2Fdb/d": {"host": "/var/run/db"},
    "postgresql://u:p@localhost/d?host=/cloudsql/project:region:name": {
        "host": "/cloudsql/project:region:name"
    },
    f"postgresql://u:p@/d?host=/var/run/{'x' * 70}": {"host": f"/var/run/{'x' * 70}"},
    "postgres://u:p@h1:5433,h2/d?target_session_attrs=read-write": {
        "host": "h1,h2",
        "port": "5433,",
        "target_session_attrs": "read-write",
    },
    "postgres://u:p@h1,h2/d": {
        "host": "h1,h2",
        "port": ",",
        "target_session_attrs": "read-write",
    },
    "postgres://u:p@h1,h2/d?target_session_attrs=any": {
        "host": "h1,h2",
        "port": ",",
        "target_session_attrs": "any",
    },
    "postgres://u:p@[2001:db8::1]:5433/d": {"host": "2001:db8::1", "port": "5433"},
}


@cases("text", HANDED_OUT)
def test_an_address_works_as_it_is_handed_out(text: str) -> None:
    address = parse(text)
    assert (address.kind, address.path) == ("PostgreSQL", None)
    expected = {"user": "u", "password": "p", "host": "h", "dbname": "d", **HANDED_OUT[text]}
    assert address.parameters == expected
    assert address.shown == f"PostgreSQL database d on {expected['host']}"


@cases(
    ("text", "parameters"),
    [
        ("postgresql:///callnote", {"dbname": "callnote"}),
        ("postgresql://u@/callnote?sslmode=disable", {"user": "u", "sslmode": "disable"}),
        ("postgresql://:5433/callnote", {"port": "5433"}),
    ],
)
def test_an_address_without_host_and_password_is_that_of_this_machine(
    text: str, parameters: dict[str, str]
) -> None:
    address = parse(text)
    assert address.parameters == {"dbname": "callnote", **parameters}
    assert address.shown == "PostgreSQL database callnote on this machine"


@cases("name", ["sslmode", "ssl"])
@cases("mode", SSL_MODES)
def test_each_sslmode_is_kept(name: str, mode: str) -> None:
    assert parse(f"postgres://{LOGIN}@h/d?{name}={mode}").parameters["sslmode"] == mode


@cases(
    ("text", "password"),
    [
        ("a%40b%2Fc%25d%3F", "a@b/c%d?"),
        ("p%C3%A4ss", "päss"),
        ("a/b?c#d:e", "a/b?c#d:e"),
        ("a@b", "a@b"),
        ("@@a@", "@@a@"),
        ("a@b/c", "a@b/c"),
        ("a b", "a b"),
        ("50%", "50%"),
        ("50%off", "50%off"),
        ("a&b=c+d", "a&b=c+d"),
        ("a&amp;b", "a&amp;b"),
        ("a'b\\c", "a'b\\c"),
        ("[a]", "[a]"),
        ("", None),
    ],
)
def test_a_password_may_have_any_characters(text: str, password: str | None) -> None:
    assert parse(f"postgres://u:{text}@h:5433/d?sslmode=require").parameters == {
        "user": "u",
        "host": "h",
        "port": "5433",
        "dbname": "d",
        "sslmode": "require",
        **({} if password is None else {"password": password}),
    }


@cases(
    "text",
    [
        f"postgres://u:a@b/{PASSWORD}?c=d@h/d",
        f"postgres://u:a@b/{PASSWORD}@h/d?user=x@y/z",
        f"postgres://u:{PASSWORD}@h/d?options=a@b/c",
        f"postgres://u:1/{PASSWORD}?a=b@h/d",
        f"postgres://u:{PASSWORD}%41%@h/d",
        f"postgres://u:{PASSWORD}%ff@h/d",
        f"postgres://u:{PASSWORD}%00@h/d",
        f"postgres://u:{PASSWORD}@h/d?application_name=%ff",
    ],
)
def test_a_password_that_can_be_read_in_two_ways_is_to_be_percent_encoded(text: str) -> None:
    with pytest.raises(ValueError, match=r"percent-encoded|written as %25") as caught:
        parse(text)
    assert PASSWORD not in str(caught.value)


def test_an_address_out_of_a_web_pages_source_is_told_so() -> None:
    with pytest.raises(ValueError, match=r"^an address with & in place of &amp;, ") as caught:
        parse(f"postgres://{LOGIN}@h/d?sslmode=require&amp;channel_binding=require")
    assert PASSWORD not in str(caught.value)


@cases(
    ("parameter", "name"),
    [
        ("sslmoed=require", "sslmoed"),
        ("schema=other", "schema"),
        ("sslaccept=strict", "sslaccept"),
        ("replication=database", "replication"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(parameter: str, name: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^an address without {name}, a parameter that"
    ) as caught:
        parse(f"postgres://{LOGIN}@h/d?sslmode=require&{parameter}")
    assert PASSWORD not in str(caught.value)


def test_the_secrets_are_those_that_libpq_gets() -> None:
    address = parse(f"postgres://u:a%40b@h/d?sslkey=/k&sslpassword={PASSWORD}")
    assert address.secrets == ("a@b", PASSWORD)


def test_the_password_is_shown_nowhere() -> None:
    address = parse(f"postgres://{LOGIN}@h/d?sslmode=require")
    for text in (repr(address), str(address), address.shown, f"{address!r:>5}"):
        assert PASSWORD not in text
    assert "callnote" not in address.shown


@cases(
    "text",
    [
        PASSWORD,
        f"mysql://{LOGIN}@h/d",
        f"postgres:/{LOGIN}@h/d",
        f"postgres://{LOGIN}@h",
        f"postgres://{LOGIN}@h/",
        f"postgres://{LOGIN}@/d",
        f"postgres://{LOGIN}@h:port/d",
        f"postgres://{LOGIN}@h:0/d",
        f"postgres://{LOGIN}@h:65536/d",
        f"postgres://{LOGIN}@h:-1/d",
        "postgres://:0/d",
        "postgres:///d?hostaddr=127.0.0.1",
        f"postgres://{LOGIN}@h i/d",
        f"postgres://{LOGIN}@h\n/d",
        f"postgres://{LOGIN}@h,/d",
        f"jdbc:postgresql://{LOGIN}@h/d",
        f"postgres://{LOGIN}@h/d?user=%zz",
        f"postgres://{LOGIN}@a..b/d",
        f"postgres://{LOGIN}@.b/d",
        f"postgres://{LOGIN}@{'a' * 64}.example/d",
        f"postgres://{LOGIN}@[::1/d",
        f"postgres://callnote:{PASSWORD}/d",
        f"postgres://{LOGIN}@h/d?sslmode={PASSWORD}",
        f"postgres://{LOGIN}@h/d?nonsense=1",
        f"postgres://{LOGIN}@/d?host=",
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
