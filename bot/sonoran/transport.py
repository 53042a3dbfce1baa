"""The one door to the CAD: sends a request and hands back the reply, within bounds."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import aiohttp
from yarl import URL

from bot import USER_AGENT
from bot.observer import Observer
from bot.sonoran.errors import NoEffectError, OutcomeUnknownError, Reason
from bot.sonoran.exchange import LONG_REPLY, REPLY_BYTES, Reply, Request
from bot.timing import loop_time

CONNECT_SECONDS = 5.0
"""How long a request may take to get a connection, waiting for a free one included."""

TOTAL_SECONDS = 10.0  # how long a request may take in all, the reply's body included

CONNECTIONS = 256
"""How many connections may be open at once, for all communities together."""


def open_session(proxy: str | None) -> aiohttp.ClientSession:
    """Return the connection pool for the life of the process; the caller closes it.

    It keeps no cookies and reads no proxy or netrc settings from the environment, so a key goes
    nowhere that the settings do not name; `proxy` is the one that they name.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        proxy=proxy,
    )


class Transport:
    """Sends requests to one base address over a borrowed session.

    `base_url` must be https, or http to a loopback address; anything else raises `ValueError`.
    Time limits are in seconds. `observer` is told of every request.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        observer: Observer = Observer(),
    ) -> None:
        self._session = session
        self._base = checked_base_url(base_url)
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, connect=connect_seconds)
        self._observer = observer

    async def send(self, request: Request, *, seconds: float | None = None) -> Reply:
        """Send a request and return the reply, as much of its body read as the request allows.

        `seconds` bounds the whole exchange more tightly than the transport's own limit.

        A POST is sent once; aiohttp may repeat a GET on a connection that was closed meanwhile.
        Redirects are not followed, as the key must not travel to another host. Raises
        `NoEffectError` when no connection could be had, and `OutcomeUnknownError` when the
        request may have left and no status came back.
        """
        timeout = self._timeout
        if seconds is not None:
            timeout = aiohttp.ClientTimeout(
                total=min(seconds, timeout.total or seconds), connect=timeout.connect
            )
        began = loop_time()
        status: int | None = None
        try:
            async with self._session.request(
                request.method,
                self._base.joinpath(request.path.lstrip("/")),
                params=request.query,
                headers=request.headers,
                data=request.body,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                status = response.status
                success = 200 <= status < 300
                limit = request.reply_bytes if success else REPLY_BYTES
                body, complete = await _read(response, limit)
                reply = Reply(status, response.headers, body, complete)
                if len(body) > LONG_REPLY:
                    return await asyncio.to_thread(reply.without, request.secrets)
                return reply.without(request.secrets)
        # The four that mean "never connected" are also kinds of the ones below: they come first.
        except aiohttp.ClientConnectorCertificateError as error:
            raise NoEffectError(Reason.UNVERIFIED_CERTIFICATE) from error
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            raise NoEffectError(Reason.NO_CONNECTION) from error
        except aiohttp.ClientHttpProxyError:
            # Without its cause, which carries the proxy's answer.
            raise NoEffectError(Reason.NO_CONNECTION) from None
        except TimeoutError as error:
            raise OutcomeUnknownError(Reason.NO_ANSWER) from error
        except (aiohttp.ClientError, OSError, ValueError):
            # Without its cause: aiohttp's errors can carry the request's headers.
            raise OutcomeUnknownError(Reason.BROKEN_CONNECTION) from None
        finally:
            self._observer.cad_request_ended(status, loop_time() - began)


async def _read(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """Read at most `limit` bytes, fewer if it breaks off; returns them and whether that was all."""
    body = bytearray()
    try:
        while not response.content.at_eof():
            body += await response.content.readany()
            if len(body) > limit:
                response.close()
                return bytes(body[:limit]), False
    except (TimeoutError, aiohttp.ClientError, OSError):
        return bytes(body), False
    return bytes(body), True


def checked_base_url(text: str) -> URL:
    """Return the address as a URL without a trailing slash.

    Raises `ValueError`, without repeating the text, unless it is https with a host, or http to a
    loopback address, and carries no user, query or fragment.
    """
    try:
        url = URL(text.strip())
        host = url.host
    except ValueError:
        raise ValueError("not an address") from None
    if not host or url.user or url.password or url.query_string or url.fragment:
        raise ValueError("not a plain https address")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise ValueError("not a plain https address")
    return url.with_path(url.path.rstrip("/") or "/")


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
