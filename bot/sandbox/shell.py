"""The sandbox's prompt: reads lines and shows what people would see in Discord."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import signal
import sys
from collections.abc import Callable

from bot.app.logging import set_up_logging
from bot.sandbox.cads import API_KEY
from bot.sandbox.discord import ActionRefusedError, Interaction, InteractionFailedError, Message
from bot.sandbox.forms import form_as_shown, in_order
from bot.sandbox.help import HELP
from bot.sandbox.lines import (
    Choose,
    Fill,
    LineError,
    Post,
    Press,
    Submit,
    TypeOption,
    UseCommand,
    UseMenu,
    Word,
    parse,
)
from bot.sandbox.manners import MANNERS
from bot.sandbox.scene import TOKEN, Scene, open_scene
from bot.sandbox.standard_input import StandardInput
from bot.sandbox.view import as_shown

ANSWER_SECONDS = 40.0
THINKING_SECONDS = 1.0
WAIT_SECONDS = 45.0
LOG_CHARACTERS = 8000


class Shell:
    """Carries out lines, printing through `show`."""

    def __init__(self, scene: Scene, log: io.StringIO, show: Callable[[str], None]) -> None:
        self._scene = scene
        self._log = log
        self._show = show
        self._last: Message | None = None
        self._posted: Message | None = None
        self._shown = ""
        self._viewer = ""
        self._form: tuple[Interaction, str] | None = None
        self._idle = True

    async def carry_out(self, line: str) -> bool:
        """Carry out a line; returns False when it asks to quit. Never raises for a bad line."""
        self._idle = False  # the outcome of this line is shown below, not by `watch`
        try:
            asked = parse(line, self._scene.commands)
            if isinstance(asked, Word):
                return await self._word(asked)
            if asked is not None:
                await self._act(asked)
        except LineError as error:
            self._show(str(error))
        except LookupError as error:
            self._show(f"{error.args[0]}.")
        except ActionRefusedError as error:
            self._show(f"Discord would not send this: {error}")
        finally:
            self._idle = True
        return True

    async def _act(
        self, asked: UseCommand | TypeOption | Post | UseMenu | Submit | Choose | Press | Fill
    ) -> None:
        """Let a person act in Discord, and show the outcome."""
        if isinstance(asked, Fill | Submit):
            await self._fill(asked)
            return
        person = self._viewer if isinstance(asked, Choose) else asked.person or self._viewer
        scene, last = self._scene, self._last
        if not isinstance(asked, Choose | Press) and person not in scene.people:
            raise LineError(f"There is no such person; try {', '.join(scene.people)}.")
        match asked:
            case UseCommand(command=command, options=options):
                interaction = await scene.use_command(person, command, options)
                await self._show_answer(interaction, person)
            case TypeOption():
                await self._show_offered(asked)
            case Post(text=text):
                self._posted = scene.post(person, text)
                self._show(f"{scene.people[person].display_name}: {text}")
            case UseMenu(command=command):
                if self._posted is None:
                    raise LineError("There is no message yet: post one first.")
                interaction = await scene.use_menu(person, self._posted, command)
                await self._show_answer(interaction, person)
            case Choose() | Press() if last is None or person not in scene.people:
                raise LineError("There is nothing to choose or press yet: use a command first.")
            case Choose(names=names):
                interaction = await scene.choose(person, last, names)
                await self._show_outcome(interaction, last, person)
            case Press(label=label):
                interaction = await scene.press(person, last, label)
                await self._show_outcome(interaction, last, person)

    async def _fill(self, asked: Fill | Submit) -> None:
        """Submit the form that was shown last."""
        if self._form is None:
            raise LineError("There is no form to fill in: use a command first that shows one.")
        shown, person = self._form
        texts = asked.texts if isinstance(asked, Submit) else in_order(shown, asked.texts)
        interaction = await self._scene.submit(person, shown, texts)
        self._form = None
        await self._show_answer(interaction, person)

    def _show_form(self, interaction: Interaction, person: str) -> bool:
        """Show the form that was the answer, which the next line may fill in; False without one."""
        if interaction.modal is None:
            return False
        self._form = interaction, person
        self._show(form_as_shown(interaction, person))
        return True

    async def _show_offered(self, asked: TypeOption) -> None:
        """Show what Discord offers for an option."""
        try:
            offered = await self._scene.type_option(
                asked.person, asked.command, asked.options, asked.focused
            )
        except InteractionFailedError:
            self._show("(Discord would show: Loading options failed)")
            return
        self._show("\n".join(f"  {name}" for name in offered) or "(Discord would offer nothing)")

    async def _show_answer(self, interaction: Interaction, person: str) -> None:
        """Show the answer to a command or a form."""
        waiting = asyncio.ensure_future(self._answer(interaction))
        try:
            done, _ = await asyncio.wait({waiting}, timeout=THINKING_SECONDS)
            if not done:
                self._show("Callnote is thinking…")
            message = await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except (TimeoutError, InteractionFailedError):
            self._show("(Discord would show: The application did not respond)")
            return
        if message is None:
            self._show_form(interaction, person)
        else:
            self._show_message(message, person)

    @staticmethod
    async def _answer(interaction: Interaction) -> Message | None:
        """Wait for the answer, None for a form."""
        await interaction.acknowledged()
        return None if interaction.modal is not None else await interaction.answered()

    async def _show_outcome(self, interaction: Interaction, source: Message, person: str) -> None:
        """Show the effect of a component: the edited message, or a new one."""
        try:
            message = await self._scene.outcome(interaction, source, ANSWER_SECONDS)
        except InteractionFailedError:
            self._show("(Discord would show: This interaction failed)")
            return
        except TimeoutError:
            self._show("(Discord would show no change)")
            return
        if self._show_form(interaction, person):
            return
        if message is source or not message.ephemeral:
            self._show_message(message, self._viewer)
        else:
            self._show(as_shown(message, person))

    def _show_message(self, message: Message, person: str) -> None:
        """Show a message, to which the next line may refer."""
        self._last, self._viewer = message, person
        self._shown = as_shown(message, person, self._scene.choices(message))
        self._show(self._shown)

    async def _wait(self) -> None:
        """Show the last message once it differs from what was shown."""
        last = self._last
        if last is None:
            raise LineError("There is nothing to wait for yet: use a command first.")
        if not await self._scene.until(self._is_other, WAIT_SECONDS):
            self._show(f"(nothing changed in {WAIT_SECONDS:.0f} seconds)")
            return
        self._show_message(last, self._viewer)

    async def watch(self) -> None:
        """Show the last message again whenever it changes; for a terminal."""
        while True:
            if self._last is None or not await self._scene.until(self._is_other, WAIT_SECONDS):
                await asyncio.sleep(THINKING_SECONDS)
                continue
            if self._idle and self._is_other():
                self._show_message(self._last, self._viewer)
            await asyncio.sleep(THINKING_SECONDS)

    def _is_other(self) -> bool:
        """Whether the last message differs from what was shown."""
        last = self._last
        if last is None:
            return False
        return as_shown(last, self._viewer, self._scene.choices(last)) != self._shown

    async def _word(self, asked: Word) -> bool:
        match asked.name, asked.argument:
            case "quit", _:
                return False
            case "help", _:
                self._show(HELP)
            case "calls", _:
                self._show("\n".join(self._scene.cads.calls()))
            case "channel", _:
                self._show_message(self._scene.newest(self._viewer), self._viewer)
            case ("note" | "close") as change, what:
                self._show(self._scene.cads.change_call(change, what))
            case "log", _:
                self._show(self._log.getvalue()[-LOG_CHARACTERS:].strip() or "(nothing yet)")
            case "wait", _:
                await self._wait()
            case "restart", _:
                await self._scene.start_bot()
                self._show("(the bot was restarted)")
            case "api", "1" | "2" as version:
                await self._scene.set_version(int(version))
                self._show(f"(the CAD speaks API version {version}; the bot was restarted)")
            case "cad", manner if manner in MANNERS:
                await self._scene.cads.behave(manner)
                self._show(f"(the CAD is now: {manner})")
            case "cad", _:
                raise LineError(f"Say how the CAD should be: {', '.join(MANNERS)}.")
            case _:
                raise LineError("Say which API version the CAD should speak: api 1 or api 2.")
        return True


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
    set_up_logging(logging.INFO, (TOKEN, API_KEY), stream=log)
    try:
        asyncio.run(_run(log))
    except TimeoutError as error:
        print(f"The sandbox cannot start: {error}.", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, OSError):  # the output was closed
        pass
    return 0


async def _run(log: io.StringIO) -> None:
    interactive = sys.stdin.isatty()
    async with open_scene() as scene:
        shell = Shell(scene, log, lambda text: print(text, flush=True))
        if interactive:
            print(HELP)
        lines = StandardInput(interactive)
        with contextlib.suppress(NotImplementedError):  # no signal handlers on Windows' loop
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lines.end)
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lines.end)
        watching = asyncio.create_task(shell.watch()) if interactive else None
        while (line := await lines.next()) is not None:
            if not await shell.carry_out(line):
                break
        if watching is not None:
            watching.cancel()
