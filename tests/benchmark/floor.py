"""The same requests with nothing but an HTTP client: what the simulators and the machine cost."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp

API = os.environ["DISCORD_API_URL"]
CAD = os.environ["SONORAN_API_URL"]
HEADERS = {"Authorization": f"Bearer {os.environ['SONORAN_API_KEY']}"}


async def main() -> None:
    """Answer every interaction until the gateway ends the connection."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(os.environ["DISCORD_GATEWAY_URL"], max_msg_size=0) as gateway,
    ):
        identify = {"token": os.environ["DISCORD_TOKEN"], "intents": 1, "properties": {}}
        await gateway.send_json({"op": 2, "d": identify})
        answering: set[asyncio.Task[None]] = set()
        async for frame in gateway:
            payload = frame.json()
            if payload["t"] == "INTERACTION_CREATE":
                task = asyncio.create_task(answer(session, payload["d"]))
                answering.add(task)
                task.add_done_callback(answering.discard)


async def answer(session: aiohttp.ClientSession, interaction: dict[str, Any]) -> None:
    """Acknowledge, send the note to the CAD, and edit the answer."""
    token = interaction["token"]
    values = {option["name"]: option["value"] for option in interaction["data"]["options"]}
    callback = f"{API}/interactions/{interaction['id']}/{token}/callback?with_response=1"
    async with session.post(callback, json={"type": 5}) as response:
        await response.read()
    note = {"note": values["note"], "noteType": "text", "label": "floor"}
    path = f"{CAD}/v2/emergency/servers/1/dispatch-calls/{values['call']}/notes"
    async with session.post(path, json=note, headers=HEADERS) as response:
        await response.read()
    content = {"content": f"NOTE '{values['note']}' added to call #{values['call']}"}
    original = f"{API}/webhooks/{interaction['application_id']}/{token}/messages/@original"
    async with session.patch(original, json=content) as response:
        await response.read()


if __name__ == "__main__":
    asyncio.run(main())
