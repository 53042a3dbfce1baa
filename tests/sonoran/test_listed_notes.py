"""What is read of the notes in a list of calls."""

from bot.sonoran import (
    ListedNote,
)
from tests.cases import cases
from tests.sonoran.listing_replies import NOTE, call, calls, notes_in, read


class TestNotes:
    def test_the_order_of_the_reply_is_kept(self) -> None:
        newest_first = [{**NOTE, "content": text} for text in ("third", "second", "first")]
        found = notes_in(newest_first)
        assert found is not None
        assert [note.text for note in found] == ["third", "second", "first"]

    def test_a_call_without_notes_has_none_of_them(self) -> None:
        assert notes_in([]) == ()

    @cases(
        "notes",
        [
            None,
            "12:00: D-2: Caller hung up",
            NOTE,
            0,
        ],
    )
    def test_notes_of_another_shape_are_unknown_and_not_none(self, notes: object) -> None:
        assert notes_in(notes) is None

    @cases(
        "odd",
        [
            None,
            "Caller hung up",
            {"label": "D-2"},
            {"content": "x"},
            {"label": None, "content": "x"},
            {"label": "D-2", "content": 5},
            [NOTE],
        ],
    )
    def test_a_note_of_another_shape_is_counted_and_the_others_are_read(self, odd: object) -> None:
        (found,) = read(calls(call(1, notes=[odd, NOTE]))).calls
        assert found.notes == (ListedNote("D-2", "Caller hung up"),)
        assert found.unreadable_notes == 1

    def test_a_missing_member_leaves_the_notes_unknown(self) -> None:
        (found,) = read(calls({"callId": 1})).calls
        assert found.notes is None
        assert found.shown_notes == ()

    @cases(
        ("notes", "shown"),
        [
            ("12:00: D-2: Hello", [("", "12:00: D-2: Hello")]),
            (NOTE, [("D-2", "Caller hung up")]),
            (
                ["Hello", NOTE, None, {"content": "x"}],
                [("", "Hello"), ("D-2", "Caller hung up"), ("", "x")],
            ),
        ],
    )
    def test_notes_of_any_shape_are_there_to_be_shown(
        self, notes: object, shown: list[tuple[str, str]]
    ) -> None:
        (found,) = read(calls(call(notes=notes))).calls
        assert [(note.label, note.text) for note in found.shown_notes] == shown

    def test_unknown_notes_of_one_call_leave_the_others_alone(self) -> None:
        first, second = read(calls(call(1, notes="old"), call(2))).calls
        assert first.notes is None
        assert second.notes == (ListedNote("D-2", "Caller hung up"),)
