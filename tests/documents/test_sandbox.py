"""What the README shows of the sandbox is what the sandbox shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.documents.picture import FILE, picture
from tests.documents.sentences import ROOT
from tests.sandbox.session import sandbox

pytestmark = pytest.mark.long

README = (ROOT / "README.md").read_text(encoding="utf-8")


async def test_the_session_prints_what_the_readme_says(tmp_path: Path) -> None:
    (session,) = re.findall(r"\n\n((?: {4}.*\n)*? {4}> .*\n(?: {4}.*\n)*)", README)
    lines = [line[4:] for line in session.splitlines()]
    typed = [line[2:] for line in lines if line.startswith("> ")]
    assert await sandbox("\n".join(typed), tmp_path) == [
        line for line in lines if not line.startswith("> ")
    ]


async def test_the_picture_is_what_the_sandbox_shows() -> None:
    assert await picture() == FILE.read_text(encoding="utf-8")
