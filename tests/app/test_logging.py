"""One line per event, readable by people and programs alike."""

import io
import logging
from collections.abc import Iterator

import discord
import pytest
from hypothesis import given

from bot.app.logging import REDACTED, set_up_logging
from tests.app.log_lines import TOKEN, formatted, formatted_exception
from tests.hostile_text import hostile_texts


def test_a_line_has_time_level_name_and_message() -> None:
    assert formatted("call=%d", 5).endswith(" INFO a.b: call=5")


def test_a_traceback_stays_on_the_records_line() -> None:
    line = formatted_exception(ValueError("one\ntwo\r\nthree\u2028four"))
    assert len(line.splitlines()) == 1


def test_a_traceback_is_there_in_full() -> None:
    line = formatted_exception(ValueError("one\ntwo"))
    assert "failed\\nTraceback (most recent call last):\\n" in line
    assert "ValueError: one\\ntwo\\nstack\\nlines" in line


@given(hostile_texts())
def test_any_message_is_one_printable_line_of_utf_8(text: str) -> None:
    line = formatted("%s", text)
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    line.encode("utf-8")


def test_a_terminals_escape_sequence_is_shown_as_text() -> None:
    assert formatted("\x1b[2J").endswith("\\x1b[2J")


def test_text_of_other_scripts_is_kept() -> None:
    assert formatted("Änderung שלום 😀").endswith("Änderung שלום 😀")


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_every_logger_writes_one_line_per_record(root: logging.Logger) -> None:
    stream = io.StringIO()
    set_up_logging(logging.INFO, (TOKEN,), stream)
    logging.getLogger("discord.http").warning("a\nb %s", TOKEN)
    logging.getLogger("bot.x").info("c")
    assert [line.split(" ", 2)[2] for line in stream.getvalue().splitlines()] == [
        f"WARNING discord.http: a\\nb {REDACTED}",
        "INFO bot.x: c",
    ]


def test_a_record_below_the_level_is_not_written(root: logging.Logger) -> None:
    stream = io.StringIO()
    set_up_logging(logging.WARNING, (), stream)
    logging.getLogger("bot.x").info("c")
    assert stream.getvalue() == ""


def test_setting_up_again_replaces_what_was_there(root: logging.Logger) -> None:
    first, second = io.StringIO(), io.StringIO()
    set_up_logging(logging.INFO, (), first)
    set_up_logging(logging.INFO, (), second)
    logging.getLogger("bot.x").info("c")
    assert (first.getvalue(), second.getvalue().count("\n")) == ("", 1)


def test_lines_go_to_standard_output(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging(logging.INFO, ())
    logging.getLogger("bot.x").info("c")
    assert capsys.readouterr().out.endswith("INFO bot.x: c\n")


@pytest.mark.usefixtures("root")
def test_suggestions_that_discord_did_not_take_are_not_logged_and_faults_are() -> None:
    stream = io.StringIO()
    set_up_logging(logging.INFO, (), stream=stream)
    for error in (TimeoutError("late"), discord.ClientException("answered"), ValueError("a fault")):
        try:
            raise error
        except type(error):
            logging.getLogger("discord.app_commands.tree").exception(
                "Ignoring exception in autocomplete for %r", "callnote"
            )
    (line,) = stream.getvalue().splitlines()
    assert "a fault" in line
