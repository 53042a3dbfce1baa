"""Where the host's settings stand: in environment variables, and in a file `.env`."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

_MISNAMED = (".env.txt", "env.txt", "env")  # what `.env` is called by mistake

_MOST_LINES = 10  # the most lines that are named


class ConfigError(Exception):
    """One or more settings are missing or malformed; `problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def environment(folder: Path) -> dict[str, str | None]:
    """Return the environment, which overrides the `.env` file in `folder` if there is one.

    An empty variable overrides nothing. One matching pair of quotes around a variable is taken
    off, as `docker run --env-file` leaves them there (Docker documentation, docker container run).
    Raises `ConfigError` when that file, or a line of it, cannot be read.
    """
    given = {name: _unquoted(text.strip()) for name, text in os.environ.items()}
    return {**_in_file(folder / ".env"), **{name: text for name, text in given.items() if text}}


def _in_file(path: Path) -> dict[str, str | None]:
    """Return what a file sets, nothing for one that is not there; a later line counts."""
    try:
        text = path.read_text(encoding="utf-8") if path.exists() and not path.is_dir() else ""
    except UnicodeDecodeError:
        raise ConfigError([".env: cannot be read; it must be a UTF-8 text file"]) from None
    except OSError:
        raise ConfigError([".env: cannot be read by the user that runs Callnote"]) from None
    bindings = list(parse_stream(StringIO(text)))
    if unread := [_line_of(binding) for binding in bindings if binding.error]:
        lines = f"line{'s' * (len(unread) > 1)} {', '.join(map(str, unread[:_MOST_LINES]))}"
        raise ConfigError([f'.env: {lines} cannot be read; expected NAME=value or NAME="value"'])
    return {binding.key: binding.value for binding in bindings if binding.key is not None}


def _line_of(binding: Binding) -> int:
    """Return the number of the line where a statement begins, empty lines before it left out."""
    said = binding.original.string
    return binding.original.line + said[: -len(said.lstrip())].count("\n")


def source_of(folder: Path) -> str:
    """Return where `environment` finds settings."""
    if (folder / ".env").is_file():
        return f"the environment and the file {folder / '.env'}"
    return f"the environment alone, as there is no file .env in {folder}"


def _unquoted(text: str) -> str:
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def misplaced(folder: Path) -> list[str]:
    """Return why the `.env` file in `folder` is not read, a sentence for each reason."""
    file = folder / ".env"
    if file.is_file():
        return []
    if file.is_dir():
        return [".env: is a folder, so no settings are read from it; it must be a file"]
    others = [name for name in _MISNAMED if (folder / name).is_file()]
    return [f"{name}: is not read, as the file's name must be .env" for name in others]
