"""The sandbox as a visitor or a script uses it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.world import PATIENCE

ROOT = Path(__file__).parent.parent


async def sandbox(text: str | bytes, folder: Path, **settings: str) -> list[str]:
    """Give the sandbox these lines and return those it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "sandbox",
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    sent = text.encode() if isinstance(text, str) else text
    out, errors = await asyncio.wait_for(process.communicate(sent), PATIENCE)
    assert errors == b""
    assert process.returncode == 0
    return out.decode().splitlines()


async def test_a_note_is_echoed_and_nothing_else_printed(tmp_path: Path) -> None:
    lines = await sandbox("/callnote call:123 note:some note here\n", tmp_path)
    assert lines == ["NOTE 'some note here' added to call #123"]


async def test_the_last_line_needs_no_line_break(tmp_path: Path) -> None:
    lines = await sandbox("/callnote call:123 note:some note here", tmp_path)
    assert lines == ["NOTE 'some note here' added to call #123"]


async def test_a_civilian_is_refused(tmp_path: Path) -> None:
    (line,) = await sandbox("as civilian /callnote call:123 note:hello\n", tmp_path)
    assert line.startswith("(only the civilian sees this) ")
    assert "@Dispatcher" in line


async def test_the_hosts_settings_are_not_used(tmp_path: Path) -> None:
    lines = await sandbox(
        "/callnote call:123 note:hi\n",
        tmp_path,
        DISCORD_TOKEN="a b",
        SONORAN_API_URL="nowhere",
        DISCORD_API_URL="http://127.0.0.1:9",
        HTTP_PROXY="http://127.0.0.1:9",
    )
    assert lines == ["NOTE 'hi' added to call #123"]


@pytest.mark.parametrize("version", [1, 2])
async def test_both_api_versions_can_be_tried(tmp_path: Path, version: int) -> None:
    lines = await sandbox(f"api {version}\n/callnote call:124 note:hi\ncalls\n", tmp_path)
    assert lines[1] == "NOTE 'hi' added to call #124"
    assert "#124 Burglary alarm: Dana D-2: 'hi'" in lines


@pytest.mark.parametrize(
    ("manner", "shown"),
    [
        ("failing", "Not confirmed for call #123"),
        ("broken", "Not confirmed for call #123"),
        ("webpage", "Not confirmed for call #123"),
        ("limited", "Not added to call #123"),
        ("wrong-key", "Not added to call #123"),
        ("slow", "Callnote is thinking…"),
    ],
)
async def test_the_cad_can_be_made_to_misbehave(tmp_path: Path, manner: str, shown: str) -> None:
    lines = await sandbox(f"cad {manner}\n/callnote call:123 note:hi\n", tmp_path)
    assert lines[1].startswith(shown)


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"/other",
        b"/callnote",
        b"/callnote call:1",
        b"as nobody /callnote call:1 note:x",
        b"as civilian",
        b"cad upside-down",
        b"api 3",
        b"\xff\xfe\x00",
    ],
)
async def test_a_bad_line_gets_one_sentence(tmp_path: Path, line: bytes) -> None:
    lines = await sandbox(line + b"\n", tmp_path)
    assert len(lines) == 1


async def test_help_fits_one_screen(tmp_path: Path) -> None:
    lines = await sandbox("help\n", tmp_path)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100


async def test_no_input_at_all_ends_well(tmp_path: Path) -> None:
    assert await sandbox("", tmp_path) == []
