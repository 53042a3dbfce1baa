"""The settings that few hosts need: shards, log and metrics, error reports, entered keys."""

from bot.communities.shards import Shards
from tests.cases import cases
from tests.config_reading import problems, read


@cases(
    ("ids", "expected"), [("0", [0]), ("0,1", [0, 1]), ("2-4", [2, 3, 4]), (" 5 , 0-1", [0, 1, 5])]
)
def test_the_shards_of_a_process_are_read(ids: str, expected: list[int]) -> None:
    shards = read(DISCORD_SHARD_COUNT="6", DISCORD_SHARD_IDS=ids).shards
    assert shards == Shards(6, expected)


@cases("ids", ["x", "0;1", "-1", "3-1", "1-", "0,,1"])
def test_shards_that_cannot_be_read_are_reported(ids: str) -> None:
    reported = problems(DISCORD_SHARD_COUNT="6", DISCORD_SHARD_IDS=ids)
    assert reported[0] == "DISCORD_SHARD_IDS: expected shard ids such as 0,1 or 0-3"


@cases(
    ("settings", "expected"),
    [
        ({"DISCORD_SHARD_COUNT": "6"}, "set both, or neither"),
        ({"DISCORD_SHARD_IDS": "0"}, "set both, or neither"),
        ({"DISCORD_SHARD_COUNT": "6", "DISCORD_SHARD_IDS": "5,6"}, "expected ids below 6"),
    ],
)
def test_shards_that_do_not_fit_together_are_reported(
    settings: dict[str, str], expected: str
) -> None:
    (problem,) = problems(**settings)
    assert expected in problem


def test_nothing_is_reported_served_or_written_as_json_unless_asked_for() -> None:
    config = read()
    assert (config.metrics_address, config.sentry_dsn, config.log_json) == (None, None, False)


@cases(("value", "as_json"), [("json", True), ("JSON", True), ("text", False)])
def test_the_log_is_text_or_json(value: str, as_json: bool) -> None:
    assert read(LOG_FORMAT=value).log_json is as_json
    assert problems(LOG_FORMAT=f"{value}x") == ["LOG_FORMAT: expected text or json"]


@cases(
    ("value", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),  # noqa: S104
        ("[::1]:9464", ("::1", 9464)),
    ],
)
def test_metrics_are_for_this_machine_alone_unless_an_address_is_given(
    value: str, address: tuple[str, int]
) -> None:
    assert read(METRICS_ADDRESS=value).metrics_address == address


@cases(
    "value",
    [
        "::1",
        ":9464",
        "127.0.0.1",
        "65536",
        "-1",
        "９",
        "http://127.0.0.1:80",
        "host:80",
        "1.1.1.1:",
    ],
)
def test_a_malformed_address_for_metrics_is_reported(value: str) -> None:
    (problem,) = problems(METRICS_ADDRESS=value)
    assert problem.startswith("METRICS_ADDRESS: expected a port such as 9464")


DSN = "https://0f1e2d@o1.ingest.sentry.io/4506048321257472"


def test_the_key_of_a_sentry_project_is_a_secret() -> None:
    config = read(SENTRY_DSN=DSN)
    assert config.sentry_dsn == DSN
    assert "0f1e2d" in config.secrets
    assert "0f1e2d" not in repr(config)


@cases("value", ["0f1e2d", "https://sentry.io/1", "https://0f1e2d@sentry.io/x", "ftp://0f1e2d@a/1"])
def test_a_malformed_dsn_is_reported_without_being_repeated(value: str) -> None:
    (problem,) = problems(SENTRY_DSN=value)
    assert problem.startswith("SENTRY_DSN: expected a Sentry project's DSN")
    assert "0f1e2d" not in problem


FERNET_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF_="


def test_with_a_credentials_key_the_hosts_community_is_optional() -> None:
    config = read(CREDENTIALS_KEY=FERNET_KEY, SONORAN_API_KEY="", SONORAN_COMMUNITY_ID=None)
    assert config.credentials is None
    assert config.credentials_keys == (FERNET_KEY,)


@cases("name", ["SONORAN_API_KEY", "SONORAN_COMMUNITY_ID"])
def test_with_a_credentials_key_half_of_the_hosts_community_is_not_enough(name: str) -> None:
    (problem,) = problems(CREDENTIALS_KEY=FERNET_KEY, **{name: ""})
    assert problem.startswith(f"{name}: missing; expected ")


@cases("value", ["k", FERNET_KEY[:-1], f"{FERNET_KEY},x", f"{FERNET_KEY} y", ","])
def test_a_malformed_credentials_key_is_one_sentence_without_its_value(value: str) -> None:
    (problem,) = problems(CREDENTIALS_KEY=value, SONORAN_API_KEY="", SONORAN_COMMUNITY_ID="")
    assert problem == (
        "CREDENTIALS_KEY: expected keys made by `python -m bot new-key`, separated by commas"
    )
