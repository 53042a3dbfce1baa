"""Settings are read once, and whatever is wrong with them is said at once."""

import logging
from pathlib import Path

import pytest

from bot.config import SONORAN_API_URL, Config
from bot.environment import ConfigError
from bot.sonoran import ApiVersion, Credentials
from tests.cases import cases
from tests.config_reading import COMMUNITY, FOLDER, KEY, REQUIRED, TOKEN, problems, read


def test_the_required_settings_are_enough() -> None:
    config = read()
    assert config.discord_token == TOKEN
    assert config.credentials == Credentials(KEY, COMMUNITY)


def test_everything_else_has_a_default() -> None:
    config = read()
    assert config.dispatcher_role_ids == frozenset()
    assert config.api_version is None
    assert config.server_id == 1
    assert config.sonoran_api_url == SONORAN_API_URL
    assert config.discord_api_url is None
    assert config.log_level == logging.INFO


@cases("name", REQUIRED)
@cases("value", [None, "", " \t "])
def test_a_required_setting_that_is_empty_is_reported_as_missing(
    name: str, value: str | None
) -> None:
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name}: missing; expected ")


@cases("name", REQUIRED)
def test_a_required_setting_that_is_not_there_is_reported_as_missing(name: str) -> None:
    settings = {other: value for other, value in REQUIRED.items() if other != name}
    with pytest.raises(ConfigError, match=rf"^{name}: missing"):
        Config.from_mapping(settings, FOLDER)


@cases("name", REQUIRED)
@cases(
    "value", ["two words", "line\nbreak", "tab\there", "nul\0", "späte", "\u200bhidden", "“quoted”"]
)
def test_a_malformed_secret_is_reported_without_being_repeated(name: str, value: str) -> None:
    (problem,) = problems(**{name: value})
    assert problem == f"{name}: expected one word without spaces, copied whole"


def test_space_around_a_value_is_dropped() -> None:
    assert read(DISCORD_TOKEN=f"  {TOKEN}\r\n").discord_token == TOKEN


@cases(
    ("value", "version"),
    [
        ("auto", None),
        ("AUTO", None),
        ("", None),
        ("1", ApiVersion.V1),
        (" 2 ", ApiVersion.V2),
    ],
)
def test_the_api_version_is_read(value: str, version: ApiVersion | None) -> None:
    assert read(SONORAN_API_VERSION=value).api_version is version


def test_the_database_is_a_file_in_the_folder_unless_another_is_named() -> None:
    assert read().database.path == FOLDER / "callnote.db"
    assert read(DATABASE_URL="sqlite:////var/notes.db").database.path == Path("/var/notes.db")
    assert read(DATABASE_URL="postgres://u:p@db/notes").database.kind == "PostgreSQL"


def test_a_malformed_database_address_is_reported_without_its_password() -> None:
    (problem,) = problems(DATABASE_URL="mysql://u:hunter2@db/notes")
    assert problem.startswith("DATABASE_URL: expected ")
    assert "hunter2" not in problem


def test_every_secret_is_named_for_the_log_to_blot_out() -> None:
    config = read(DATABASE_URL="postgres://u:hunter%232@db/notes")
    assert config.secrets == (TOKEN, KEY, "hunter#2")
    assert "hunter" not in repr(config)
    assert read().secrets == (TOKEN, KEY)


@cases(
    ("name", "host"),
    [
        ("DYNO", "Heroku"),
        ("RENDER", "Render"),
        ("RAILWAY_ENVIRONMENT", "Railway"),
        ("FLY_APP_NAME", "Fly.io"),
    ],
)
def test_a_host_that_wipes_its_disks_is_known_by_its_variable(name: str, host: str) -> None:
    assert read(**{name: "something"}).host == host
    assert read().host is None


@cases("value", ["0", "30", "3650"])
def test_the_days_of_history_are_read(value: str) -> None:
    assert read(HISTORY_DAYS=value).history_days == int(value)


@cases("value", ["-1", "3651", "1.5", "a week", "٣"])
def test_days_of_history_out_of_bounds_are_reported(value: str) -> None:
    (problem,) = problems(HISTORY_DAYS=value)
    assert problem == "HISTORY_DAYS: expected a whole number from 0 to 3650"


def test_version_2_needs_no_community_id() -> None:
    config = read(SONORAN_API_VERSION="2", SONORAN_COMMUNITY_ID=None)
    assert config.credentials == Credentials(KEY, "")


@cases("value", ["1", "auto", None])
def test_any_other_choice_of_version_needs_a_community_id(value: str | None) -> None:
    (problem,) = problems(SONORAN_API_VERSION=value, SONORAN_COMMUNITY_ID=None)
    assert problem.startswith("SONORAN_COMMUNITY_ID: missing")


@cases(
    ("value", "ids"),
    [
        ("1", {1}),
        ("1,2, 3 ", {1, 2, 3}),
        ("1,,1,", {1}),
        (str(2**64 - 1), {2**64 - 1}),
        (",", set()),
    ],
)
def test_ids_of_servers_and_roles_are_read(value: str, ids: set[int]) -> None:
    config = read(DISPATCHER_ROLE_IDS=value, DISCORD_GUILD_IDS=value)
    assert config.dispatcher_role_ids == config.guild_ids == ids


@cases(
    ("url", "read_as"),
    [
        ("https://cad.example.com", "https://cad.example.com"),
        ("https://cad.example.com/", "https://cad.example.com"),
        ("https://cad.example.com/a/b/", "https://cad.example.com/a/b"),
        ("https://cad.example.com:8443", "https://cad.example.com:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_read(url: str, read_as: str) -> None:
    config = read(SONORAN_API_URL=url, DISCORD_API_URL=url)
    assert (config.sonoran_api_url, config.discord_api_url) == (read_as, read_as)


@cases(("value", "level"), [("debug", 10), ("INFO", 20), ("Warning", 30), ("error", 40)])
def test_the_log_level_is_read_in_any_case(value: str, level: int) -> None:
    assert read(LOG_LEVEL=value).log_level == level


def test_the_server_id_is_read() -> None:
    assert read(SONORAN_SERVER_ID=" 12 ").server_id == 12


def test_the_proxy_is_for_https_alone_and_its_password_is_a_secret() -> None:
    config = read(HTTPS_PROXY="http://someone:hunter2%21@proxy.example:3128/")
    assert config.discord_proxy == config.cad_proxy == config.proxy is not None
    assert "hunter2!" in config.secrets
    assert "hunter2" not in repr(config)
    here = read(HTTPS_PROXY="http://p", SONORAN_API_URL="http://127.0.0.1:80")
    assert here.cad_proxy is None


MALFORMED = {
    "SONORAN_API_VERSION": ["3", "v2", "1.0", "12", "both"],
    "SONORAN_SERVER_ID": ["0", "-1", "one", "1.5", "1_0", "١", "²", "9" * 10, "1e3"],
    "DISPATCHER_ROLE_IDS": [
        "Dispatch",
        "1;2",
        "1 2",
        "0",
        "-1",
        "<@&1>",
        "1,x",
        "١",
        str(2**64),
        "9" * 5000,
    ],
    "DISCORD_GUILD_IDS": ["Rockford County", "1;2", "0", "-1", "1,x", str(2**64)],
    "SONORAN_API_URL": [
        "cad.example.com",
        "http://cad.example.com",
        "ftp://cad.example.com",
        "https://",
        "https://user:hunter2@cad.example.com",
        "https://cad.example.com?key=hunter2",
        "https://cad.example.com#hunter2",
        "https://cad.example.com:99999",
        "https://cad.example.com:x",
        "https://[::1",
        "http://127.0.0.1.example.com",
        "https:// spaced .example.com",
        "//cad.example.com",
        "nul\0",
    ],
    "DISCORD_API_URL": ["discord.com", "http://discord.com/api", "https://u:hunter2@d.co"],
    "SONORAN_TIME_ZONE": ["America", "Chicago", "../UTC", "/etc/localtime", "CST5 CDT", "nul\0"],
    "HTTPS_PROXY": [
        "proxy.example",
        "someone:hunter2@proxy.example:3128",
        "socks5://someone:hunter2@proxy.example",
        "http://",
        "http://someone:hunter2@proxy.example:x",
        "http://proxy.example/hunter2",
        "http://[::1",
    ],
    "LOG_LEVEL": ["verbose", "10", "NOTSET", "INFO,DEBUG"],
}


@cases(("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values])
def test_a_malformed_setting_is_reported_without_its_value(name: str, value: str) -> None:
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name}: expected ")
    assert "hunter2" not in problem
    assert len(problem) < 150


@cases("name", ["SONORAN_API_URL", "DISCORD_API_URL"])
@cases("rest", ["", "?key=x", "#x"])
def test_an_address_with_too_much_in_it_is_told_what_to_leave_out(name: str, rest: str) -> None:
    user = "" if rest else "user:pass@"
    (problem,) = problems(**{name: f"https://{user}cad.example.com{rest}"})
    assert "without user, password, query or fragment" in problem


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    malformed = {name: values[0] for name, values in MALFORMED.items()}
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({**malformed, "DISCORD_TOKEN": "a b"}, FOLDER)
    names = {problem.partition(":")[0] for problem in caught.value.problems}
    assert names == {*MALFORMED, *REQUIRED}


def test_the_errors_own_text_has_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({}, FOLDER)
    assert all(name in str(caught.value) for name in REQUIRED)


def test_no_problem_repeats_a_secret_that_is_right() -> None:
    with pytest.raises(ConfigError) as caught:
        read(LOG_LEVEL="?", SONORAN_SERVER_ID="?")
    assert not any(value and value in str(caught.value) for value in REQUIRED.values())


def test_repr_shows_neither_token_nor_key() -> None:
    shown = repr(read())
    assert TOKEN not in shown
    assert KEY not in shown


def test_an_unknown_setting_is_ignored() -> None:
    assert read(SOMETHING_ELSE="x") == read()
