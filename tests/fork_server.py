"""Processes that begin with Callnote's modules loaded, which takes most of a new one's time.

A program of its own, one for a run of the tests, has loaded them (`tests.rehearsal`) and forks for
every process that is wanted. From there on it is as if `python -m …` had been started: with that
folder, environment, arguments, input and output, and an end of its own. How it begins otherwise is
for `tests.child.interpret`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

ROOT = Path(__file__).parent.parent


class Forked:
    """A process of the fork server, to be used like `asyncio.subprocess.Process`."""

    def __init__(
        self, pid: int, stdin: int, outputs: list[asyncio.Task[bytes]], status: asyncio.StreamReader
    ) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._stdin: int | None = stdin
        self._outputs = outputs
        self._ended = asyncio.create_task(self._end(status))

    async def _end(self, status: asyncio.StreamReader) -> None:
        self.returncode = int(await status.read())

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    async def wait(self) -> int:
        await self.communicate()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self, data: bytes | None = None) -> tuple[bytes, bytes]:
        """Give all input and wait for the end; returns standard output and standard error."""
        if self._stdin is not None:
            stdin, self._stdin = self._stdin, None
            with contextlib.suppress(BrokenPipeError), open(stdin, "wb") as file:  # noqa: ASYNC230 - fits into a pipe
                file.write(data or b"")
        await asyncio.shield(self._ended)
        out, errors = [await asyncio.shield(output) for output in self._outputs] or [b"", b""]
        return out, errors


async def fork(
    folder: Path, environment: dict[str, str], *arguments: str, output: BinaryIO | None = None
) -> Forked:
    """Start what stands behind `python -m` with just this environment.

    `output` is a file for what it prints, instead of leaving that to `communicate`.
    """
    stdin, (status, told) = os.pipe(), os.pipe()
    outputs = [os.pipe() for _ in range(2 if output is None else 0)]
    theirs = [stdin[0], *(write for _, write in outputs)]
    if output is not None:
        theirs += [os.dup(output.fileno()), os.dup(output.fileno())]
    theirs.append(told)
    wanted = {"folder": str(folder), "environment": environment, "arguments": arguments}
    message = json.dumps(wanted).encode()
    # The message fits into the socket's buffer, also while the fork server is still loading.
    socket.send_fds(_server(), [len(message).to_bytes(4) + message], theirs)
    for end in theirs:
        os.close(end)
    told_of = await _reader(status)
    readers = [await _reader(read) for read, _ in outputs]
    if not (pid := await told_of.readline()):
        raise RuntimeError("The fork server has ended, and says why at the end of the run.")
    reading = [asyncio.create_task(reader.read()) for reader in readers]
    return Forked(int(pid), stdin[1], reading, told_of)


async def _reader(end: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(end, "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader


@functools.cache
def _server() -> socket.socket:
    """Connect this process to the fork server, that of the run if there is one."""
    path = _path
    if path is None:
        path = Path(tempfile.mkdtemp(prefix="callnote-")) / "forks"
        atexit.register(shutil.rmtree, path.parent)
        atexit.register(begin(path))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    atexit.register(connection.close)
    return connection


def use(path: Path) -> None:
    """Let this process use the fork server that listens there."""
    global _path
    _path = path


def begin(path: Path) -> Callable[[], None]:
    """Start a fork server that listens at a path; returns what ends it, and whatever it has.

    It loads nothing before somebody connects to it. What a process that is connected has wanted
    ends with that process.
    """
    ours, theirs = socket.socketpair()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        ends = [theirs.fileno(), listening.fileno()]
        program = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.fork_server", *map(str, ends)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,  # as it will be in each, which is what Python prepares for
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=ends,
            start_new_session=True,
        )
    theirs.close()

    def end() -> None:
        ours.close()
        _, errors = program.communicate()
        sys.stderr.write(errors.decode(errors="replace"))

    return end


_path: Path | None = None


def _forks(control: socket.socket, listening: socket.socket) -> list[str]:
    """Fork for whatever is wanted; returns the arguments in each forked process."""
    woken, waker = socket.socketpair()
    woken.setblocking(False)
    waker.setblocking(False)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever the tests were started with
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.fileno())
    living: dict[int, _Living] = {}
    selector = selectors.DefaultSelector()
    for each in (control, listening, woken):
        selector.register(each, selectors.EVENT_READ)
    while True:
        ready = [key.fileobj for key, _ in selector.select()]
        if woken in ready:
            woken.recv(4096)
            _reap(living)
        if control in ready:  # the run has ended
            _kill(living)
            sys.exit()
        if listening in ready:
            importlib.import_module("tests.rehearsal").rehearse()
            selector.register(listening.accept()[0], selectors.EVENT_READ)
        for wanting in ready:
            if not isinstance(wanting, socket.socket) or wanting in (listening, woken):
                continue
            head, ends, *_ = socket.recv_fds(wanting, 4, 4)
            if not head:  # whoever wanted them has ended
                selector.unregister(wanting)
                _kill(pid for pid, each in living.items() if each.wanting is wanting)
                wanting.close()
                continue
            message = b""
            while len(message) < int.from_bytes(head):
                message += wanting.recv(int.from_bytes(head) - len(message))
            pid = os.fork()
            if pid:
                living[pid] = _Living(ends.pop(), wanting)
                os.write(living[pid].told, b"%d\n" % pid)
                for number in ends:
                    os.close(number)
                continue
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sockets = [key.fileobj for key in selector.get_map().values()]
            selector.close()
            for end in (*sockets, waker):
                assert isinstance(end, socket.socket)
                end.close()
            for told in (ends.pop(), *(each.told for each in living.values())):
                os.close(told)
            return _become(json.loads(message), ends)


def _become(wanted: dict[str, Any], ends: list[int]) -> list[str]:
    """Make of this process the one that is wanted; returns its arguments."""
    atexit.register(_end)  # before any other, so that it comes last
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    if encoding := os.environ.get("PYTHONIOENCODING"):
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            assert isinstance(stream, io.TextIOWrapper)
            stream.reconfigure(encoding=encoding, errors=stream.errors)
    return list(wanted["arguments"])


def _run(arguments: list[str]) -> None:
    """Do what `python -m` does with these arguments."""
    global _status
    sys.argv, sys.path[0] = arguments, os.getcwd()
    try:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        _status = end.code
        raise


_status: object = None


def _end() -> None:
    """End without taking all modules apart, which would be half of what a short process costs."""
    if isinstance(_status, int):
        gc.collect()  # says what was not closed
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)


class _Living(NamedTuple):
    """A process that was forked: where its end is told, and for which connection it was forked."""

    told: int
    wanting: socket.socket


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _reap(living: dict[int, _Living]) -> None:
    """Tell of every process that has ended how it did."""
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        end = living.pop(pid).told
        with contextlib.suppress(BrokenPipeError):
            os.write(end, b"%d" % os.waitstatus_to_exitcode(status))
        os.close(end)


if __name__ == "__main__":
    _run(_forks(*(socket.socket(fileno=int(end)) for end in sys.argv[1:])))
