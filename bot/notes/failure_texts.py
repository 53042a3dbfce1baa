"""The words about why a note was not added, and what to do about it."""

from __future__ import annotations

import math
import re

from bot.interactions.markdown import escape_markdown
from bot.outbox import Failure, FailureKind
from bot.sonoran import Reason

_DAY_SECONDS = 86_400

_STOPPED_TRYING = (
    "Callnote stopped trying; this attempt added nothing. Press Try again within a day"
)
_SHOW_ADMINISTRATOR = "Show this to an administrator."
_ENTER_KEY = "Ask an administrator to enter the present API key with /callnote-config connect."

_STATUS_ALONE = "status {status} without a text"
_SAID = {
    FailureKind.REFUSED: _STATUS_ALONE,
    FailureKind.CREDENTIALS: _STATUS_ALONE,
    FailureKind.RATE_LIMITED: "too many requests",
    Reason.NO_CONNECTION: "Sonoran CAD cannot be reached",
    Reason.UNVERIFIED_CERTIFICATE: "Sonoran CAD's certificate cannot be verified",
    Reason.NO_ANSWER: "Sonoran CAD did not answer in time",
    Reason.BROKEN_CONNECTION: "the connection to Sonoran CAD broke",
    Reason.SERVER_ERROR: "Sonoran CAD had an internal error",
    Reason.UNCLEAR_REPLY: "Sonoran CAD did not say whether it was added",
    Reason.WRONG_ADDRESS: "Sonoran CAD is not at this address",
    Reason.STOPPED: "Callnote was stopped before Sonoran CAD answered",
    Reason.TURNED_AWAY: "a firewall in front of Sonoran CAD turned Callnote away",
    Reason.NO_CREDENTIALS: "there is no API key for Sonoran CAD",
}
"""What is shown when the CAD gave no text."""

_WAITING_FOR = {
    FailureKind.RATE_LIMITED: "Sonoran CAD gets too many requests; trying again",
    FailureKind.CREDENTIALS: (
        "Sonoran CAD refused Callnote's access, so it waits until that is cleared up; "
        "administrators see more in /callnote-config status"
    ),
    Reason.WRONG_ADDRESS: "Sonoran CAD is not at its address; trying again",
    Reason.UNVERIFIED_CERTIFICATE: "Sonoran CAD's certificate cannot be verified; trying again",
    Reason.TURNED_AWAY: "a firewall in front of Sonoran CAD turned Callnote away; trying again",
    Reason.NO_CREDENTIALS: (
        "there is no API key for Sonoran CAD now; an administrator can enter one with "
        "/callnote-config connect"
    ),
}
"""Why a note is waiting; for all else, the CAD is not answering."""

_NOT_FOUND = re.compile(r"(CALL|SERVER)[A-Z ]* NOT FOUND[\w :]{0,40}")
_NOT_ENABLED = re.compile(r"[A-Z ]{1,40} (IS )?NOT ENABLED[A-Z ]{0,40}")
_PLAN_REQUIRED = re.compile(r"VERSION [A-Z ]{1,20} REQUIRED")
"""Texts of the CAD that count only as the whole reply, in upper case."""


def duration(seconds: float) -> str:
    """Return a delay in words, rounded up to seconds or, from 2 minutes on, to minutes.

    From 2 hours on it is told in full hours.
    """
    if seconds > _DAY_SECONDS:
        return "more than a day"
    whole = max(1, math.ceil(seconds))
    if whole >= 7200:
        return f"{whole // 3600} hours"
    if whole >= 120:
        return f"{math.ceil(whole / 60)} minutes"
    return f"{whole} second{'s' if whole > 1 else ''}"


def why_queued(failure: Failure | None, problem: Failure | None) -> str:
    """Return why a note is waiting: its own last attempt, or else what stops all notes."""
    match failure:
        case Failure(kind=FailureKind.OUTCOME_UNKNOWN, reason=Reason.STOPPED):
            return "Callnote was restarted and the note is not there; sending it again"
        case Failure(kind=FailureKind.OUTCOME_UNKNOWN):
            return "Sonoran CAD failed and does not have it; sending it again"
        case Failure(kind=FailureKind.REFUSED):
            return "Sonoran CAD does not have it; sending it again"
    why = failure or problem
    if problem is not None and problem.about_credentials:
        why = problem
    if why is None:
        return "waiting for its turn"
    return _WAITING_FOR.get(why.key, "Sonoran CAD is not answering; trying again")


def said_of(failure: Failure | None, with_text: bool) -> str:
    """Return the CAD's own text, or what happened if it gave none."""
    if failure is None:
        return "its turn did not come in time"
    if failure.text and not with_text:
        return f"status {failure.status}" if failure.status else "Sonoran CAD said why"
    return failure.text or _SAID[failure.key].format(status=failure.status or 0)


def advice_refused(failure: Failure | None, *, own: bool) -> str:
    """Return what to do about a note that was certainly not added."""
    if failure is None or not failure.refused:
        return _SHOW_ADMINISTRATOR
    if failure.about_credentials:
        return escape_markdown(credentials_task(failure, own=own))
    if _whole(failure) == "INVALID REQUEST TYPE":
        return "Ask the bot's host to check SONORAN\\_API\\_URL and SONORAN\\_API\\_VERSION."
    if failure.status == 404 or _NOT_FOUND.fullmatch(_whole(failure)):
        return (
            "Check the call number. If it is right, ask an administrator to check "
            "/callnote-config server."
        )
    if failure.status == 400:
        return "Check the call number and the note, then try again."
    return _SHOW_ADMINISTRATOR


def advice_in_doubt(failure: Failure | None, *, own: bool) -> str:
    """Return what to do about a note that may have been added, without inviting another send."""
    if failure is None or not failure.refused:
        return (
            "It may be in the CAD already: look at the call. Missing? Press Send again. Not sure? "
            "Press Check again."
        )
    task = ""
    if failure.about_credentials:
        task = f"{escape_markdown(credentials_task(failure, own=own))} "
    return f"{task}An earlier attempt may have been added: look at the call, or press Check again."


def advice_given_up(failure: Failure | None, *, own: bool) -> str:
    """Return what to do about a note that was tried for long enough, without its last words."""
    if failure is None or failure.kind is not FailureKind.CREDENTIALS:
        return _STOPPED_TRYING
    task = _SHOW_ADMINISTRATOR
    if failure.retry_in:  # which was confirmed
        task = escape_markdown(credentials_task(failure, own=own))
    return f"{task} Then press Try again within a day"


def credentials_task(failure: Failure, *, own: bool) -> str:
    """Return as plain text who has to look after what.

    `own` tells that administrators of the note's server entered the API key.
    """
    said = _whole(failure)
    if said == "INVALID COMMUNITY ID":
        return _ENTER_KEY if own else "Tell the bot's host that SONORAN_COMMUNITY_ID is wrong."
    if _NOT_ENABLED.fullmatch(said):
        return "Ask a Sonoran CAD administrator to enable the community's API."
    if failure.status == 402 or _PLAN_REQUIRED.fullmatch(said):
        return "Ask a Sonoran CAD administrator to check the community's plan."
    if failure.status == 403:
        return "Ask a Sonoran CAD administrator whether the API key and plan allow notes."
    return _ENTER_KEY if own else "Tell the bot's host that SONORAN_API_KEY is wrong."


def _whole(failure: Failure) -> str:
    """Return the CAD's whole text for comparing; a part of it may be quoted from the note."""
    return failure.text.upper().rstrip(" .!")
