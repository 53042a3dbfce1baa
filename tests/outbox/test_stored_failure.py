"""What the CAD said is kept as the JSON that earlier and later versions of Callnote read."""

from __future__ import annotations

import json

import pytest

from bot.outbox.stored_failure import (
    STORED_TEXT_LIMIT,
    Failure,
    FailureKind,
    dump_failure,
    failure_of,
    load_failure,
)
from bot.sonoran import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)

UNKNOWN = Failure(FailureKind.OUTCOME_UNKNOWN, reason=Reason.UNCLEAR_REPLY)

# As the version before this one wrote them.
WRITTEN: list[tuple[str, SonoranError]] = [
    (
        '{"error": "RefusedError", "text": "NO SUCH CALL", "status": 404, "trace_id": "00-1f2e"}',
        RefusedError("NO SUCH CALL", status=404, trace_id="00-1f2e"),
    ),
    (
        (
            '{"error": "CredentialsError", "text": "NO", "status": 401, "retry_in": 6.0, '
            '"remembered": true}'
        ),
        CredentialsError("NO", status=401, retry_in=6.0, remembered=True),
    ),
    (
        '{"error": "RateLimitedError", "text": "SLOW DOWN", "retry_after": 95.0}',
        RateLimitedError("SLOW DOWN", retry_after=95.0),
    ),
    (
        '{"error": "RateLimitedError", "text": ""}',
        RateLimitedError("", retry_after=None),
    ),
    (
        '{"error": "NoEffectError", "reason": "NO_CONNECTION"}',
        NoEffectError(Reason.NO_CONNECTION),
    ),
    (
        '{"error": "NoEffectError", "text": "X", "reason": "WRONG_ADDRESS"}',
        NoEffectError(Reason.WRONG_ADDRESS, text="X"),
    ),
    *(
        (
            f'{{"error": "OutcomeUnknownError", "status": 502, "reason": "{reason.name}"}}',
            OutcomeUnknownError(reason, status=502),
        )
        for reason in Reason
    ),
]


@pytest.mark.parametrize(("text", "error"), WRITTEN)
def test_what_the_version_before_wrote_reads_as_it_did(text: str, error: SonoranError) -> None:
    assert load_failure(text) == failure_of(error)


@pytest.mark.parametrize(("text", "error"), WRITTEN)
def test_the_version_before_finds_all_it_reads_in_what_is_written(
    text: str, error: SonoranError
) -> None:
    written = dump_failure(failure_of(error))
    assert written is not None
    assert json.loads(text).items() <= json.loads(written).items()
    assert load_failure(written) == failure_of(error)


def test_that_a_firewall_turned_a_note_away_is_kept() -> None:
    loaded = load_failure(
        dump_failure(failure_of(CredentialsError("error code: 1020", status=403, from_edge=True)))
    )
    assert loaded is not None
    assert (loaded.kind, loaded.key) == (FailureKind.CREDENTIALS, Reason.TURNED_AWAY)
    assert not loaded.about_credentials


def test_every_kind_was_written_before() -> None:
    assert {failure_of(error).kind for _, error in WRITTEN} == set(FailureKind)


def test_a_delay_that_is_not_written_any_more_spoils_nothing() -> None:
    loaded = load_failure(
        '{"error": "NoEffectError", "text": "X", "retry_in": 9.5, "reason": "WRONG_ADDRESS"}'
    )
    assert loaded is not None
    assert (loaded.kind, loaded.key) == (FailureKind.NO_EFFECT, Reason.WRONG_ADDRESS)
    assert loaded.text == "X"


def test_nothing_stays_nothing() -> None:
    assert dump_failure(None) is None
    assert load_failure(None) is None


def test_a_long_text_is_cut() -> None:
    loaded = load_failure(dump_failure(failure_of(RefusedError("x" * 65_536, status=404))))
    assert loaded is not None
    assert loaded.text == "x" * STORED_TEXT_LIMIT


def test_a_kind_of_a_later_version_reads_as_the_most_careful_one() -> None:
    loaded = load_failure('{"error": "LaterError", "text": "Oops", "status": 599, "reason": "X"}')
    assert loaded == Failure(
        FailureKind.OUTCOME_UNKNOWN, reason=Reason.UNCLEAR_REPLY, text="Oops", status=599
    )


def test_null_is_as_good_as_nothing() -> None:
    loaded = load_failure('{"error": "RefusedError", "text": null, "status": 404}')
    assert loaded == Failure(FailureKind.REFUSED, status=404)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        '"RefusedError"',
        "{}",
        '{"error": []}',
        '{"error": "RefusedError", "status": "many"}',
        '{"error": "RefusedError", "status": Infinity}',
        '{"error": "RateLimitedError", "retry_after": {}}',
        "[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_the_most_careful_kind(text: str) -> None:
    assert load_failure(text) == UNKNOWN
