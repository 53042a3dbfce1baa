"""Fixtures that every test may use."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import fork_server, server
from tests.made_once import memory

if TYPE_CHECKING:
    from tests.loop_clock import Loop
    from tests.world import World

# What only the tests need is not loaded here, as pytest-xdist's first process runs none of them.
# Modules and tests are garbage at no time: it is not looked for while they are loaded.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    if (folder := memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))
    if (worker := getattr(config, "workerinput", None)) is None:
        server.begin(config)
        forks = Path(server.place(config)[0]) / "forks"
        config.add_cleanup(fork_server.begin(forks))
        compile_once(config.rootpath)
    else:
        server.join(config, worker["server"])
        forks = Path(worker["server"][0]) / "forks"
    fork_server.use(forks)


def compile_once(root: Path) -> None:
    """Let pytest rewrite the assertions of a new clone before its processes each do.

    An import does so, and keeps the result beside the module.
    """
    if sys.dont_write_bytecode:
        return
    if list(root.glob(f"tests/*/__pycache__/test_*.{sys.implementation.cache_tag}-pytest*")):
        return
    first, *others = sorted(root.glob("tests/**/test_*.py"))
    import_module(_name_of(first, root))  # and the product with it
    other = os.fork()  # two of them, for as many cores
    try:
        for module in others[bool(other) :: 2]:
            import_module(_name_of(module, root))
    finally:
        if not other:
            os._exit(0)
    os.waitpid(other, 0)


def _name_of(module: Path, root: Path) -> str:
    return ".".join(module.relative_to(root).with_suffix("").parts)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["server"] = server.place(node.config)


def pytest_collection_finish() -> None:
    # Nor is it looked for among them later, or very often.
    gc.freeze()
    gc.set_threshold(200_000, 5, 5)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Not when the configuration ends: by then pytest-xdist lets a process only a few seconds.
    if "tests.postgresql" in sys.modules or "TEST_DATABASE_URL" in os.environ:
        from tests.postgresql import drop_kept

        drop_kept(session.config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let half of the processes begin with the long tests, which wait while the others compute.

    pytest-xdist gives each an equal part of the list and, at the end, takes tests from whoever
    has most of them left.
    """
    worker = getattr(config, "workerinput", None)
    count = 1 if worker is None else int(worker["workercount"])
    beginning = (count + 1) // 2
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    total = len(items)
    items.clear()
    for number in range(count):
        share = long[number::beginning] if number < beginning else []
        room = max(0, (total - len(items)) // (count - number) - len(share))
        items += share + others[:room]
        del others[:room]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], Loop]]:
    from tests.loop_clock import Loop

    return {"movable": Loop}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    from bot.sandbox.discord import DiscordServer
    from bot.sandbox.sonoran import SonoranServer
    from tests.clock import Clock
    from tests.world import API_KEY, COMMUNITY, TOKEN, World

    clock = Clock()
    async with (
        DiscordServer(token=TOKEN, clock=clock) as discord,
        SonoranServer(community_id=COMMUNITY, api_key=API_KEY) as cad,
    ):
        world = World(discord, cad, tmp_path, clock)
        try:
            yield world
        finally:
            with contextlib.suppress(TimeoutError):
                await world.finish()
