"""Compares the packages that are installed with those that `requirements.txt` pins."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"

_PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?P<condition> ;)?", re.MULTILINE)


def unlike_pins(file: Path = REQUIREMENTS) -> list[str] | None:
    """Return what differs from the pins, such as "yarl 1.0 in place of 1.25.1".

    A package that is pinned for some machines only may be missing. Returns None without such a
    file, as where only the code was copied.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return None
    folders = _folders()
    differences = []
    for pin in _PIN.finditer(text):
        name, wanted = pin["name"], pin["version"]
        if folders.get(_normalized(name)) == wanted:
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            if not pin["condition"]:
                differences.append(f"{name} {wanted} is missing")
            continue
        if found != wanted:
            differences.append(f"{name} {found} in place of {wanted}")
    return differences


def _folders() -> dict[str, str]:
    """Return the versions of packages by their names, both as their folders are called.

    A package that was installed has a folder `name-version.dist-info` (PyPA, Recording installed
    projects); to read what is in all of them takes many times as long.
    """
    versions: dict[str, str] = {}
    for place in sys.path:
        with contextlib.suppress(OSError):  # no folder is there
            for entry in os.listdir(place or "."):
                if entry.endswith(".dist-info"):
                    name, _, version_there = entry.removesuffix(".dist-info").partition("-")
                    versions.setdefault(_normalized(name), version_there)
    return versions


def _normalized(name: str) -> str:
    """Return what all spellings of a package's name have in common (PyPA, Names)."""
    return name.lower().replace("_", "-").replace(".", "-")
