"""Reports of logged errors to Sentry, with nothing in them but where the program failed."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import sentry_sdk
from sentry_sdk.integrations.logging import EventHandler
from yarl import URL

from bot import __version__

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# What is left of an event; anything else can hold data of people or of the host.
_EVENT = (
    "event_id", "timestamp", "level", "logger", "platform", "release", "environment", "sdk",
)  # fmt: skip
_FRAME = (
    "filename", "module", "function", "lineno", "pre_context", "context_line", "post_context",
    "in_app",
)  # fmt: skip

_OURS = ("bot", "cogs", "callnote")  # the loggers whose messages are constant but for arguments

_LEFT_OUT = "(message left out)"


@contextlib.contextmanager
def error_reports(dsn: str, proxy: str | None, *, last_words: float) -> Iterator[None]:
    """Report each record of the level ERROR and up to Sentry until the block ends, however it does.

    `dsn` is a Sentry project's address, `proxy` a proxy's for https, which may hold a user and a
    password. At the end what has not been sent gets `last_words` seconds. The SDK's integrations
    stay off, as they patch other libraries and add data; the log already has every error.
    """
    sentry_sdk.init(
        dsn=dsn,
        release=f"callnote@{__version__}",
        before_send=scrubbed,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        auto_session_tracking=False,
        send_client_reports=False,
        enable_backpressure_handling=False,
        propagate_traces=False,
        spotlight=False,
        http_proxy="",
        https_proxy=proxy or "",
        proxy_headers=_proxy_headers(proxy),
    )
    handler = EventHandler(level=logging.ERROR)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    except Exception:  # which is logged when the interpreter ends
        sentry_sdk.capture_exception()
        raise
    finally:
        root.removeHandler(handler)
        sentry_sdk.get_client().close(timeout=last_words)
        sentry_sdk.get_global_scope().set_client(None)


def scrubbed(event: Event, hint: Hint) -> Event:
    """Return an event without messages of exceptions, arguments, variables and names.

    Left are the types of exceptions, the lines of the program where they passed, and what a log
    line says apart from its arguments.
    """
    given = cast(dict[str, Any], event)
    kept: dict[str, Any] = {key: given[key] for key in _EVENT if key in given}
    if (record := hint.get("log_record")) is not None:
        kept["logentry"] = {"message": _constant_part(record)}
    errors = given.get("exception", {}).get("values", [])
    if errors:
        kept["exception"] = {"values": [_without_message(error) for error in errors]}
    return cast("Event", kept)


def _constant_part(record: logging.LogRecord) -> str:
    """Return a record's message without its arguments, unless they may be in it already."""
    ours = record.name.partition(".")[0] in _OURS
    return str(record.msg) if record.args or ours else _LEFT_OUT


def _without_message(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames", [])
    return {
        "type": error.get("type"),
        "module": error.get("module"),
        "stacktrace": {
            "frames": [{key: frame[key] for key in _FRAME if key in frame} for frame in frames]
        },
    }


def _proxy_headers(proxy: str | None) -> dict[str, str] | None:
    url = URL(proxy or "")
    if not url.user:
        return None
    secret = aiohttp.encode_basic_auth(url.user, url.password or "")
    return {"Proxy-Authorization": secret}
