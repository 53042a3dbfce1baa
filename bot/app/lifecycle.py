"""Runs the bot from login to the last answer, and returns its exit status."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

import discord

from bot import EX_CONFIG
from bot.app.client import CallnoteBot
from bot.app.discord_endpoint import UNREADABLE_LOGIN, find_discord
from bot.app.findings import discord_trouble
from bot.app.monitoring import metrics_for, serve_metrics
from bot.app.services import Services
from bot.app.session_starts import SessionStarts
from bot.app.start_report import report_installation, report_start
from bot.app.texts import INTENTS_REJECTED, LOGIN_REJECTED
from bot.config import Config
from bot.interactions.discord_answers import is_token_refusal
from bot.interactions.errors import DISCORD_FAILURES
from bot.notes.service import NoteService
from bot.observer import Observer
from bot.sonoran import open_session
from bot.storage import UnusableDatabaseError
from bot.timing import Timing, back_off, end_tasks, loop_time, set_within

# Windows has no SIGHUP, which tells of a closed terminal, but SIGBREAK for the same.
STOP_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)

# Close codes that forbid reconnecting (Discord API docs, Gateway Close Event Codes).
_FATAL = {4004: LOGIN_REJECTED, 4013: INTENTS_REJECTED, 4014: INTENTS_REJECTED}

_log = logging.getLogger(__name__)


Report = Callable[[CallnoteBot, Config], Coroutine[Any, Any, None]]


class FatalError(Exception):
    """An error that retrying cannot fix; the message is one sentence for the host."""


async def run(config: Config, *, timing: Timing = Timing()) -> int:
    """Run the bot until one of `STOP_SIGNALS`; returns the exit status.

    A SIGHUP that the process was started to ignore, as by `nohup`, goes on being ignored. After a
    signal it ends within `timing.longest_stop`, if need be by exiting at once. Returns 0
    after a signal, and 78 when Discord rejects the token or the database cannot be used, with one
    sentence on standard error, or in a log that is written as JSON.
    """
    stop = asyncio.Event()
    _stop_on_signals(stop, timing.longest_stop)
    report_installation(config)
    try:
        await serve(config, stop, report=report_start, timing=timing)
    except FatalError as error:
        if config.log_json:
            _log.critical("%s", error)
        else:
            print(error, file=sys.stderr)
        return EX_CONFIG
    finally:
        # A signal during interpreter shutdown must not change the exit status.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
    return 0


async def serve(
    config: Config,
    stop: asyncio.Event,
    *,
    report: Report | None = None,
    timing: Timing = Timing(),
) -> None:
    """Run the bot until `stop` is set and the notes in flight are answered.

    `report` is run beside each client that has logged in, and cancelled when it ends.
    Raises `FatalError` when Discord rejects the bot for good or the database cannot be used. For
    anything else, such as an outage of either, it retries with back-off.
    """
    async with open_session(config.cad_proxy) as session:
        metrics = metrics_for(config)
        services = Services(config, session, observer=metrics or Observer(), timing=timing)
        halt = asyncio.Event()
        tasks = [
            asyncio.create_task(work)
            for work in (
                services.supervisor.run(),
                services.notes.run(services.supervisor.opened),
                services.kept_cards.run(services.supervisor.opened),
                stop.wait(),
            )
        ]
        if metrics is not None and config.metrics_address is not None:
            endpoint = serve_metrics(config.metrics_address, metrics, services, halt)
            tasks.append(asyncio.create_task(endpoint))
        for task in tasks:
            task.add_done_callback(lambda _: halt.set())
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timing.database_first):
                    await _finished_before(halt, services.settings.loaded(), timing)
            await _serve_discord(services, config, halt, report)
            for task in filter(asyncio.Task.done, tasks):
                await task  # a service, which ends only with an error
        except UnusableDatabaseError as error:
            raise FatalError(str(error)) from None
        finally:
            await services.kept_cards.finish()
            await services.notes.finish(timing.drain)
            await end_tasks(tasks)
            await services.live_calls.close()
            await services.database.close()


async def _serve_discord(
    services: Services, config: Config, stop: asyncio.Event, report: Report | None
) -> None:
    """Keep a bot connected to Discord until `stop` is set; raises as `serve` does."""
    timing = services.timing
    pauses = None
    starts = SessionStarts(timing)
    found = False
    while not stop.is_set():
        try:
            if not found:
                await find_discord(config, timing)
                found = True
            began = loop_time()
            try:
                bot = CallnoteBot(services, starts, config.discord_proxy)
                await _serve_with(bot, config, stop, report)
            finally:
                if loop_time() - began >= timing.steady_session:
                    pauses = None
        except DISCORD_FAILURES as error:
            if (fatal := _fatal(error)) is not None:
                raise FatalError(fatal) from None
            trouble = discord_trouble(error, config)
            _log.warning("%s (%s: %s)", trouble.text, type(error).__name__, error)
        except UNREADABLE_LOGIN:
            _log.exception("Discord's answers cannot be read")
        if not stop.is_set():
            pauses = pauses or back_off(timing.first_discord_retry, timing.longest_discord_retry)
            pause = next(pauses)
            _log.info("trying Discord again in %g s", pause)
            await set_within(stop, pause)


def _fatal(error: Exception) -> str | None:
    """Return the sentence for an error that retrying does not fix, else None."""
    if is_token_refusal(error):
        return LOGIN_REJECTED
    return _FATAL.get(error.code) if isinstance(error, discord.ConnectionClosed) else None


async def _serve_with(
    bot: CallnoteBot, config: Config, stop: asyncio.Event, report: Report | None
) -> None:
    """Serve until the client ends or `stop` is set."""
    services, timing = bot.services, bot.services.timing
    reporting: asyncio.Task[None] | None = None
    async with bot:
        try:
            if await _finished_before(stop, bot.login(config.discord_token), timing):
                if report is not None:
                    reporting = asyncio.create_task(report(bot, config))
                services.connections.use(bot)
                services.notes.messages.connect(bot)
                services.kept_cards.connect(bot)
                _log.info("connecting to Discord")
                await _finished_before(stop, bot.connect(), timing)
        finally:
            if reporting is not None:
                reporting.cancel()
            await _drain(bot, services.notes if stop.is_set() else None)
            services.notes.messages.connect(None)
            services.kept_cards.connect(None)
            services.connections.use(None)


async def _drain(bot: CallnoteBot, notes: NoteService | None) -> None:
    """Leave the gateway, so that nothing new arrives, and finish the interactions in flight.

    `notes` are finished too; None when the process continues with another client.
    """
    if bot.handler.in_flight:
        _log.info("stopping: %d commands in flight", len(bot.handler.in_flight))
    bot.handler.in_flight.close()
    leaving = asyncio.create_task(bot.leave_gateway())
    drain = bot.services.timing.drain
    deadline = loop_time() + drain
    left = await bot.handler.in_flight.finish(drain)
    if left:
        _log.error("stopping: %d commands cut off after %g s", left, drain)
    if notes is not None:
        await bot.services.kept_cards.finish()
        await notes.finish(max(0.0, deadline - loop_time()))
    await asyncio.wait({leaving}, timeout=bot.services.timing.leave_gateway)


async def _finished_before(
    stop: asyncio.Event, work: Coroutine[Any, Any, None], timing: Timing
) -> bool:
    """Run `work` until it ends or `stop` is set, which cancels it; returns whether it ended.

    What `work` raises is raised here.
    """
    task = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return True
        return False
    finally:
        stopping.cancel()
        # A library may swallow a cancellation.
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=timing.cancel_again)
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not report it


def _stop_on_signals(stop: asyncio.Event, longest_stop: float) -> None:
    """Set `stop` on `STOP_SIGNALS`, and exit at once after `longest_stop` seconds.

    Plain handlers, as the event loop's end with it and exist on POSIX only.
    """
    loop = asyncio.get_running_loop()

    def begin() -> None:
        if not stop.is_set():
            stop.set()
            loop.call_later(longest_stop, _end_at_once)

    def handle(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(begin)

    for number in STOP_SIGNALS:
        if number.name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def _end_at_once() -> None:
    _log.error("stopping took too long, the rest is in the outbox")
    logging.shutdown()
    os._exit(0)
