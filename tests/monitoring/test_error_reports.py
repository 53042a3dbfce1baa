"""What reaches Sentry: where the program failed, and nothing of people, notes or secrets."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.monitoring.error_reports import error_reports, scrubbed
from bot.sonoran import CallNote, SonoranClient
from tests.child import running
from tests.monitoring import sentry
from tests.monitoring.sentry import Sentry
from tests.note_messages import ADDED
from tests.world import API_KEY, COMMUNITY, PATIENCE, TOKEN, World

NOTE = "Suspect fled north"
PRIVATE = (NOTE, TOKEN, API_KEY, COMMUNITY, "Dana D-2", "dana", "Rockford County", "/tmp")  # noqa: S108


@pytest.fixture
def server() -> Iterator[Sentry]:
    with sentry.running() as server:
        yield server


@pytest.fixture
def reported(server: Sentry) -> Iterator[Sentry]:
    with error_reports(server.dsn, None, last_words=PATIENCE):
        yield server


async def test_an_unexpected_error_is_reported_without_what_it_says(
    world: World, reported: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def add_call_note(cad: SonoranClient, note: CallNote, **_: Any) -> str:
        """Fail in a way that tells all that is known."""
        assert cad.credentials is not None
        error = KeyError(repr(note), cad.credentials.api_key, TOKEN, COMMUNITY)
        error.add_note(f"{note.text} by {note.label}")
        raise error from ValueError(note.text)

    monkeypatch.setattr(SonoranClient, "add_call_note", add_call_note)
    async with world.bot_until_killed():
        await world.use(NOTE)
        body, event = await asyncio.to_thread(reported.next)
    assert [each for each in PRIVATE if each in body] == []
    cause, error = event["exception"]["values"]
    assert (cause["type"], error["type"]) == ("ValueError", "KeyError")
    frames = [(frame["filename"], frame["function"]) for frame in error["stacktrace"]["frames"]]
    assert ("bot/outbox/sender.py", "_add") in frames
    assert event["logentry"] == {"message": "sending note %d failed unexpectedly"}
    assert event["release"].startswith("callnote@")


LOGGED: dict[str, tuple[str, tuple[str, ...], str]] = {
    "ours": ("bot.outbox", (), "no room"),
    "ours with arguments": ("callnote", (NOTE,), "left out: %s"),
    "a library's with arguments": ("discord.client", (NOTE,), "Ignoring %s"),
    "a library's without": ("asyncio", (), f"Task exception was never retrieved: {NOTE}"),
}


@pytest.mark.parametrize("case", LOGGED)
def test_a_message_is_reported_without_its_arguments(reported: Sentry, case: str) -> None:
    name, arguments, message = LOGGED[case]
    logging.getLogger(name).error(message, *arguments, extra={"who": NOTE})
    body, event = reported.next()
    assert NOTE not in body
    assert event["logger"] == name
    left_out = NOTE in message
    assert event["logentry"]["message"] == ("(message left out)" if left_out else message)


def test_a_warning_is_not_reported_and_nothing_is_after_the_end(server: Sentry) -> None:
    with error_reports(server.dsn, None, last_words=PATIENCE):
        logging.getLogger("bot").warning("a warning")
        logging.getLogger("bot").error("an error")
    logging.getLogger("bot").error("too late")
    assert server.next()[1]["logentry"] == {"message": "an error"}
    assert server.bodies.empty()


def test_an_error_that_ends_the_bot_is_reported(server: Sentry) -> None:
    with pytest.raises(KeyError), error_reports(server.dsn, None, last_words=PATIENCE):
        raise KeyError(TOKEN)
    body, event = server.next()
    assert [error["type"] for error in event["exception"]["values"]] == ["KeyError"]
    assert TOKEN not in body


def test_reports_go_through_the_hosts_proxy_with_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(PATIENCE)
        address = f"http://user:p%40ss@127.0.0.1:{proxy.getsockname()[1]}"
        with error_reports("https://key@sentry.invalid/1", address, last_words=0.01):
            logging.getLogger("bot").error("an error")
            connection, _ = proxy.accept()
            with connection:
                request = connection.recv(4096).decode()
    assert request.startswith("CONNECT sentry.invalid:443 ")
    assert f"\r\nProxy-Authorization: Basic {b64encode(b'user:p@ss').decode()}\r\n" in request


def test_what_is_not_known_to_be_harmless_is_left_out() -> None:
    frame = {"filename": "a.py", "lineno": 1, "vars": {"text": NOTE}, "abs_path": f"/home/{NOTE}"}
    event: Any = {
        "event_id": "1",
        "level": "error",
        "user": {"username": NOTE},
        "request": {"data": NOTE},
        "server_name": NOTE,
        "breadcrumbs": {"values": [{"message": NOTE}]},
        "extra": {"sys.argv": [NOTE]},
        "contexts": {"some": {"data": NOTE}},
        "threads": {"values": [{"stacktrace": {"frames": [frame]}}]},
        "tags": {"some": NOTE},
        "message": NOTE,
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "value": NOTE,
                    "mechanism": {"data": NOTE},
                    "stacktrace": {"frames": [frame], "registers": NOTE},
                }
            ]
        },
        "new in the next version": NOTE,
    }
    left: Any = scrubbed(event, {})
    assert NOTE not in json.dumps(left)
    assert left["exception"]["values"][0]["stacktrace"]["frames"] == [
        {"filename": "a.py", "lineno": 1}
    ]


async def test_a_process_reports_errors_and_logs_nothing_but_json(
    world: World, server: Sentry, tmp_path: Path
) -> None:
    async with running(
        world, tmp_path, SENTRY_DSN=server.dsn, LOG_FORMAT="json", LOG_LEVEL="DEBUG"
    ) as child:
        assert (await world.say()).content == ADDED
        world.discord.send_event("INTERACTION_CREATE", {"id": "5", "type": 2, "token": NOTE})
        await world.say("again")
        child.signal(signal.SIGTERM)
        status, out, errors = await child.ended()
    assert (status, errors) == (0, "")
    records = [json.loads(line) for line in out.splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, records))
    (failed,) = [record for record in records if record["level"] == "ERROR"]
    assert "Traceback" in failed["traceback"]
    assert not any(secret in out for secret in (TOKEN, API_KEY, "public-key-7e1", NOTE))
    body, event = server.next()
    assert event["logger"] == failed["logger"]
    assert [each for each in PRIVATE if each in body] == []
