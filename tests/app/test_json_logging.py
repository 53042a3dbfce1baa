"""Log lines as JSON: one object a line, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.json_logging import JsonLineFormatter
from bot.app.logging import REDACTED, SingleLineFormatter, redactor, set_up_logging
from tests.app.log_lines import FORMS, INTERACTION_TOKEN, KEY, TOKEN
from tests.hostile_text import hostile_texts


def line_of(record: logging.LogRecord, secrets: tuple[str, ...] = (TOKEN, KEY)) -> str:
    return JsonLineFormatter(redactor(secrets)).format(record)


def record_of(message: Any, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("a.b", logging.INFO, __file__, 1, message, arguments, None)


def logged(message: Any, *arguments: object) -> dict[str, str]:
    found: dict[str, str] = json.loads(line_of(record_of(message, *arguments)))
    return found


def failed(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except type(error):
        return logging.LogRecord(
            "a.b", logging.ERROR, __file__, 1, "failed", (), sys.exc_info(), "f", "stack\nlines"
        )


def test_a_line_has_time_level_logger_and_message() -> None:
    record = record_of("call=%d", 5)
    found = json.loads(line_of(record))
    at = datetime.fromisoformat(found.pop("time"))
    assert at.timestamp() == pytest.approx(record.created, abs=0.002)
    assert found == {"level": "INFO", "logger": "a.b", "message": "call=5"}


@given(hostile_texts())
@settings(max_examples=30)
def test_any_message_is_one_object_on_one_line(text: str) -> None:
    line = line_of(record_of("%s", text))
    assert line.isascii()
    assert line.isprintable()
    assert isinstance(json.loads(line), dict)


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_message_is_read_as_it_was(text: str) -> None:
    message = json.loads(line_of(record_of("%s", text), ()))["message"]
    assert message == text or REDACTED in message


def test_half_an_emoji_is_read_as_an_escape() -> None:
    assert logged("a\udc80b")["message"] == "a\\udc80b"


def test_a_traceback_is_there_in_full() -> None:
    found = json.loads(line_of(failed(ValueError("one\ntwo"))))
    assert found["message"] == "failed"
    assert found["traceback"].startswith("Traceback (most recent call last):\n")
    assert found["traceback"].endswith("ValueError: one\ntwo")
    assert found["stack"] == "stack\nlines"


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_secret_is_blotted_out(text: str) -> None:
    message = logged("%s", text)["message"]
    assert REDACTED in message
    assert not any(part in message for part in ("k\\", "'/+", "&=%", "%2F", "#1"))


@given(hostile_texts())
@settings(max_examples=30)
def test_what_is_blotted_out_is_what_the_text_form_blots_out(text: str) -> None:
    shown = f"{text} {TOKEN} {KEY!r} /webhooks/123/{INTERACTION_TOKEN}/messages/1"
    in_text = SingleLineFormatter((TOKEN, KEY)).format(record_of("%s", shown))
    message = logged("%s", shown)["message"]
    assert message.count(REDACTED) == in_text.count(REDACTED) >= 3


def test_a_secret_is_blotted_out_wherever_it_stands() -> None:
    record = failed(RuntimeError(f"bad header {TOKEN}"))
    record.__dict__["extra"] = {"nested": [TOKEN, KEY]}
    record.stack_info = KEY
    line = line_of(record)
    assert TOKEN not in line
    assert json.dumps(KEY)[1:-1] not in line
    assert json.dumps(repr(KEY))[1:-1] not in line
    assert line.count(REDACTED) == 4


def test_a_message_that_is_no_text_is_an_object_of_texts() -> None:
    found = logged({"a": 1, "b": TOKEN, "c": object})
    assert found["a"] == "1"
    assert found["b"] == REDACTED


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_every_logger_writes_one_object_per_record(root: logging.Logger) -> None:
    stream = io.StringIO()
    set_up_logging(logging.INFO, (TOKEN,), stream, as_json=True)
    logging.getLogger("discord.http").warning("a\nb %s", TOKEN)
    logging.getLogger("bot.x").info("c")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["logger"], first["message"]) == ("discord.http", f"a\nb {REDACTED}")
    assert (second["level"], second["message"]) == ("INFO", "c")
