"""What a reading of the call list proves about a note."""

from __future__ import annotations

import html
import itertools
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.outbox import matching
from bot.outbox.matching import Explained, ReadCall, Verdict, fingerprint, judge
from bot.sonoran import CallNote, DispatchCall, ListedNote
from tests.cases import case
from tests.hostile_text import few, hostile_texts

LABEL = "Dana D-2"
TEXT = "Suspect fled north on foot, last seen near the old mill with a red bag"
NOTE = CallNote(1, 123, TEXT, LABEL)
OWN = fingerprint(LABEL, TEXT)

words = st.text(st.characters(exclude_categories=()), max_size=40) | hostile_texts(6)


def call_with(*notes: ListedNote | str, unreadable: int = 0) -> ReadCall:
    """Return the call with these notes; those given as a text have the member's label."""
    listed = tuple(ListedNote(LABEL, each) if isinstance(each, str) else each for each in notes)
    call = DispatchCall(1, 123, "", "", "", closed=False, notes=listed)
    return ReadCall(replace(call, unreadable_notes=unreadable))


def look(
    *notes: ListedNote | str,
    sends: int = 1,
    explained: dict[str, Explained] | None = None,
    settled: bool = True,
    unreadable: int = 0,
) -> tuple[Verdict, int]:
    call = call_with(*notes, unreadable=unreadable)
    return judge(call, NOTE, sends=sends, explained=explained or {}, settled=settled)


def test_a_note_that_is_listed_is_there() -> None:
    assert look(TEXT) == (Verdict.THERE, 1)
    assert look("another one", TEXT, settled=False) == (Verdict.THERE, 1)


def test_a_note_that_is_not_listed_is_not_there_once_the_reading_is_settled() -> None:
    assert look() == (Verdict.NOT_THERE, 0)
    assert look(settled=False) == (Verdict.UNKNOWN, 0)


@pytest.mark.parametrize("settled", [False, True])
def test_nothing_is_assumed_of_a_call_without_usable_notes(settled: bool) -> None:
    unusable = ReadCall(DispatchCall(1, 123, "", "", "", closed=False, notes=None))
    verdict = judge(unusable, NOTE, sends=1, explained={}, settled=settled)
    assert verdict == (Verdict.UNKNOWN, 0)


@few
@given(words, words)
def test_what_the_cad_may_change_in_a_text_does_not_change_its_fingerprint(
    label: str, text: str
) -> None:
    plain = fingerprint(label, text)
    assert fingerprint(f" {label}\n", text.replace(" ", " \n")) == plain
    assert fingerprint(unicodedata.normalize("NFD", label), text + "\r\n") == plain


@few
@given(words, words)
def test_an_escaped_text_has_the_fingerprint_of_what_was_escaped(label: str, text: str) -> None:
    assume("&" not in label + text)  # such a text may be read as an escape itself
    assert fingerprint(html.escape(label), html.escape(text)) == fingerprint(label, text)


@few
@given(words, words)
def test_another_word_or_another_sender_makes_another_note(label: str, text: str) -> None:
    plain = fingerprint(label, text)
    assert fingerprint(label, text + " x") != plain
    assert fingerprint(label + " x", text) != plain


def test_a_text_with_half_an_emoji_has_a_fingerprint_and_is_found() -> None:
    assert len(fingerprint("Dana \ud83d", "\ude00 cut")) == 64
    assert look("cut in the middle \ud83d", TEXT) == (Verdict.THERE, 1)


@pytest.mark.parametrize(
    "stored",
    [
        TEXT.replace(" ", "  "),
        TEXT.replace(" ", "\r\n", 3),
        f"\n{TEXT} ",
        TEXT.replace(" ", "\u00a0"),
    ],
    ids=["double blanks", "line breaks", "blanks around", "no-break spaces"],
)
def test_a_note_with_other_white_space_is_recognized(stored: str) -> None:
    assert look(stored) == (Verdict.THERE, 1)


def test_an_escaped_note_is_recognized() -> None:
    note = CallNote(1, 123, '<b>O\'Neill</b> & "Co"', "A & B")
    stored = ListedNote(html.escape(note.label), html.escape(note.text))
    verdict = judge(call_with(stored), note, sends=1, explained={}, settled=True)
    assert verdict == (Verdict.THERE, 1)


@pytest.mark.parametrize(
    "stored",
    [
        ListedNote("Sonoran CAD", TEXT),
        ListedNote(LABEL, TEXT[:40]),
        ListedNote(LABEL, TEXT[:40] + "..."),
        ListedNote("Sonoran CAD", TEXT[:32] + "…"),
        ListedNote(LABEL, f"12:00: {TEXT}"),
        ListedNote(LABEL, f"{TEXT} (by API)"),
        ListedNote(LABEL.lower(), TEXT),
    ],
    ids=["relabelled", "cut", "dots", "relabelled and cut", "prefix", "suffix", "case"],
)
@pytest.mark.parametrize("settled", [False, True])
def test_a_note_that_may_be_this_one_altered_leaves_the_matter_open(
    stored: ListedNote, settled: bool
) -> None:
    assert look(stored, settled=settled) == (Verdict.UNKNOWN, 0)


def test_a_short_note_under_another_label_leaves_the_matter_open() -> None:
    note = CallNote(1, 123, "Code 4", LABEL)
    stored = ListedNote("Sonoran CAD", note.text)
    verdict = judge(call_with(stored), note, sends=1, explained={}, settled=True)
    assert verdict == (Verdict.UNKNOWN, 0)


def test_an_altered_note_that_is_explained_proves_nothing_about_this_one() -> None:
    longer = TEXT + " and a dog"
    others = {fingerprint(LABEL, longer): Explained(confirmed=1)}
    assert look(longer, explained=others) == (Verdict.NOT_THERE, 0)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Suspect armed 🔫 heading north", "Suspect armed ? heading north"),
        ("Suspect armed 🔫 heading north", "Suspect armed ???? heading north"),
        ("Speed < 30 near exit 5", "Speed &amp;lt; 30 near exit 5"),
        ("Zoë's café is on fire", "ZoÃ«'s cafÃ© is on fire"),
    ],
    ids=["emoji lost", "each byte lost", "escaped twice", "wrong encoding"],
)
def test_a_note_with_other_characters_leaves_the_matter_open(text: str, stored: str) -> None:
    note = CallNote(1, 123, text, LABEL)
    verdict = judge(call_with(stored), note, sends=1, explained={}, settled=True)
    assert verdict == (Verdict.UNKNOWN, 0)


def test_a_note_of_the_same_sender_with_other_words_does_not_matter() -> None:
    assert look("Ambulance requested at the corner of Fifth") == (Verdict.NOT_THERE, 0)


def test_a_short_beginning_is_a_note_of_its_own() -> None:
    assert look(TEXT[:12]) == (Verdict.NOT_THERE, 0)


def test_a_list_that_lacks_any_note_known_to_be_there_is_not_believed() -> None:
    other = {fingerprint(LABEL, "hello"): Explained(confirmed=1)}
    assert look(explained=other) == (Verdict.UNKNOWN, 0)
    assert look(TEXT, explained=other) == (Verdict.UNKNOWN, 0)
    assert look("hello", explained=other) == (Verdict.NOT_THERE, 0)
    assert look(TEXT, explained={OWN: Explained(confirmed=2)}) == (Verdict.UNKNOWN, 0)


def test_a_copy_too_many_of_one_note_does_not_make_up_for_another_that_is_lacking() -> None:
    explained = {fingerprint(LABEL, each): Explained(confirmed=1) for each in ("one", "another")}
    assert look("one", "one", explained=explained) == (Verdict.UNKNOWN, 0)


def test_a_missing_note_of_which_nobody_was_sure_says_nothing_about_the_list() -> None:
    other = {fingerprint(LABEL, "hello"): Explained(unconfirmed=1)}
    assert look(explained=other) == (Verdict.NOT_THERE, 0)


def test_equal_notes_are_told_apart_by_their_number() -> None:
    for each in itertools.product(range(5), range(5), range(5), (1, 2, 3), (False, True)):
        with case(each):
            copies, confirmed, unconfirmed, sends, settled = each
            verdict, there = look(
                *[TEXT] * copies,
                sends=sends,
                explained={OWN: Explained(confirmed, unconfirmed)},
                settled=settled,
            )
            unexplained = copies - confirmed
            if unexplained > unconfirmed:
                assert verdict is Verdict.THERE
                assert there == min(unexplained - unconfirmed, sends)
            elif unexplained == 0 and settled:
                assert verdict is Verdict.NOT_THERE
            else:
                assert verdict is Verdict.UNKNOWN


@st.composite
def listings(draw: st.DrawFn) -> tuple[list[ListedNote], dict[str, Explained]]:
    """Draw a list with this note and others in it, and what the outbox knows of some of them."""
    altered = [ListedNote("Sonoran CAD", TEXT), ListedNote(LABEL, TEXT[:40])]
    other = ListedNote(LABEL, draw(words))
    known = [ListedNote(LABEL, TEXT), draw(st.sampled_from(altered)), other]
    listed = draw(st.lists(st.sampled_from(known), max_size=6))
    explained = {
        fingerprint(each.label, each.text): Explained(
            draw(st.integers(0, listed.count(each) + 1)), draw(st.integers(0, 2))
        )
        for each in known
        if draw(st.booleans())
    }
    return listed, explained


@given(listings(), st.booleans(), st.integers(1, 3))
def test_no_list_whatever_makes_a_note_there_without_a_copy_that_nothing_else_explains(
    drawn: tuple[list[ListedNote], dict[str, Explained]], settled: bool, sends: int
) -> None:
    listed, explained = drawn
    verdict, there = look(*listed, sends=sends, explained=explained, settled=settled)
    own = explained.get(OWN, Explained())
    copies = sum(fingerprint(each.label, each.text) == OWN for each in listed)
    spare = copies - own.confirmed - own.unconfirmed
    assert (verdict is Verdict.THERE) <= (0 < there <= min(spare, sends))
    assert (verdict is not Verdict.THERE) <= (there == 0)
    assert (verdict is Verdict.NOT_THERE) <= (settled and copies == own.confirmed)


@few
@given(listings(), st.randoms())
def test_the_order_of_the_list_does_not_matter(
    drawn: tuple[list[ListedNote], dict[str, Explained]], random: object
) -> None:
    listed, explained = drawn
    shuffled = sorted(listed, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert look(*listed, explained=explained) == look(*shuffled, explained=explained)


@few
@given(st.text("abc xyz.é", min_size=32, max_size=200), st.integers(32, 200))
def test_a_cut_note_is_never_taken_for_absent(text: str, length: int) -> None:
    note = CallNote(1, 123, text, LABEL)
    assume(len(" ".join(text[:length].split())) >= 32)
    verdict, _ = judge(call_with(text[:length]), note, sends=1, explained={}, settled=True)
    assert verdict is not Verdict.NOT_THERE


def test_an_entry_that_cannot_be_read_forbids_not_there_and_never_there() -> None:
    assert look(TEXT, unreadable=1) == (Verdict.THERE, 1)
    assert look(unreadable=1) == (Verdict.UNKNOWN, 0)
    other = {fingerprint(LABEL, "hello"): Explained(confirmed=1)}
    assert look(TEXT, explained=other, unreadable=1) == (Verdict.THERE, 1)
    assert look(TEXT, explained={OWN: Explained(confirmed=1)}, unreadable=1) == (Verdict.UNKNOWN, 0)
    two = other | {fingerprint(LABEL, "bye"): Explained(confirmed=1)}
    assert look(TEXT, explained=two, unreadable=1) == (Verdict.UNKNOWN, 0)


def test_a_run_of_marks_is_compared_by_its_beginning() -> None:
    assert fingerprint(LABEL, "a" + "\u0301" * 31) == fingerprint(LABEL, "a" + "\u0301" * 9000)
    assert fingerprint(LABEL, "a" + "\u0301" * 29) != fingerprint(LABEL, "a" + "\u0301" * 30)


def test_each_listed_note_is_read_once_however_many_notes_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = call_with(*(f"note {n}" for n in range(100)), TEXT)
    normalized: list[str] = []
    real = matching.fingerprint

    def noted(label: str, text: str) -> str:
        normalized.append(text)
        return real(label, text)

    monkeypatch.setattr(matching, "fingerprint", noted)
    for _ in range(10):
        verdict = judge(read, NOTE, sends=1, explained={}, settled=True)
        assert verdict == (Verdict.THERE, 1)
    assert normalized == [TEXT] * 10


def test_the_words_of_a_note_are_in_no_repr() -> None:
    assert TEXT not in repr((NOTE, call_with(TEXT).notes))
    assert LABEL not in repr((NOTE, call_with(TEXT).notes))
