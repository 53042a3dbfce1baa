"""The sandbox's prompt: reads lines and shows what people would see in Discord."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import signal
import sys
import threading
from collections.abc import Callable

from bot import logs
from bot.sandbox.lines import LineError, UseCallnote, Word, parse
from bot.sandbox.scene import API_KEY, MANNERS, TOKEN, Scene, open_scene
from bot.standins.discord_server import ActionRefusedError, InteractionFailedError, Message
from bot.standins.discord_server.markdown import render

ANSWER_SECONDS = 40.0
THINKING_SECONDS = 1.0
LOG_CHARACTERS = 8000

HELP = """\
You are Dana, a dispatcher in #dispatch. Callnote really runs; Discord and Sonoran CAD are
stand-ins on this machine, so nothing you do here leaves it.

  /callnote call:123 note:Suspect fled north    add a note (type \\n for a line break)
  as civilian /callnote call:123 note:Hello     do it without the dispatcher role
  as admin /callnote call:123 note:Hello        administrators need the role, too
  calls             the live calls and the notes that the CAD really has
  cad ok            the CAD answers as it should
  cad slow          it takes 4 seconds
  cad silent        it does not answer at all (Callnote waits 10 seconds)
  cad failing       it answers with an internal error
  cad broken        it stores the note, then the connection breaks
  cad webpage       it answers with a web page of some proxy
  cad limited       it says there are too many requests
  cad wrong-key     it does not accept the API key (remembered for a minute; see restart)
  api 1, api 2      let the CAD speak API version 1 or 2, and restart the bot
  restart           restart the bot
  log               the bot's last log lines
  help, quit"""


class Shell:
    """Carries out lines, printing through `show`."""

    def __init__(self, scene: Scene, log: io.StringIO, show: Callable[[str], None]) -> None:
        self._scene = scene
        self._log = log
        self._show = show

    async def carry_out(self, line: str) -> bool:
        """Do what a line asks; returns False when it asks to quit. Never raises for a bad line."""
        try:
            asked = parse(line)
            if isinstance(asked, UseCallnote):
                await self._use_callnote(asked)
            elif isinstance(asked, Word):
                return await self._word(asked)
        except LineError as error:
            self._show(str(error))
        return True

    async def _use_callnote(self, asked: UseCallnote) -> None:
        if asked.person not in self._scene.people:
            raise LineError(f"There is no such person; try {', '.join(self._scene.people)}.")
        try:
            interaction = await self._scene.use_callnote(asked.person, asked.options)
        except ActionRefusedError as error:
            raise LineError(f"Discord would not send this: {error}") from None
        waiting = asyncio.ensure_future(interaction.answered())
        try:
            done, _ = await asyncio.wait({waiting}, timeout=THINKING_SECONDS)
            if not done:
                self._show("Callnote is thinking…")
            message = await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except (TimeoutError, InteractionFailedError):
            self._show("(Discord would show: The application did not respond)")
            return
        self._show(_as_shown(message, asked.person))

    async def _word(self, asked: Word) -> bool:
        match asked.name, asked.argument:
            case "quit", _:
                return False
            case "help", _:
                self._show(HELP)
            case "calls", _:
                self._show("\n".join(self._scene.calls()))
            case "log", _:
                self._show(self._log.getvalue()[-LOG_CHARACTERS:].strip() or "(nothing yet)")
            case "restart", _:
                await self._scene.start_bot()
                self._show("(the bot was restarted)")
            case "api", "1" | "2" as version:
                await self._scene.set_version(int(version))
                self._show(f"(the CAD speaks API version {version}; the bot was restarted)")
            case "cad", manner if manner in MANNERS:
                self._scene.set_cad(manner)
                self._show(f"(the CAD is now: {manner})")
            case "cad", _:
                raise LineError(f"Say how the CAD should be: {', '.join(MANNERS)}.")
            case _:
                raise LineError("Say which API version the CAD should speak: api 1 or api 2.")
        return True


def _as_shown(message: Message, person: str) -> str:
    text = render(message.content).text
    return f"(only the {person} sees this) {text}" if message.ephemeral else text


def main() -> int:
    """Run the sandbox on standard input and output; returns the exit status.

    At a terminal it prompts; otherwise it carries out every line until the end of input.
    """
    if sys.stdin is None:  # as with `<&-`
        return 0
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    log = io.StringIO()
    logs.set_up(logging.INFO, (TOKEN, API_KEY), stream=log)
    try:
        asyncio.run(_run(log))
    except TimeoutError as error:
        print(f"The sandbox cannot start: {error}.", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, OSError):  # nobody listens any more
        pass
    return 0


async def _run(log: io.StringIO) -> None:
    interactive = sys.stdin.isatty()
    async with open_scene() as scene:
        shell = Shell(scene, log, lambda text: print(text, flush=True))
        if interactive:
            print(HELP)
        lines = _Lines(interactive)
        with contextlib.suppress(NotImplementedError):  # no signal handlers on Windows' loop
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lines.end)
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lines.end)
        while (line := await lines.next()) is not None:
            if not await shell.carry_out(line):
                break


class _Lines:
    """Lines of standard input, read in a thread as a terminal cannot be awaited everywhere."""

    def __init__(self, interactive: bool) -> None:
        self._interactive = interactive
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._wanted = threading.Semaphore(0)
        threading.Thread(target=self._read, daemon=True).start()

    async def next(self) -> str | None:
        """Return the next line, None at the end of input."""
        self._wanted.release()
        return await self._lines.get()

    def end(self) -> None:
        """Make `next` return None."""
        self._lines.put_nowait(None)

    def _read(self) -> None:
        while True:
            self._wanted.acquire()
            try:
                line = input("> ") if self._interactive else sys.stdin.readline()
            except (EOFError, OSError, ValueError):
                line = ""
                self._interactive = False
            else:
                line = f"{line}\n" if self._interactive else line
            with contextlib.suppress(RuntimeError):  # the loop ended meanwhile
                self._loop.call_soon_threadsafe(self._lines.put_nowait, line or None)
            if not line:
                return
