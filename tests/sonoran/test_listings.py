"""What is read in a list of calls."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sonoran import (
    CallList,
    CallStatus,
    DispatchCall,
    ListedNote,
)
from bot.sonoran.exchange import Reply
from tests.cases import cases
from tests.hostile_text import hostile_texts
from tests.sonoran.listing_replies import (
    DEEP,
    NOTE,
    call,
    calls,
    read,
    unclear,
)
from tests.sonoran.reads import call_of
from tests.sonoran.wire_replies import HTML, reply

MEMBERS = [
    "title",
    "code",
    "address",
    "postal",
    "priority",
    "status",
    "updated",
    "callId",
    "notes",
    "idents",
    "time",
    "label",
    "content",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | hostile_texts(5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6)
    ),
    max_leaves=12,
)


class TestCalls:
    def test_a_call_is_read_with_its_notes(self) -> None:
        entry = call(
            code="10-50",
            address="Route 9",
            postal="305",
            description="Two cars",
            priority=2,
            status=1,
            idents=[31],
            updated="2026-01-02T03:04:05Z",
            later="unknown",
        )
        note = ListedNote("D-2", "Caller hung up", "12:00:00")
        assert read(calls(entry)) == CallList(
            2,
            (
                DispatchCall(
                    server_id=2,
                    call_id=417,
                    title="Collision",
                    code="10-50",
                    address="Route 9",
                    closed=False,
                    notes=(note,),
                    shown_notes=(note,),
                    postal="305",
                    description="Two cars",
                    priority="2",
                    status=CallStatus.ACTIVE,
                    unit_ids=(31,),
                    updated=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                ),
            ),
        )
        assert read(calls(entry)).calls[0].shown_notes[0].time == "12:00:00"

    def test_active_and_closed_calls_are_told_apart(self) -> None:
        found = read(calls(call(1), call(2), closed=[call(3)]))
        assert [(item.call_id, item.closed) for item in found.calls] == [
            (1, False),
            (2, False),
            (3, True),
        ]

    def test_a_call_is_found_by_its_id(self) -> None:
        found = read(calls(call(1), closed=[call(3, title="Old")]))
        old = call_of(found, 3)
        assert old is not None
        assert old.title == "Old"
        assert call_of(found, 2) is None

    def test_911_calls_are_left_out_even_with_an_id_of_a_dispatch_call(self) -> None:
        body = calls(call(417))
        body["EmergencyCalls"] = [{"callId": 417, "caller": "Jane"}, {"callId": 7}]
        found = read(body)
        assert [item.call_id for item in found.calls] == [417]
        assert found.emergency_ids == {417, 7}

    @cases("odd", [None, {}, "x", [None, {}, {"callId": "7"}]])
    def test_911_calls_of_another_shape_keep_no_call_from_being_read(self, odd: object) -> None:
        found = read({**calls(call()), "EmergencyCalls": odd})
        assert [item.call_id for item in found.calls] == [417]
        assert found.emergency_ids == frozenset()

    @cases(
        ("members", "shown"),
        [
            ({"priority": "High", "postal": 305}, ("High", "305")),
            ({"priority": True, "postal": None}, ("", "")),
            ({"priority": 10**400, "postal": 1.5}, ("", "")),
        ],
    )
    def test_priority_and_postal_are_numbers_or_texts(
        self, members: dict[str, object], shown: tuple[str, str]
    ) -> None:
        (found,) = read(calls(call(**members))).calls
        assert (found.priority, found.postal) == shown

    @cases("status", [3, -1, "1", None, True, 1.0])
    def test_an_unknown_status_is_none(self, status: object) -> None:
        (found,) = read(calls(call(status=status))).calls
        assert found.status is None

    @cases(
        "updated",
        ["", "12:00:00", "yesterday", 5, "9999-99-99", "0001-01-01T00:00:00+23:59"],
    )
    def test_what_is_no_time_is_none(self, updated: object) -> None:
        (found,) = read(calls(call(updated=updated))).calls
        assert found.updated is None

    def test_very_long_texts_are_cut(self) -> None:
        (found,) = read(
            calls(call(title="x" * 9000, description="y" * 9000, idents=[1] * 900))
        ).calls
        assert (len(found.title), len(found.description), len(found.unit_ids)) == (300, 4000, 100)

    @settings(max_examples=40, deadline=None)
    @given(anything)
    def test_whatever_an_entry_is_the_other_calls_are_read(self, odd: object) -> None:
        found = read(calls(odd, call(5)))
        assert any(item.call_id == 5 for item in found.calls)
        assert len(found.calls) <= 2

    @cases("change", [str.upper, str.lower, str.title, str.swapcase])
    def test_keys_are_read_in_any_case(self, change: object) -> None:
        def changed(value: object) -> object:
            if isinstance(value, dict):
                return {change(key): changed(item) for key, item in value.items()}  # type: ignore[operator]
            return [changed(item) for item in value] if isinstance(value, list) else value

        body = calls(call(1), closed=[call(2)])
        assert read(changed(body)) == read(body)
        assert len(read(body).calls) == 2

    @cases("entry", [{}, {"title": None, "code": 10, "address": ["x"]}])
    def test_what_is_no_text_is_read_as_empty(self, entry: dict[str, object]) -> None:
        (found,) = read(calls({"callId": 1, **entry})).calls
        assert (found.title, found.code, found.address) == ("", "", "")

    def test_a_huge_list_is_read_whole(self) -> None:
        note = {**NOTE, "content": "x" * 500}
        entries = [call(number, notes=[note] * 10) for number in range(700)]
        found = read(calls(*entries))
        assert [item.call_id for item in found.calls] == list(range(700))
        assert all(item.notes is not None and len(item.notes) == 10 for item in found.calls)

    def test_a_call_shows_no_note_when_printed(self) -> None:
        shown = repr(read(calls(call())))
        assert "417" in shown
        assert "Caller hung up" not in shown
        assert "D-2" not in shown


class TestDamagedCalls:
    """Bytes that are no UTF-8 may stand for any character, within a text."""

    def test_they_spoil_no_other_text(self) -> None:
        body = json.dumps(calls(call(title="Zo\xeb")), ensure_ascii=False).encode("latin-1")
        (found,) = read(body).calls
        assert (found.title, found.address) == ("Zo\ufffd", "")
        assert found.notes == (ListedNote("D-2", "Caller hung up"),)
        assert found.unreadable_notes == 0

    def test_a_note_with_some_may_be_another_note(self) -> None:
        entry = call(notes=[NOTE, {**NOTE, "content": "Zo\xeb"}])
        body = json.dumps(calls(entry, call(5)), ensure_ascii=False).encode("latin-1")
        found, other = read(body).calls
        assert found.notes == (
            ListedNote("D-2", "Caller hung up"),
            ListedNote("D-2", "Zo\ufffd"),
        )
        assert (found.unreadable_notes, other.unreadable_notes) == (1, 0)

    def test_the_replacement_character_itself_is_one_like_others(self) -> None:
        (found,) = read(calls(call(notes=[{**NOTE, "content": "Zo\ufffd"}]))).calls
        assert found.unreadable_notes == 0


def test_other_threads_get_their_turn_at_each_object_of_a_list() -> None:
    """Python runs another thread between two steps of its own code, and at no other time."""
    steps = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event == "call"

    body = json.dumps(calls(call(notes=[NOTE] * 1000))).encode()
    sys.setprofile(count)
    try:
        found = Reply(200, {}, body).json
    finally:
        sys.setprofile(None)
    assert steps > 1000
    assert found == json.loads(body)


class TestUnusableCalls:
    @cases(
        "body",
        [
            {},
            [],
            [call()],
            {"ActiveCalls": None, "ClosedCalls": {"417": call()}},
            b"",
            b"null",
            b'"{"',
            b"ActiveCalls",
            b"\xff\xfe\x00",
            HTML,
            DEEP,
        ],
    )
    def test_a_list_that_can_be_misread_is_not_read(self, body: object) -> None:
        error = unclear(reply(body))
        assert error.status == 200
        assert error.text is None

    @cases(
        "odd",
        ["call", None, {}, call("417"), call(417.0), call(True), call(None), [call()]],
    )
    def test_a_call_without_an_id_does_not_keep_the_others_from_being_read(
        self, odd: object
    ) -> None:
        assert read(calls(odd, call(5))) == replace(read(calls(call(5))), whole=False)
        unclear(reply(calls(odd)))

    def test_of_a_call_that_stands_twice_the_notes_are_unknown_and_no_others(self) -> None:
        for body in (calls(call(), call(), call(5)), calls(call(), call(5), closed=[call()])):
            found = read(body)
            twice, other = call_of(found, 417), call_of(found, 5)
            assert twice is not None
            assert twice.notes is None
            assert other is not None
            assert other.notes == (ListedNote("D-2", "Caller hung up"),)

    @cases("closed", [{}, {"ClosedCalls": None}, {"ClosedCalls": {"4": "x"}}])
    def test_an_odd_list_of_closed_calls_does_not_keep_open_ones_from_being_read(
        self, closed: dict[str, object]
    ) -> None:
        whole = closed.get("ClosedCalls") is None
        assert read({"ActiveCalls": [call()], **closed}) == replace(
            read(calls(call())), whole=whole
        )

    @cases("active", [{}, {"ActiveCalls": None}, {"ActiveCalls": "none"}])
    def test_an_odd_list_of_open_calls_does_not_keep_closed_ones_from_being_read(
        self, active: dict[str, object]
    ) -> None:
        found = read({"ClosedCalls": [call()], **active})
        assert found == replace(read(calls(closed=[call()])), whole=False)

    def test_an_incomplete_list_is_not_read(self) -> None:
        body = json.dumps(calls(call())).encode()
        unclear(Reply(200, {}, body, complete=False))
        unclear(Reply(200, {}, body[:-1]))

    def test_a_reference_of_the_service_is_kept(self) -> None:
        assert unclear(reply({}, x_trace_id="00-1f2e")).trace_id == "00-1f2e"
