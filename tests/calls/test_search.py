"""Live calls are found by their number or words, with small errors, the likely ones first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calls.search import CallIndex
from tests.calls.calls import call
from tests.hostile_text import hostile_texts

INDEX = CallIndex(
    [
        call(9, "Welfare check", address="Elm Street"),
        call(12, "Robbery", address="77 Vinewood Blvd", postal="305"),
        call(123, "Traffic Stop", code="10-50", address="4234 E. Example Ave"),
        call(124, "Überfall", address="Café Zoë", description="Caller reports O'Neil"),
        call(312, "Robbery", address="Route 9", description="two masked suspects"),
        call(1239, "Old", closed=True),
    ]
)


def found(typed: str, *first: int) -> list[int]:
    return [each.call_id for each in INDEX.search(typed, first)]


def test_nothing_typed_finds_all_live_calls_the_newest_first() -> None:
    assert found("") == found("  ") == [312, 124, 123, 12, 9]


def test_the_calls_that_are_named_first_come_first() -> None:
    assert found("", 9, 123, 7) == [9, 123, 312, 124, 12]
    assert found("robbery", 9, 12) == [12, 312]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("12", [12, 124, 123]),
        ("#12", [12, 124, 123]),
        (" call #012 ", [12, 124, 123]),
        ("123", [123]),
        ("1239", [1239]),
        ("123999", []),
        ("0", []),
        ("#31", [312]),
        ("9", [9, 312]),
        ("#9", [9]),
        ("305", [12]),
        ("99999999999999999999", []),
    ],
)
def test_a_number_finds_the_ids_that_begin_with_it_and_a_closed_call_by_its_whole_number(
    typed: str, ids: list[int]
) -> None:
    assert found(typed) == ids


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("vine", [12]),
        ("VINEWOOD", [12]),
        ("robbery vine", [12]),
        ("10-50", [123]),
        ("example", [123]),
        ("ber", [312, 124, 12]),
        ("uberfall", [124]),
        ("cafe zoe", [124]),
        ("oneil", [124]),
        ("o'neil", [124]),
        ("masked", [312]),
        ("r", [312, 124, 12]),
        ("...", []),
        ("old", []),
    ],
)
def test_words_find_what_a_call_says_of_itself(typed: str, ids: list[int]) -> None:
    assert found(typed) == ids


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("vinwood", [12]),
        ("vinewodo", [12]),
        ("vinrw", [12]),
        ("vibewoof", [12]),
        ("trafic", [123]),
        ("robery", [312, 12]),
        ("exmaple", [123]),
        ("vxnx", []),
        ("elk", []),
    ],
)
def test_small_typing_errors_are_forgiven(typed: str, ids: list[int]) -> None:
    assert found(typed) == ids


def test_what_is_spelt_right_comes_before_what_is_like_it() -> None:
    index = CallIndex([call(1, "Robbery near"), call(2, "Robbery nearby"), call(3, "Robert Noar")])
    assert [each.call_id for each in index.search("robbery near")] == [2, 1]


def test_where_no_call_has_all_the_words_those_with_most_of_them_are_found() -> None:
    assert found("robbery vinewood gunman") == [12]


def test_no_more_are_found_than_asked_for() -> None:
    index = CallIndex(call(number, "Robbery") for number in range(1, 200))
    for typed in ("", "1", "rob", "robery"):
        assert len(index.search(typed)) == 25


def test_of_more_words_than_are_searched_the_oldest_calls_descriptions_are_left_out() -> None:
    index = CallIndex(
        call(
            number,
            f"Title{number}x",
            description=" ".join(f"w{number}x{word}z" for word in range(90)),
        )
        for number in range(1, 241)
    )
    for typed, ids in (("w240x9z", [240]), ("title1x", [1]), ("w1x9z", [])):
        assert [found.call_id for found in index.search(typed)] == ids


def test_an_index_of_no_calls_finds_nothing() -> None:
    index = CallIndex([])
    assert [index.search(typed) for typed in ("", "1", "vine", "vinewood")] == [[], [], [], []]
    assert index.near(123) == []


def test_an_id_that_no_note_can_be_sent_to_is_left_out() -> None:
    index = CallIndex([call(number) for number in (-1, 0, 2**53, 10**300)])
    assert index.live == ()


@pytest.mark.parametrize(
    ("number", "near"),
    [
        (132, [123, 312, 12]),
        (122, [123, 12, 124]),
        (4234, [123]),
        (305, [12]),
        (1234, [123, 124, 12]),
    ],
)
def test_what_comes_near_a_number_is_found(number: int, near: list[int]) -> None:
    ids = [each.call_id for each in INDEX.near(number)]
    assert set(near) <= set(ids)
    assert number not in ids


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-1, 2**60), hostile_texts(6), hostile_texts(6)),
        max_size=4,
        unique_by=lambda each: each[0],  # a list that was read has each call once
    ),
    hostile_texts(4) | st.integers(0, 2**60).map(str),
)
def test_whatever_calls_and_typing_look_like_a_search_ends_with_live_calls(
    calls: list[tuple[int, str, str]], typed: str
) -> None:
    index = CallIndex([call(n, title, description=text) for n, title, text in calls])
    picked = index.search(typed, [n for n, _, _ in calls])
    assert set(picked) <= set(index.live)
    assert len(picked) == len(set(picked))
    for title in (title for _, title, _ in calls):
        index.search(title)
