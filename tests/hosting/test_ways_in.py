"""Each way in leads from nothing to a note, and ends as its platform ends things."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from bot import EX_CONFIG
from bot.app.texts import READY
from bot.timing import Timing
from tests.child import settings_of
from tests.hosting import logs
from tests.hosting import pinned as packages
from tests.hosting.pinned import ROOT
from tests.hosting.ways import EGG, WAYS, instructions, unit
from tests.note_messages import ADDED
from tests.reserved_port import reserved_port
from tests.world import PATIENCE, World

pinned = packages.pinned

COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")


@pytest.fixture
def port() -> Iterator[int]:
    with reserved_port() as reserved:
        yield reserved


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
async def test_it_starts_adds_a_note_and_ends(
    world: World, tmp_path: Path, pinned: Path, way: str, port: int
) -> None:
    settings = settings_of(world, METRICS_ADDRESS=f"127.0.0.1:{port}")
    place = tmp_path / "host"
    place.mkdir()
    prepared = await asyncio.to_thread(WAYS[way], place, pinned, settings)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *prepared.command,
            cwd=prepared.folder,
            env=prepared.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        await logs.says(log, READY, process)
        assert (await world.say()).content == ADDED
        if prepared.health:
            health = await asyncio.create_subprocess_exec(
                *prepared.health, cwd=prepared.folder, env=prepared.environment
            )
            assert await asyncio.wait_for(health.wait(), PATIENCE) == 0
        os.killpg(process.pid, prepared.stop)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    finally:
        if process.returncode is None:
            os.killpg(process.pid, 9)
    assert logs.unusual(log) == []
    database = prepared.data / "callnote.db"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    if prepared.code is not None:
        files = {*prepared.code.rglob("*")}
        assert not [path for path in files if path.stat().st_mode & 0o222]
        modules = [path for path in files if path.suffix == ".py"]
        assert [path for path in modules if Path(cache_from_source(path)) not in files] == []
    if prepared.health:
        health = await asyncio.create_subprocess_exec(
            *prepared.health, env=prepared.environment, stderr=asyncio.subprocess.DEVNULL
        )
        assert await asyncio.wait_for(health.wait(), PATIENCE) == 1


def test_the_image_has_the_python_that_heroku_gets_and_the_files_that_are_sent_to_docker() -> None:
    steps = instructions("Dockerfile")
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert steps[0] == ("FROM", f"python:{version}-slim")
    sent = re.findall(r"(?m)^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"))
    assert [rest.split()[0] for step, rest in steps if step == "COPY"] == sent
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").startswith("*\n")


def test_every_platform_waits_until_the_bot_has_ended() -> None:
    (grace,) = re.findall(r"(?m)^    stop_grace_period: (\d+)s$", COMPOSE)
    service = unit()["Service"]
    for seconds in (grace, service["TimeoutStopSec"]):
        assert int(seconds) > Timing().longest_stop


def test_what_compose_keeps_is_where_the_image_writes() -> None:
    steps = dict(instructions("Dockerfile"))
    assert f"      - data:{steps['WORKDIR']}\n" in COMPOSE
    assert "VOLUME" not in steps  # "docker VOLUME is not supported, use Railway Volumes"
    (address,) = re.findall(r"METRICS_ADDRESS=(\S+)", steps["ENV"])
    assert f"METRICS_ADDRESS: ${{METRICS_ADDRESS:-{address}}}\n" in COMPOSE


def test_systemd_does_not_repeat_a_start_that_cannot_succeed() -> None:
    assert unit()["Service"]["RestartPreventExitStatus"] == str(EX_CONFIG)


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not on this machine")
    text = (ROOT / "deploy" / "callnote.service").read_text(encoding="utf-8")
    (tmp_path / "callnote.service").write_text(
        text.replace("/opt/callnote/.venv/bin/python", "/bin/sh")
    )
    found = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", str(tmp_path / "callnote.service")],  # noqa: S607
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_the_panel_waits_for_the_ready_line() -> None:
    assert f'"done": "{READY}"' in EGG["config"]["startup"]


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607


def test_reinstalling_on_a_panel_gets_other_code_and_keeps_the_rest(tmp_path: Path) -> None:
    repository, server = tmp_path / "repository", tmp_path / "server"
    repository.mkdir()
    git(repository, "init", "--quiet")
    for version in ("v1", "v2"):
        (repository / "code").write_text(version)
        git(repository, "add", "code")
        git(repository, "commit", "--quiet", "--message", version)
        git(repository, "tag", version)
    script = EGG["scripts"]["installation"]["script"].replace("/mnt/server", str(server))

    def install(**fields: str) -> str:
        found = subprocess.run(  # noqa: S603
            ["bash", "-c", script],  # noqa: S607
            env={"PATH": os.environ["PATH"], "GIT_REF": "", **fields},
            check=True,
            capture_output=True,
            text=True,
        )
        return found.stdout

    assert "upload Callnote's files yourself" in install(GIT_ADDRESS="")
    (server / ".env").write_text("mine")
    (server / "code").write_text("uploaded before")
    address = f"file://{repository}"
    for ref, version in (("", "v2"), ("v1", "v1"), ("", "v2")):
        assert "Callnote is at " in install(GIT_ADDRESS=address, GIT_REF=ref)
        assert (server / "code").read_text() == version
        assert (server / ".env").read_text() == "mine"
