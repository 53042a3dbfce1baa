"""The settings come from the process's environment and from a file beside it."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.config import Config
from bot.environment import ConfigError, environment

EXAMPLE = Path(__file__).parent.parent / ".env.example"
TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.token.of-a-test"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in dotenv_values(EXAMPLE):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.usefixtures("bare")
def test_without_a_file_the_environment_is_the_process_alone(tmp_path: Path) -> None:
    assert "DISCORD_TOKEN" not in environment(tmp_path)


@pytest.mark.usefixtures("bare")
def test_the_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"# mine\nDISCORD_TOKEN={TOKEN}\n\nexport LOG_LEVEL='DEBUG'\n")
    settings = environment(tmp_path)
    assert (settings["DISCORD_TOKEN"], settings["LOG_LEVEL"]) == (TOKEN, "DEBUG")


def test_the_process_wins_over_the_file(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=DEBUG\n")
    bare.setenv("LOG_LEVEL", "ERROR")
    assert environment(tmp_path)["LOG_LEVEL"] == "ERROR"


@pytest.mark.parametrize("value", ["", " ", '""', "''"])
def test_an_empty_variable_does_not_hide_the_files(
    tmp_path: Path, bare: pytest.MonkeyPatch, value: str
) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=DEBUG\n")
    bare.setenv("LOG_LEVEL", value)
    assert environment(tmp_path)["LOG_LEVEL"] == "DEBUG"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (f'"{TOKEN}"', TOKEN),
        (f"'{TOKEN}'", TOKEN),
        (f' "{TOKEN}" ', TOKEN),
        (f"\"'{TOKEN}'\"", f"'{TOKEN}'"),
        (f"\"{TOKEN}'", f"\"{TOKEN}'"),
        (f'{TOKEN}"', f'{TOKEN}"'),
        ('"', '"'),
    ],
)
def test_one_pair_of_quotes_around_a_variable_is_taken_off(
    tmp_path: Path, bare: pytest.MonkeyPatch, value: str, meant: str
) -> None:
    bare.setenv("DISCORD_TOKEN", value)
    assert environment(tmp_path)["DISCORD_TOKEN"] == meant


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("name", [".env.txt", "env.txt", "env"])
def test_a_misnamed_file_is_named_beside_what_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"DISCORD_TOKEN={TOKEN}\n")
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping(environment(tmp_path), tmp_path)
    assert caught.value.problems[-1] == f"{name}: is not read, as the file's name must be .env"


@pytest.mark.usefixtures("bare")
def test_a_folder_in_the_files_place_is_named_beside_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping(environment(tmp_path), tmp_path)
    assert caught.value.problems[-1].startswith(".env: is a folder")


@pytest.mark.usefixtures("bare")
def test_a_misnamed_file_is_not_named_when_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("")
    given = {"DISCORD_TOKEN": "a", "SONORAN_API_KEY": "b", "SONORAN_COMMUNITY_ID": "c"}
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({**given, "LOG_LEVEL": "loud"}, tmp_path)
    assert len(caught.value.problems) == 1


@pytest.mark.usefixtures("bare")
def test_a_dollar_sign_in_the_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SONORAN_API_KEY=a${HOME}$b\n")
    assert environment(tmp_path)["SONORAN_API_KEY"] == "a${HOME}$b"


@pytest.mark.usefixtures("bare")
def test_a_name_without_a_value_in_the_file_counts_as_not_set(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKEN\nSONORAN_API_KEY=\n")
    with pytest.raises(ConfigError, match=r"DISCORD_TOKEN: missing.*SONORAN_API_KEY: missing"):
        Config.from_mapping(environment(tmp_path), tmp_path)


def test_a_file_that_the_system_does_not_let_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("/proc/self/mem")  # of which root, too, gets an error
    with pytest.raises(ConfigError) as caught:
        environment(tmp_path)
    assert caught.value.problems == [".env: cannot be read by the user that runs Callnote"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('DISCORD_TOKEN="hunter2\nLOG_LEVEL=INFO\n', "line 1"),
        ("# mine\n\n\nDISCORD_TOKEN: hunter2\n", "line 4"),
        ("DISCORD_TOKEN: hunter2\r\nLOG_LEVEL=INFO\r\nHISTORY_DAYS: 5\r\n", "lines 1, 3"),
        ("a b\n" * 50, "lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"),
    ],
)
def test_lines_that_cannot_be_read_are_named_without_their_content(
    tmp_path: Path, text: str, lines: str
) -> None:
    (tmp_path / ".env").write_text(text)
    with pytest.raises(ConfigError) as caught:
        environment(tmp_path)
    (problem,) = caught.value.problems
    assert problem.startswith(f".env: {lines} cannot be read; expected NAME=value")
    assert "hunter2" not in problem


@pytest.mark.usefixtures("bare")
def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN={TOKEN}\r\n", encoding="utf-8-sig")
    assert environment(tmp_path)["DISCORD_TOKEN"] == TOKEN


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_is_not_utf_8_is_reported_without_its_content(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / ".env").write_bytes("DISCORD_TOKEN=hunter2é\n".encode(encoding))
    with pytest.raises(ConfigError) as caught:
        environment(tmp_path)
    assert caught.value.problems == [".env: cannot be read; it must be a UTF-8 text file"]
    assert caught.value.__suppress_context__
