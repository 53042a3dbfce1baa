"""Logging: one line per event on standard output, without secrets."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO
from urllib.parse import quote

from bot.interactions.components import SECRET_FORM
from bot.interactions.errors import DISCORD_FAILURES

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


_INDEXED = 8  # characters by which entered secrets are found

_SHORTEST_TRIED = 8
"""Characters from which on what somebody has entered is redacted before it turns out to be a
secret; with less, words of the log could be blotted out."""

# Libraries whose lines show stored data, including interaction tokens and notes.
_TALKATIVE = ("sqlalchemy", "alembic", "psycopg")


class EnteredSecrets:
    """The secrets that were entered while the process runs; the log redacts them by value."""

    def __init__(self) -> None:
        self._kept: frozenset[str] = frozenset()
        self._tried: list[str] = []
        self._index: dict[str, list[str]] = {}
        self.forms: frozenset[str] = frozenset()

    def add(self, secrets: Iterable[str]) -> None:
        """Redact these, too, from now on."""
        self._kept |= {form for secret in secrets if secret for form in _forms(secret)}
        self._update()

    @contextlib.contextmanager
    def redacted(self, secret: str) -> Iterator[None]:
        """Redact what may be a secret until the block ends."""
        self._tried.append(secret)
        self._update()
        try:
            yield
        finally:
            self._tried.remove(secret)
            self._update()

    def found_in(self, line: str) -> set[str]:
        """Return which of them stand in a line, in their forms; many take no longer than few."""
        index = self._index
        found = {form for form in index.get("", ()) if form in line}
        if len(index) > 1:
            for place in range(len(line) - _INDEXED + 1):
                if (forms := index.get(line[place : place + _INDEXED])) is not None:
                    found.update(form for form in forms if line.startswith(form, place))
        return found

    def _update(self) -> None:
        tried = (secret for secret in self._tried if len(secret) >= _SHORTEST_TRIED)
        self.forms = self._kept.union(*map(_forms, tried))
        index: dict[str, list[str]] = {"": []}
        for form in self.forms:
            index.setdefault(form[:_INDEXED] if len(form) >= _INDEXED else "", []).append(form)
        self._index = index  # another one, as other threads may be using the one before


ENTERED = EnteredSecrets()
"""Those of this process."""


class SingleLineFormatter(logging.Formatter):
    """Formats a record, traceback included, as one line with every secret redacted.

    `secrets` are as for `redactor`.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redact = redactor(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's one line."""
        return printable(self._redact(super().format(record)))


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what takes the secrets out of a text.

    `secrets` and those in `ENTERED` are redacted by value, also as quoted for JSON, Python or a
    URL; the tokens of interactions are redacted by their place, and a payload with a secret form as
    a whole.
    """
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)

    def redact(text: str) -> str:
        if SECRET_FORM in text:  # with what was entered there, which nobody knows yet
            text = text[: text.find("{") + 1 or text.find(SECRET_FORM)] + REDACTED
        known = longest_first
        if entered := ENTERED.found_in(text):
            known = sorted({*known, *entered}, key=len, reverse=True)
        for secret in known:
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


def _is_news(record: logging.LogRecord) -> bool:
    """Return False for suggestions that Discord did not take, such as those that came too late.

    discord.py 2.7 logs these as errors, with a traceback (`app_commands/tree.py`, `_call`). While
    two instances are connected, one of them is always too late.
    """
    error = record.exc_info[1] if record.exc_info else None
    about = record.name == "discord.app_commands.tree" and "autocomplete" in str(record.msg)
    return not (about and isinstance(error, DISCORD_FAILURES))


def set_up_logging(
    level: int, secrets: Iterable[str], stream: TextIO | None = None, *, as_json: bool = False
) -> None:
    """Send records of at least `level` to `stream` alone, standard output by default."""
    survive_code_pages()
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.addFilter(_is_news)
    if as_json:
        from bot.app.json_logging import JsonLineFormatter  # the library is not always needed

        handler.setFormatter(JsonLineFormatter(redactor(secrets)))
    else:
        handler.setFormatter(SingleLineFormatter(secrets))
    # What no line shows is not found out for each (Python's Logging HOWTO, Optimization).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.raiseExceptions = False  # reports of a faulty log call would not be redacted
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(max(level, logging.WARNING))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


def survive_code_pages() -> None:
    """Print characters that the host's encoding lacks as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def log_the_uncaught() -> None:
    """Log uncaught exceptions and Python's warnings instead of printing them to standard error.

    asyncio logs what it reports by itself.
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
