"""Where the host's settings stand: in environment variables, and in a file `.env`."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values

_MISNAMED = (".env.txt", "env.txt", "env")  # what `.env` is called by mistake


class ConfigError(Exception):
    """One or more settings are missing or malformed; `problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def environment(folder: Path) -> dict[str, str | None]:
    """Return the environment, which overrides the `.env` file in `folder` if there is one.

    An empty variable overrides nothing. One matching pair of quotes around a variable is taken
    off, as `docker run --env-file` leaves them there (Docker documentation, docker container run).
    Raises `ConfigError` when that file cannot be read as UTF-8 text.
    """
    try:
        file = dotenv_values(folder / ".env", interpolate=False)
    except (OSError, UnicodeDecodeError):
        raise ConfigError([".env: cannot be read; it must be a UTF-8 text file"]) from None
    given = {name: _unquoted(text.strip()) for name, text in os.environ.items()}
    return {**file, **{name: text for name, text in given.items() if text}}


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
