"""Logging: one line per event on standard output, without secrets."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TextIO
from urllib.parse import quote

_log = logging.getLogger(__name__)

REDACTED = "[redacted]"

# Secrets by their shape in discord.py's debug lines: a token in the address of an interaction or
# webhook, in a gateway payload printed as JSON or as a Python dict, and in a header.
_SHAPES = (
    re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.~%-]+"),
    re.compile(r"""(\\?["'](?:token|key|session_id)\\?["']\s*:\s*\\?["'])[^"'\\]+"""),
    # Not the CAD's sentence "… is required as a Bearer token."
    re.compile(
        r"(\b(?:Bearer|(?i:Authorization\W+(?:Bot|Bearer)))\s+)(?!token\W*(?:\s|$))[^\s\"',}]+"
    ),
)


# Libraries whose lines show stored data, including interaction tokens and notes.
_TALKATIVE = ("sqlalchemy", "alembic", "psycopg")


class SingleLineFormatter(logging.Formatter):
    """Formats a record, traceback included, as one line with every secret redacted.

    `secrets` are as for `redactor`.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redact = redactor(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's one line."""
        return printable(self._redact(super().format(record)))


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what takes the secrets out of a text.

    `secrets` are redacted by value, also as quoted for JSON, Python or a URL; the tokens of
    interactions are redacted by their place.
    """
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, REDACTED)
        for shape in _SHAPES:
            text = shape.sub(rf"\g<1>{REDACTED}", text)
        return text

    return redact


def printable(text: str) -> str:
    """Return a text on one line, with escapes for unprintable characters."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escaped(character) for character in text
    )


def _forms(secret: str) -> tuple[str, ...]:
    doubled = secret.replace("\\", "\\\\")  # as `repr` shows it, with either kind of quotes
    return (
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        doubled,
        doubled.replace("'", "\\'"),
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def set_up_logging(
    level: int, secrets: Iterable[str], stream: TextIO | None = None, *, as_json: bool = False
) -> None:
    """Send records of at least `level` to `stream` alone, standard output by default."""
    survive_code_pages()
    handler = logging.StreamHandler(stream or sys.stdout)
    if as_json:
        from bot.app.json_logging import JsonLineFormatter  # the library is not always needed

        handler.setFormatter(JsonLineFormatter(redactor(secrets)))
    else:
        handler.setFormatter(SingleLineFormatter(secrets))
    logging.raiseExceptions = False  # reports of a faulty log call would not be redacted
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(max(level, logging.WARNING))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


def survive_code_pages() -> None:
    """Let what is printed show characters that the host's encoding lacks as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def log_the_uncaught() -> None:
    """Let the log have, in place of standard error, what nobody catches, and Python's warnings.

    asyncio's own reports go there in any case.
    """
    sys.excepthook = lambda kind, error, trace: _log_uncaught("", error)
    threading.excepthook = lambda report: _log_uncaught("in a thread", report.exc_value)
    sys.unraisablehook = lambda report: _log_uncaught(
        f"ignored in {report.object!r}", report.exc_value
    )
    logging.captureWarnings(True)


def _log_uncaught(where: str, error: BaseException | None) -> None:
    if not isinstance(error, KeyboardInterrupt | SystemExit):
        _log.critical("uncaught error %s", where, exc_info=error)
