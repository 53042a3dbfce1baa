"""The sentences that say that something is wrong, from the code that says them.

What is filled in when one is said is shown as `GAP`.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from bot import environment
from bot.app import texts as app_texts
from bot.app.services import TEXTS
from bot.health import cad_texts
from bot.interactions.texts import Text
from bot.notes import call_texts, failure_texts
from bot.notes import texts as note_texts
from bot.outbox import Failure, FailureKind
from bot.settings import cache
from bot.sonoran import Reason
from bot.storage import failures, upgrade

ROOT = Path(__file__).parents[2]
GAP = "¤"

_SHORTEST = 8  # letters; less is a part of a sentence, or stands before one

_SAMPLES = {
    "roles": ["Dispatcher"],
    "number": 7,
    "servers": {1: "Main"},
    "channel": "log",
    "missing": ["View Channel"],
    "why": Reason.NO_ANSWER,
    "status": 401,
    "said": "INVALID API KEY",
    "failure": Failure(FailureKind.CREDENTIALS, status=401, text="INVALID API KEY"),
    "own": False,
}
"""What functions among the texts are given."""

_NO_DISCORD = "Discord cannot be reached: "
_NO_DATABASE = "The database cannot be used just now: "

_TOLD = (
    ("ill", "bot/health bot/app", ""),
    ("ill if about_access else note", "bot/health", ""),
    ("_unreachable", "bot/app", _NO_DISCORD),
    ("UnusableDatabaseError", "bot/storage", ""),
    ("NewerSchemaError", "bot/storage", ""),
    ("DatabaseInUseError", "bot/storage", ""),
    ("StorageFullError", "bot/storage", ""),
    ("StorageUnavailableError", "bot/storage", ""),
    ("unavailable", "bot/storage", _NO_DATABASE),
    ("ConfigError", "bot/config.py bot/environment.py", ""),
    ("self.problems.append", "bot/config.py", ""),
    ("reader.problems.append", "bot/config.py", ""),
    ("_log.warning", "bot cogs", ""),
    ("_log.error", "bot cogs", ""),
)
"""Functions and classes that are given a sentence for the host, where, and what goes before it."""


def in_discord() -> Iterator[str]:
    """Give what Discord shows of notes and of what was refused."""
    for text in TEXTS.values():
        yield _worded(text)
    for said in (
        note_texts.content_of,
        note_texts.expired,
        note_texts.repeated,
        failure_texts.why_queued,
        failure_texts.said_of,
        failure_texts.advice_refused,
        failure_texts.advice_in_doubt,
        failure_texts.advice_given_up,
        failure_texts.credentials_task,
        call_texts.advice_about_call,
    ):
        yield from _sentences(_body(said), inspect.getmodule(said))
    yield from (f"{each} {GAP}" for each in (note_texts._NOT_ADDED, note_texts._NOT_CONFIRMED))
    yield from (failure_texts._STOPPED_TRYING, failure_texts._SHOW_ADMINISTRATOR)
    yield failure_texts._ENTER_KEY
    yield from (_gapped(each) for each in failure_texts._SAID.values())
    yield from failure_texts._WAITING_FOR.values()


def to_hosts() -> Iterator[str]:
    """Give what `check`, the log and `/callnote-config status` say."""
    for name, places, before in _TOLD:
        for file in (file for place in places.split() for file in _files(ROOT / place)):
            for argument in _first_arguments(file).get(name, ()):
                yield from (before + each for each in _sentences(argument))
    yield from _sentences(_body(environment.misplaced), environment)
    yield from (app_texts.CANNOT_START, app_texts.LOGIN_REJECTED, app_texts.INTENTS_REJECTED)
    yield _NO_DISCORD + app_texts.UNVERIFIED
    yield from (_gapped(each) for each in cad_texts._REACHED.values())
    yield from (cache._OLDER, failures.CHANGED_TABLES)
    yield from (upgrade.NOT_ITS_OWN, upgrade._NO_RIGHT)
    yield from (upgrade._NO_SCHEMA, upgrade._NAMES_TAKEN)
    yield from failures._MISCONFIGURED.values()
    for reasons in (failures._SQLSTATES, failures._SQLITE, failures._REFUSALS):
        yield from (_NO_DATABASE + each for each in reasons.values())


def _worded(text: Text) -> str:
    if isinstance(text, str):
        return _gapped(text)
    return text(**{name: _SAMPLES[name] for name in inspect.signature(text).parameters})


def _gapped(template: str) -> str:
    return re.sub(r"\{[^}]*\}|%[dgrs]", GAP, template)


def _files(place: Path) -> Iterator[Path]:
    for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
        if "sandbox" not in file.parts:
            yield file


@functools.cache
def _first_arguments(file: Path) -> dict[str, list[ast.expr]]:
    """Return what each function that a file calls is given first."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            found.setdefault(_name(node.func), []).append(node.args[0])
    return found


def _name(function: ast.expr) -> str:
    """Return how a function that is called is written, as `ast.unparse` does, but sooner."""
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        return f"{_name(function.value)}.{function.attr}"
    return ast.unparse(function)


def _body(function: Callable[..., object]) -> ast.Module:
    """Return a function without its docstring."""
    (found,) = ast.parse(inspect.getsource(function)).body
    assert isinstance(found, ast.FunctionDef)
    return ast.Module(found.body[1:], [])


def _sentences(node: ast.AST, module: ModuleType | None = None) -> Iterator[str]:
    """Give the strings in a piece of code that are long enough to be sentences."""
    if isinstance(node, ast.JoinedStr):
        text = "".join(_part(each, module) for each in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = _gapped(node.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _sentences(child, module)
        return
    letters = sum(map(str.isalpha, text))
    if letters >= _SHORTEST and " " in text and text[0] not in " ," and not text.isupper():
        yield text.replace("\\_", "_")


def _part(part: ast.expr, module: ModuleType | None) -> str:
    """Return a part of a formatted string, a constant of the module by its value."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    known = getattr(module, part.value.id, None) if isinstance(part.value, ast.Name) else None
    return known if isinstance(known, str) else GAP
