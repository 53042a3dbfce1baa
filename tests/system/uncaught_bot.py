"""A bot that fails in every way in which Python writes to standard error by itself."""

import asyncio
import sys
import threading
import warnings

from bot import __main__
from bot.config import Config
from bot.timing import Timing

token = ""


class Faulty:
    def __del__(self) -> None:
        raise ValueError("deleted\nbadly " + token)


def fail(what: str) -> None:
    raise ValueError(what + "\nbadly " + token)


async def fail_in_all_ways(config: Config, *, timing: Timing) -> None:
    global token
    token = config.discord_token
    thread = threading.Thread(target=fail, args=["thread"])
    thread.start()
    thread.join()
    faulty = Faulty()
    del faulty
    warnings.warn("warning\n" + token, stacklevel=1)
    asyncio.get_running_loop().call_soon(fail, "callback")
    task = asyncio.create_task(asyncio.to_thread(fail, "task"))
    await asyncio.wait([task])
    del task
    fail("main")


if __name__ == "__main__":
    vars(__main__)["run"] = fail_in_all_ways
    sys.exit(__main__.main([]))
