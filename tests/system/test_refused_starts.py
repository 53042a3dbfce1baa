"""A process that cannot start as it is told to: it ends with a sentence and an exit status."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from bot import EX_CONFIG
from tests.child import Child, environment, interpret, settings_of, start
from tests.world import World

pytestmark = pytest.mark.long


async def test_every_wrong_setting_is_reported_at_once(tmp_path: Path) -> None:
    child = await start(tmp_path, {"SONORAN_API_VERSION": "3", "SONORAN_SERVER_ID": "one"})
    status, out, errors = await child.ended()
    assert status == 78
    assert out == ""
    assert "Traceback" not in errors
    for name in (
        "DISCORD_TOKEN",
        "SONORAN_API_KEY",
        "SONORAN_COMMUNITY_ID",
        "SONORAN_API_VERSION",
        "SONORAN_SERVER_ID",
    ):
        assert name in errors


async def test_a_rejected_token_is_one_sentence(world: World, tmp_path: Path) -> None:
    child = await start(tmp_path, settings_of(world, DISCORD_TOKEN="wrong-token"))
    status, _, errors = await child.ended()
    assert status == 78
    assert len(errors.splitlines()) == 1
    assert "DISCORD_TOKEN" in errors
    assert "wrong-token" not in errors
    assert world.discord.identifies == []


async def test_in_a_log_as_json_a_rejected_token_is_an_object(world: World, tmp_path: Path) -> None:
    settings = settings_of(world, DISCORD_TOKEN="wrong-token", LOG_FORMAT="json")
    child = await start(tmp_path, settings)
    status, out, errors = await child.ended()
    assert (status, errors) == (78, "")
    last = json.loads(out.splitlines()[-1])
    assert last["level"] == "CRITICAL"
    assert "DISCORD_TOKEN" in last["message"]
    assert "wrong-token" not in out


@pytest.mark.parametrize("words", [(), ("check",), ("sandbox",)])
async def test_without_its_packages_it_says_how_to_install_them(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    process = await interpret(tmp_path, {}, "-S", "-m", "bot", *words)  # without site-packages
    status, _, errors = await Child(process).ended()
    assert status == EX_CONFIG
    (line,) = errors.splitlines()
    assert re.match(r"The package \w+ is not installed for /", line)
    assert line.endswith("python -m pip install -r requirements.txt")


async def test_a_working_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    start_in_none = f'rmdir "$PWD" && exec "{sys.executable}" -m bot check'
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", start_in_none),
        cwd=tmp_path,
        env=environment({}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    status, _, errors = await Child(process).ended()
    assert status == EX_CONFIG
    assert errors.splitlines()[1:] == [
        "  the working directory: is gone; start Callnote in another",
    ]


async def test_an_unknown_argument_is_answered_with_the_usage(tmp_path: Path) -> None:
    child = await start(tmp_path, {}, "sandwich")
    status, _, errors = await child.ended()
    assert status == 64
    assert errors.startswith("This command line is not understood")
    for word in ("usage: ", "run the bot", "check", "new-key", "sandbox", "--version"):
        assert word in errors
