"""Whatever things are called, a health check is one message without effects but its own."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from bot.health.cad_texts import cad_details, cad_lines, notes_line, rate_usage_line
from bot.health.lines import Line, Mark, status_content
from bot.health.probe import CadHealth
from bot.health.texts import (
    VERSION,
    cards_line,
    database_line,
    last_change,
    log_channel_line,
    permissions_line,
    roles_line,
    unit_numbers_line,
    unreadable_lines,
)
from bot.interactions.markdown import CONTENT_LIMIT
from bot.outbox import Failure, RateUsage, failure_of
from bot.sandbox.discord.markdown import render
from bot.settings.repository import SettingChange
from bot.sonoran import (
    ApiVersion,
    CadServer,
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    ServerList,
    VersionSign,
)
from tests.hostile_text import hostile_texts, some, utf16_units

names = hostile_texts()

UNREACHABLE = failure_of(NoEffectError(Reason.NO_CONNECTION))


def health(text: str, error: Failure | None) -> CadHealth:
    return CadHealth(
        milliseconds=12,
        error=error,
        version=ApiVersion.V2,
        version_reason=(VersionSign.REFUSED, 401),
        plan=text,
        community=text,
        servers=ServerList((CadServer(1, text),)),
    )


def errors(text: str) -> list[Failure | None]:
    found = [
        RefusedError(text, status=400),
        CredentialsError(text, status=401),
        RateLimitedError(text, retry_after=None),
        *(NoEffectError(reason) for reason in Reason),
        *(OutcomeUnknownError(reason, text=text) for reason in Reason),
        CredentialsError(text, status=403, from_edge=True),
    ]
    return [None, *map(failure_of, found)]


def cad(text: str, error: Failure | None) -> list[Line]:
    return list(cad_lines(health(text, error), 1, chosen=True))


def lines(text: str, error: Failure | None) -> list[Line]:
    return [
        *cad(text, error),
        roles_line([text] * 25, chosen=True),
        log_channel_line(text, text, gone=False, unwritable=True),
        unit_numbers_line(True),
        cards_line(False),
        notes_line(UNREACHABLE, 1000, error, held_back=False),
        rate_usage_line(RateUsage(6000, 6000, 1000)),
        permissions_line(["View Channel", "Send Messages"]),
        database_line("SQLite", "Heroku", down=False, full=False),
        *unreadable_lines(1_000_000),
        VERSION,
        *cad_details(health(text, error)),
    ]


@some
@given(names, st.integers(0, len(errors("")) - 1))
@example(
    "\\" * 22 + "**bold**" * 4 + "```py\nx\n```[a](<https://b.co> 'c')</a b c:12345678901234567>", 1
)
def test_a_health_check_fits_one_message_and_has_no_effects_but_its_own(
    name: str, number: int
) -> None:
    error = errors(name)[number]
    change = SettingChange(member_id=5, changed_at=1.7e9, what=name)
    content = status_content(lines(name, error), last_change(change))
    assert utf16_units(content) <= CONTENT_LIMIT
    assert render(content).features <= {"line break", "timestamp", "user mention"}
    assert VERSION.text in render(content).text


def test_long_lines_are_shortened_before_any_is_left_out() -> None:
    long = [Line(Mark.ILL, f"{number}: {'word ' * 100}") for number in range(12)]
    content = status_content([*long, VERSION], None)
    assert utf16_units(content) <= CONTENT_LIMIT
    starts = [line.split(":")[0] for line in content.splitlines()]
    assert starts[:-1] == [f"❌ {number}" for number in range(12)]


def test_what_does_not_fit_even_so_is_left_out_at_the_end() -> None:
    content = status_content([Line(Mark.ILL, f"{n}: {'word ' * 100}") for n in range(40)], None)
    assert utf16_units(content) <= CONTENT_LIMIT
    starts = [line.split(":")[0] for line in content.splitlines()]
    assert len(starts) > 10
    assert starts == [f"❌ {number}" for number in range(len(starts))]


def test_every_trouble_of_the_cad_has_a_line_of_its_own() -> None:
    reached = [cad("x", error)[0].text for error in errors("x")[:4]]
    reasons = [cad("x", failure_of(NoEffectError(reason)))[0].text for reason in Reason]
    assert len({*reached, *reasons}) == 3 + len(Reason)  # refused credentials are an answer, too


def test_notes_are_well_exactly_when_the_cad_is_and_none_is_held_back() -> None:
    for error in errors("x"):
        well = cad("x", error)[1].mark is Mark.WELL
        assert (notes_line(None, 3, error, held_back=False).mark is Mark.WELL) == well
        assert (notes_line(UNREACHABLE, 0, error, held_back=False).mark is Mark.WELL) == well
        assert notes_line(UNREACHABLE, 1, error, held_back=False).mark is Mark.ILL


def test_a_remembered_refusal_of_the_credentials_is_not_shown_as_an_answer() -> None:
    fresh, remembered = (
        cad("x", failure_of(CredentialsError("x", status=401, remembered=from_memory)))
        for from_memory in (False, True)
    )
    assert fresh[0].mark is Mark.WELL
    assert "in 12 ms" in fresh[0].text
    assert remembered[0].mark is Mark.NOTE
    assert "was not asked" in remembered[0].text
    assert remembered[1:] == fresh[1:]


def test_a_delay_that_the_cad_asked_for_is_told_also_when_nothing_waits() -> None:
    limited = failure_of(RateLimitedError("", retry_after=600.0))
    held = notes_line(limited, 0, None, held_back=True)
    assert held.mark is Mark.ILL
    assert "gets too many requests" in held.text
    assert notes_line(limited, 0, None, held_back=False).mark is Mark.WELL


def test_every_sign_of_an_api_version_has_words() -> None:
    for sign in VersionSign:
        checked = replace(health("x", None), version_reason=(sign, 404))
        assert next(cad_details(checked)).text.startswith("API version 2: ")
