"""Replies made by hand, and what reading them raises."""

import json

import pytest

from bot.sonoran import (
    CallNote,
    Credentials,
    SonoranError,
    v1,
    v2,
)
from bot.sonoran.exchange import Reply
from bot.sonoran.wire import Wire
from tests.cases import cases

KEY = "key-that-must-not-show"
CREDENTIALS = Credentials(KEY, "rockford")
NOTE = CallNote(server_id=2, call_id=417, text="Caller's line\nwas cut 🚓", label="D-2")
DEEP = b'{"callId":' * 100_000
HTML = b"<!DOCTYPE html><html><body>added to call #417</body></html>"

both_versions = cases("wire", [v1, v2])


def reply(body: object = b"", status: int = 200, **headers: str) -> Reply:
    """Make a reply; a body that is no bytes goes out as JSON, `_` in header names is `-`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def error_from(wire: Wire, received: Reply) -> SonoranError:
    def read() -> None:
        wire.raise_failure(received)
        wire.read_added_note(received, NOTE)

    with pytest.raises(SonoranError) as caught:
        read()
    return caught.value
