"""The lines of a health check about the CAD, each with what to do if something is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from bot.health.lines import Line, Mark, host_words
from bot.health.probe import CadHealth
from bot.outbox import Failure, FailureKind
from bot.sonoran import Reason

_SAID_LIMIT = 100  # characters of the CAD's own text

_REASONS = {
    Reason.NO_CONNECTION: "cannot be reached",
    Reason.NO_ANSWER: "did not answer in time",
    Reason.BROKEN_CONNECTION: "broke the connection",
    Reason.SERVER_ERROR: "had an internal error",
    Reason.UNCLEAR_REPLY: "gave an answer that cannot be read",
    Reason.WRONG_ADDRESS: "is not at this address",
    Reason.STOPPED: "was not asked, as Callnote is stopping",
}

_ADVICE = {
    Reason.WRONG_ADDRESS: "{host}correct SONORAN_API_URL or SONORAN_API_VERSION",
    Reason.UNCLEAR_REPLY: "{host}check SONORAN_API_URL and SONORAN_API_VERSION",
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


def cad_lines(
    health: CadHealth, server_id: int | None, *, chosen: bool, to_host: bool = False
) -> list[Line]:
    """Return what is known of the CAD; `chosen` tells that a guild's own choice is meant.

    There is no line about the CAD server if `server_id` is None. `to_host` means that the host
    reads this, who has other settings to change than an administrator.
    """
    lines = [_reached(health, to_host=to_host), _credentials(health, to_host=to_host)]
    if server_id is not None:
        lines.append(_server(health, server_id, chosen=chosen, to_host=to_host))
    return lines


def cad_details(health: CadHealth) -> list[Line]:
    """Return the details of the CAD that call for no action."""
    return [
        _version(health),
        Line(Mark.NOTE, f"Plan: {health.plan or 'not known'} (for information only)."),
    ]


def notes_line(
    problem: Failure | None,
    waiting: int,
    error: Failure | None,
    *,
    held_back: bool = False,
) -> Line:
    """Return whether notes are being sent.

    `problem` is why the last send failed, None if it did not; `waiting` is how many notes wait;
    `error` is why the probe of the CAD failed. `held_back` means that a delay that the CAD asked
    for is not over.
    """
    how_many = f"{waiting:,} waiting"
    if error is not None and error.kind is FailureKind.CREDENTIALS:
        return Line(
            Mark.ILL,
            f"Notes: {how_many}; every note is refused until the API key or id is fixed.",
        )
    if error is not None and error.reason is not None:
        return Line(
            Mark.ILL,
            f"Notes: {how_many}, as Sonoran CAD {_REASONS[error.reason]}; waiting and new "
            "ones are sent when it accepts notes again.",
        )
    if problem is not None and (waiting or held_back):
        why = "Sonoran CAD gets too many requests"
        if problem.reason is not None:
            why = f"the last attempt failed (Sonoran CAD {_REASONS[problem.reason]})"
        return Line(
            Mark.ILL,
            f"Notes: {how_many}, as {why}; they are sent when it accepts notes again.",
        )
    if error is not None:
        return Line(
            Mark.NOTE, f"Notes: {how_many}; the next one shows whether the CAD accepts them."
        )
    return Line(Mark.WELL, "Notes are sent as they come.")


def _reached(health: CadHealth, *, to_host: bool) -> Line:
    failure = health.error
    if failure is None or failure.kind is FailureKind.CREDENTIALS:
        if failure is not None and failure.remembered:
            return Line(
                Mark.NOTE,
                "Sonoran CAD was not asked: it has just refused the API key or id.",
            )
        return Line(Mark.WELL, f"Sonoran CAD answers, in {health.milliseconds} ms.")
    text = _REACHED[failure.key]
    return Line(
        Mark.ILL, text.format(failure=failure, said=_said(failure), host=host_words(to_host))
    )


def _version(health: CadHealth) -> Line:
    if health.version is None:
        return Line(Mark.NOTE, "API version: not known until the CAD answers clearly.")
    return Line(Mark.NOTE, f"API version {health.version.value}: {health.version_reason}.")


def _credentials(health: CadHealth, *, to_host: bool) -> Line:
    match health.error:
        case None:
            named = f", for the community {health.community}" if health.community else ""
            return Line(Mark.WELL, f"The CAD accepts the API key{named}.")
        case Failure(kind=FailureKind.CREDENTIALS):
            return Line(
                Mark.ILL,
                f"The CAD refused the API key or community id{_said(health.error)}: "
                f"{host_words(to_host)}check SONORAN_API_KEY, SONORAN_COMMUNITY_ID and that the "
                "API is enabled.",
            )
    return Line(Mark.NOTE, "Whether the CAD accepts the API key is not known now.")


def _server(health: CadHealth, server_id: int, *, chosen: bool, to_host: bool) -> Line:
    source = "chosen here" if chosen else "from the host's setting SONORAN_SERVER_ID"
    if health.servers is None:
        return Line(
            Mark.NOTE, f"CAD server, {source}: {server_id}; the CAD's list can't be loaded."
        )
    for server in health.servers:
        if server.server_id == server_id:
            return Line(Mark.WELL, f"CAD server, {source}: {server_id} {server.name}.")
    there = ", ".join(str(server.server_id) for server in health.servers) or "none"
    advice = "choose another with /callnote-config server"
    if to_host:
        advice = f"correct SONORAN_SERVER_ID; the CAD has {there}"
    return Line(
        Mark.ILL,
        f"CAD server, {source}: {server_id}, which the CAD does not have: {advice}.",
    )


def _said(failure: Failure) -> str:
    return f" ({failure.text[:_SAID_LIMIT]})" if failure.text else f" (status {failure.status})"
