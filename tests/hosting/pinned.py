"""Environments with the packages of `requirements.txt` and no others, made in a moment.

They are linked from where the tests' own are installed, in the same versions.
"""

from __future__ import annotations

import re
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

PACKAGES = Path("lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
"""Where a prefix has its packages."""


def pins() -> Iterator[Requirement]:
    """Give what `requirements.txt` pins for this machine."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for found in re.findall(r"^([\w.-]+==[^\\\n]+)", text, re.M):
        requirement = Requirement(found)
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement


def link_packages(prefix: Path) -> None:
    """Let a prefix have the pinned packages, and pip."""
    (prefix / PACKAGES).mkdir(parents=True, exist_ok=True)
    for requirement in [*pins(), Requirement("pip")]:
        found = distribution(requirement.name)
        assert requirement.specifier.contains(found.version), found.version
        record = found.read_text("RECORD")
        assert record is not None
        for top in set(re.findall(r"^[^/,]+", record, re.M)) - {"..", "__pycache__"}:
            (prefix / PACKAGES / top).symlink_to(Path(str(found.locate_file(top))))


def make_pip(folder: Path) -> None:
    """Put a `pip` for the `python` in a folder beside it."""
    pip = folder / "pip"
    pip.write_text(f'#!/bin/sh\nexec {folder / "python"} -m pip "$@"\n')
    pip.chmod(0o755)


@pytest.fixture(scope="session")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder with `python` and `pip` of a virtual environment with the packages."""
    folder = tmp_path_factory.mktemp("pinned")
    venv.EnvBuilder(symlinks=True).create(folder)
    link_packages(folder)
    make_pip(folder / "bin")
    return folder / "bin"
