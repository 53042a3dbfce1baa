"""In the tests, a busy machine decides nothing: no time passes while it lets nothing go on."""

import asyncio
import time

from tests.loop_clock import idle


async def test_what_the_machine_holds_up_is_not_late() -> None:
    async with asyncio.timeout(0.5):
        time.sleep(0.6)  # noqa: ASYNC251 - as on a machine that is busy with others
        await idle()
