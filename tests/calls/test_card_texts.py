"""A card shows all that the CAD tells of a call, literally and within Discord's limits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.calls.card_texts import (
    MOST_PAGES,
    Ending,
    card_content,
    gone_card,
    kept_foot,
    list_content,
    newest_first,
    plain_card,
    private_foot,
)
from bot.interactions.markdown import CONTENT_LIMIT
from bot.sandbox.discord.markdown import render
from bot.sonoran import CallStatus, DispatchCall, ListedNote
from tests.calls.calls import CALL, call
from tests.hostile_text import has_controls, long_hostile_texts, utf16_units

OURS = {"bold", "subtext", "timestamp", "line break"}
"""The constructs that a card may have in it: they are our own."""

FEET = [
    *([ending.value] for ending in Ending),
    kept_foot(2**53 - 1, older=True, stale_since=2_000_000_000),
    private_foot(age=900.0, may_keep=True, kept_at=None),
    private_foot(age=900.0, may_keep=True, kept_at="https://discord.com/" + "9" * 80),
]

hostile = long_hostile_texts(400)
HOSTILE = "# *<@1>\n\x1b[31m\u202e> `x` @everyone " * 10
times = st.sampled_from(["", "12:00:00", "2026-01-02T03:04:05Z", "*now*\n<@1>", "0001-01-01T00:00"])
notes = st.builds(ListedNote, label=hostile | st.just(""), text=hostile, time=times)
listed = st.builds(
    call,
    st.integers(1, 2**53 - 1),
    hostile,
    code=hostile,
    address=hostile,
    priority=hostile,
    closed=st.booleans(),
)
calls = st.builds(
    replace,
    listed,
    shown_notes=st.lists(notes, max_size=2).map(tuple),
    postal=hostile,
    description=hostile,
    status=st.sampled_from([None, *CallStatus]),
    unit_ids=st.lists(st.integers(), max_size=3).map(tuple),
    updated=st.none() | st.datetimes(timezones=st.just(UTC)),
)
WORST = call(
    2**53 - 1,
    HOSTILE,
    code=HOSTILE,
    address=HOSTILE,
    priority=HOSTILE,
    postal=HOSTILE,
    description=HOSTILE,
    shown_notes=(ListedNote(HOSTILE, HOSTILE, HOSTILE),) * 12,
)


@settings(max_examples=15)
@given(calls, st.integers(0, MOST_PAGES), st.sampled_from(FEET))
@example(WORST, 0, max(FEET, key=lambda foot: len("".join(foot))))
@example(WORST, 1, FEET[0])
def test_whatever_the_cad_says_stands_literally_and_within_the_limit(
    found: DispatchCall, page: int, foot: list[str]
) -> None:
    content, _ = card_content(found, page, foot=foot)
    assert utf16_units(content) <= CONTENT_LIMIT
    assert not has_controls(content.replace("\n", ""))
    assert render(content.replace("https://", "")).features <= OURS


@settings(max_examples=10)
@given(st.lists(listed, max_size=2), st.integers(0, 5000))
@example([WORST], 5000)
def test_a_list_is_literal_and_within_the_limit(some: list[DispatchCall], more: int) -> None:
    found = some * 25
    content = list_content(found, len(found) + more, age=900.0)
    assert utf16_units(content) <= CONTENT_LIMIT
    assert render(content).features <= OURS


def test_a_card_says_all_that_is_known() -> None:
    robbery = replace(
        CALL,
        priority="1",
        status=CallStatus.ACTIVE,
        postal="305",
        description="Two cars",
        unit_ids=(31, 32),
        updated=datetime(2026, 1, 2, 3, 5, tzinfo=UTC),
        shown_notes=(
            ListedNote("Sonoran CAD", "Call created", "2026-01-02T03:04:00Z"),
            ListedNote("D-2", "**Caller**\nhung up", "2026-01-02T03:04:05Z"),
        ),
    )
    content, older = card_content(robbery, foot=["small"])
    assert content.splitlines() == [
        "**#123** · 10-50 Traffic Stop",
        "Priority 1 · active · 2 units · first note <t:1767323040:R> · changed <t:1767323100:R>",
        "📍 4234 E. Example Ave · postal 305",
        "Two cars",
        "**Notes**",
        "• <t:1767323045:t> D-2: \\*\\*Caller\\*\\* ↵ hung up",
        "• <t:1767323040:t> Sonoran CAD: Call created",
        "-# small",
    ]
    assert not older


def test_what_the_cad_does_not_say_is_left_out() -> None:
    content, _ = card_content(call(7))
    assert content.splitlines() == ["**#7**", "Active · no units", "No notes yet."]


def test_all_notes_stand_on_pages_the_newest_first() -> None:
    many = tuple(ListedNote("D-2", f"note {n} " + "x" * n, f"12:{n:02}:00") for n in range(60))
    found = call(7, shown_notes=many)
    seen, page, older = [], 0, True
    while older:
        content, older = card_content(found, page)
        assert utf16_units(content) <= CONTENT_LIMIT
        assert ("page" in content) == (page > 0)
        seen += [int(number) for number in re.findall(r"D-2: note (\d+)", content)]
        page += 1
    assert seen == list(range(60))[::-1]
    assert page > 2
    last, older = card_content(found, page - 1)
    beyond, _ = card_content(found, page + 5)
    assert beyond.splitlines()[-1] == last.splitlines()[-1]


@pytest.mark.parametrize(
    ("stated", "first"),
    [
        (["12:00:00", "12:01:00"], 1),
        (["12:01:00", "12:00:00"], 0),
        (["2026-01-02T03:04:05Z", "2026-01-02T03:04:04Z"], 0),
        (["23:58:00", "23:59:00", "00:01:00", "00:02:00"], 3),
        (["", ""], 1),
        (["later", "12:00:00"], 1),
    ],
)
def test_the_newest_note_is_told_by_the_times(stated: list[str], first: int) -> None:
    listed = [ListedNote("D-2", str(n), time) for n, time in enumerate(stated)]
    assert newest_first(listed)[0] is listed[first]


def test_a_time_before_all_that_happened_is_not_called_the_first_notes() -> None:
    updated = datetime(2026, 1, 2, 3, tzinfo=UTC)
    note = ListedNote("D-2", "x", "2026-01-02T08:00:00Z")
    content, _ = card_content(call(7, shown_notes=(note,), updated=updated))
    assert "first note" not in content


def test_a_card_of_which_nothing_is_known_says_so() -> None:
    for content in (gone_card(7), plain_card(7)):
        assert content.startswith("**#7**\n")
