"""Sends an answer to the caller, whole or in one of the broken ways of a fault."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from bot.sandbox.sonoran.answers import Answer
from bot.sandbox.sonoran.faults import Fault
from bot.sandbox.sonoran.requests import RecordedRequest


async def deliver(
    request: web.Request, record: RecordedRequest, answer: Answer, fault: Fault | None
) -> web.StreamResponse:
    """Send `answer` and note its status in `record`, before the caller can see it.

    Returns what aiohttp has to finish: the answer itself, or nothing more on a connection that the
    fault has closed already.
    """
    abort = fault.abort if fault else None
    if abort != "before":
        record.status = answer.status
    if abort is not None:
        _break_off(request, answer, abort)
        return web.Response()
    headers = {"Content-Type": answer.content_type, **answer.headers}
    if fault is not None and fault.drip:
        return await _drip(request, answer, headers, fault.drip)
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def _break_off(request: web.Request, answer: Answer, abort: str) -> None:
    """Write what is to arrive straight to the connection and close it."""
    transport = request.transport
    if transport is None:
        return
    if abort != "before":
        sent = answer.body[: len(answer.body) // 2] if abort == "truncated" else b""
        transport.write(_head(answer) + sent)
    transport.close()


def _head(answer: Answer) -> bytes:
    """Return status line and headers; they announce at least one byte, so some is missing."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = ""
    headers = {
        "Content-Type": answer.content_type,
        "Content-Length": str(max(1, len(answer.body))),
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


async def _drip(
    request: web.Request, answer: Answer, headers: dict[str, str], pause: float
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    for index in range(len(answer.body)):
        await response.write(answer.body[index : index + 1])
        await asyncio.sleep(pause)
    await response.write_eof()
    return response
