"""Opens the database that its argument names, says so, and holds it until it is killed."""

import asyncio
import sys
from pathlib import Path

from bot.storage import Database, DatabaseInUseError, DatabaseUrl
from tests.storage.jobs import things


async def hold() -> None:
    address = DatabaseUrl.parse(sys.argv[1], folder=Path())
    try:
        await Database(address, tables=things.metadata, seconds=20.0).open()
    except DatabaseInUseError:
        print("in use")
        return
    print("open", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold())
