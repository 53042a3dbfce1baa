"""Compares the packages that are installed with those that `requirements.txt` pins."""

from __future__ import annotations

import re
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
    differences = []
    for pin in _PIN.finditer(text):
        name, wanted = pin["name"], pin["version"]
        try:
            found = version(name)
        except PackageNotFoundError:
            if not pin["condition"]:
                differences.append(f"{name} {wanted} is missing")
            continue
        if found != wanted:
            differences.append(f"{name} {found} in place of {wanted}")
    return differences
