"""The lines of a health check about the CAD and the notes for it.

`to_host` means that the host reads a line, who has other settings to change than an administrator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.communities.texts import CAD_TROUBLE
from bot.health.lines import CERTIFICATE_ADVICE, Line, ask_host, ill, note, well
from bot.health.probe import CadHealth
from bot.outbox import Failure, FailureKind, RateUsage
from bot.sonoran import Reason, VersionSign

_SAID_LIMIT = 100  # characters of the CAD's own text

_REASONS = {
    **CAD_TROUBLE,
    Reason.WRONG_ADDRESS: "is not at this address",
    Reason.STOPPED: "was not asked, as Callnote is stopping",
    Reason.NO_CREDENTIALS: "was not asked, as there is no API key for it",
}

_ADVICE = {
    Reason.WRONG_ADDRESS: "{host}correct SONORAN_API_URL or SONORAN_API_VERSION",
    Reason.UNCLEAR_REPLY: "{host}check SONORAN_API_URL and SONORAN_API_VERSION",
    Reason.UNVERIFIED_CERTIFICATE: f"{{host}}{CERTIFICATE_ADVICE}",
    Reason.TURNED_AWAY: (
        "notes wait, and if that lasts, {host}ask Sonoran's support to allow this machine's "
        "address{said}"
    ),
    Reason.NO_CREDENTIALS: "enter one with /callnote-config connect",
}
_WAIT = "notes wait until it answers; if that lasts, {host}check SONORAN_API_URL"

_REACHED: Mapping[Reason | FailureKind, str] = {
    FailureKind.RATE_LIMITED: (
        "Sonoran CAD answers that there are too many requests; its limits are shared with game "
        "servers and other bots, so look for one that asks too often."
    ),
    FailureKind.REFUSED: (
        "Sonoran CAD answers, but refused the check with status {failure.status}{said}; "
        "{host}check SONORAN_API_URL and SONORAN_API_VERSION."
    ),
    **{
        reason: f"Sonoran CAD {trouble}; {_ADVICE.get(reason, _WAIT)}."
        for reason, trouble in _REASONS.items()
    },
}

_VERSION_SIGNS = {
    VersionSign.GIVEN: "set by SONORAN_API_VERSION",
    VersionSign.ANSWERED: "it answered the version 2 request",
    VersionSign.REFUSED: "it refused as version 2 does, with status {status}",
    VersionSign.PLACEHOLDER: "it answered 'Backend Service Reached' on a version 2 address",
    VersionSign.WEB_PAGE: "it answered with a web page, status {status}",
    VersionSign.NO_ADDRESS: "it has no version 2 address, status {status}",
}


def cad_lines(
    health: CadHealth,
    server_id: int | None,
    *,
    chosen: bool,
    to_host: bool = False,
    own: bool = False,
) -> Iterator[Line]:
    """Return what is known of the CAD; `chosen` tells that a guild's own choice is meant.

    `own` tells that the guild's administrators entered the API key. There is no line about the CAD
    server if `server_id` is None.
    """
    yield _reached(health, ask_host(to_host))
    yield _credentials(health, ask_host(to_host), own=own)
    if server_id is not None:
        yield _server(health, server_id, chosen=chosen, to_host=to_host)


def cad_details(health: CadHealth) -> Iterator[Line]:
    """Return the details of the CAD that call for no action."""
    if health.version is None or health.version_reason is None:
        yield note("API version: not known until the CAD answers clearly.")
    else:
        sign, status = health.version_reason
        why = _VERSION_SIGNS[sign].format(status=status)
        yield note(f"API version {health.version.value}: {why}.")
    yield note(f"Plan: {health.plan or 'not known'} (for information only).")


def notes_line(
    problem: Failure | None, waiting: int, error: Failure | None, *, held_back: bool
) -> Line:
    """Return whether notes are being sent.

    `problem` is why the last send failed, None if it did not; `waiting` is how many notes wait;
    `error` is why the probe of the CAD failed. `held_back` means that a delay that the CAD asked
    for is not over.
    """
    how_many = f"{waiting:,} waiting"
    if error is not None and error.about_credentials:
        return ill(
            f"Notes: {how_many}; until the API key or id is fixed, waiting notes stay and new ones "
            "are refused."
        )
    if error is not None and error.reason is not None:
        return ill(
            f"Notes: {how_many}, as Sonoran CAD {_REASONS[error.reason]}; waiting and new ones "
            "are sent when it accepts notes again."
        )
    if problem is not None and (waiting or held_back):
        why = "Sonoran CAD gets too many requests"
        if problem.reason is not None:
            why = f"the last attempt failed (Sonoran CAD {_REASONS[problem.reason]})"
        if problem.about_credentials:
            why = f"Sonoran CAD refused the last one{_said(problem)}"
        return ill(f"Notes: {how_many}, as {why}; they are sent when it accepts notes again.")
    if error is not None:
        return note(f"Notes: {how_many}; the next one shows whether the CAD accepts them.")
    return well("Notes are sent as they come.")


def rate_usage_line(usage: RateUsage) -> Line:
    """Return how much of the CAD's limits is used, and whether it was too much for the CAD."""
    sent = f"Notes sent in the last minute: {usage.sent:,} of {usage.per_minute:,} at most"
    if not usage.limited:
        return note(f"{sent}; no request was refused as one too many (429) in the last hour.")
    times = "once" if usage.limited == 1 else f"{usage.limited:,} times"
    return ill(
        f"{sent}; in the last hour Sonoran CAD said {times} that it gets too many requests (429): "
        "look for game servers and bots with the same key, or lower SONORAN_NOTES_PER_MINUTE."
    )


def last_note_lines(refusal: Failure | None) -> Iterator[Line]:
    """Return what the last note was refused with, if it was; None if it was added."""
    if refusal is None:
        return
    about_access = refusal.kind is FailureKind.CREDENTIALS
    yield (ill if about_access else note)(f"The last note was refused{_said(refusal)}.")


def _reached(health: CadHealth, host: str) -> Line:
    failure = health.error
    if failure is not None and not failure.about_credentials:
        return ill(_REACHED[failure.key].format(failure=failure, said=_said(failure), host=host))
    if failure is not None and failure.remembered:
        return note("Sonoran CAD was not asked: it has just refused the API key or id.")
    return well(f"Sonoran CAD answers, in {health.milliseconds} ms.")


def _credentials(health: CadHealth, host: str, *, own: bool) -> Line:
    if health.error is None:
        named = f", for the community {health.community}" if health.community else ""
        return well(f"The CAD accepts the API key{named}.")
    if not health.error.about_credentials:
        return note("Whether the CAD accepts the API key is not known now.")
    if own:
        return ill(
            f"The CAD refused the API key{_said(health.error)}: see that the API is enabled, and "
            "enter the present key with /callnote-config connect."
        )
    return ill(
        f"The CAD refused the API key or community id{_said(health.error)}: {host}check "
        "SONORAN_API_KEY, SONORAN_COMMUNITY_ID and that the API is enabled."
    )


def _server(health: CadHealth, server_id: int, *, chosen: bool, to_host: bool) -> Line:
    source = "chosen here" if chosen else "from the host's setting SONORAN_SERVER_ID"
    named = f"CAD server, {source}: {server_id}"
    if health.servers is None:
        return note(f"{named}; the CAD's list can't be loaded.")
    for server in health.servers.servers:
        if server.server_id == server_id:
            return well(f"{named} {server.name}.")
    if not health.servers.whole:
        return note(f"{named}; it may be in the CAD's list, which can't be read in full.")
    there = ", ".join(str(server.server_id) for server in health.servers.servers) or "none"
    advice = "choose another with /callnote-config server"
    if to_host:
        advice = f"correct SONORAN_SERVER_ID; the CAD has {there}"
    return ill(f"{named}, which the CAD does not have: {advice}.")


def _said(failure: Failure) -> str:
    return f" ({failure.text[:_SAID_LIMIT]})" if failure.text else f" (status {failure.status})"
