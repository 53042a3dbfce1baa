"""Replies to listings made by hand, and what is read in them."""

import json
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sonoran import (
    CadServer,
    CallList,
    CallStatus,
    CredentialsError,
    DispatchCall,
    ListedNote,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    ServerList,
    SonoranError,
)
from bot.sonoran.exchange import Reply
from bot.sonoran.listings import read_calls, read_servers
from bot.sonoran.wire import Wire
from tests.sonoran.wire_replies import HTML, both_versions, reply, short

NOTE = {"time": "12:00:00", "label": "D-2", "type": "text", "content": "Caller hung up"}
ADDRESS = "203.0.113.7"
SERVER = {"id": 1, "name": "Main", "mapIp": ADDRESS, "outboundIp": ADDRESS, "listenerPort": 30120}
MAIN_ALONE = ServerList((CadServer(1, "Main"),))
PLACEHOLDERS = [b"Backend Service Reached", b"Sonoran CAD: Backend Service Reached"]
DEEP = b'{"ActiveCalls":' * 100_000


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
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6)
    ),
    max_leaves=12,
)


def call(call_id: object = 417, **members: object) -> dict[str, object]:
    return {"callId": call_id, "title": "Collision", "notes": [NOTE], **members}


def calls(*active: object, closed: object = ()) -> dict[str, object]:
    return {"ActiveCalls": list(active), "EmergencyCalls": [], "ClosedCalls": closed}


def read(body: object) -> CallList:
    return read_calls(reply(body), 2)


def notes_in(notes: object) -> tuple[ListedNote, ...] | None:
    (found,) = read(calls(call(notes=notes))).calls
    return found.notes


def unclear(received: Reply, *, servers: bool = False) -> OutcomeUnknownError:
    with pytest.raises(OutcomeUnknownError) as caught:
        read_servers(received) if servers else read_calls(received, 2)
    assert caught.value.reason is Reason.UNCLEAR_REPLY
    return caught.value


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
        old = found.find(3)
        assert old is not None
        assert old.title == "Old"
        assert found.find(2) is None

    def test_911_calls_are_left_out_even_with_an_id_of_a_dispatch_call(self) -> None:
        body = calls(call(417))
        body["EmergencyCalls"] = [{"callId": 417, "caller": "Jane"}, {"callId": 7}]
        found = read(body)
        assert [item.call_id for item in found.calls] == [417]
        assert found.emergency_ids == {417, 7}

    @pytest.mark.parametrize("odd", [None, {}, "x", [None, {}, {"callId": "7"}]], ids=short)
    def test_911_calls_of_another_shape_keep_no_call_from_being_read(self, odd: object) -> None:
        found = read({**calls(call()), "EmergencyCalls": odd})
        assert [item.call_id for item in found.calls] == [417]
        assert found.emergency_ids == frozenset()

    @pytest.mark.parametrize(
        ("members", "shown"),
        [
            ({"priority": "High", "postal": 305}, ("High", "305")),
            ({"priority": True, "postal": None}, ("", "")),
            ({"priority": 10**400, "postal": 1.5}, ("", "")),
        ],
        ids=short,
    )
    def test_priority_and_postal_are_numbers_or_texts(
        self, members: dict[str, object], shown: tuple[str, str]
    ) -> None:
        (found,) = read(calls(call(**members))).calls
        assert (found.priority, found.postal) == shown

    @pytest.mark.parametrize("status", [3, -1, "1", None, True, 1.0], ids=short)
    def test_an_unknown_status_is_none(self, status: object) -> None:
        (found,) = read(calls(call(status=status))).calls
        assert found.status is None

    @pytest.mark.parametrize(
        "updated",
        ["", "12:00:00", "yesterday", 5, "9999-99-99", "0001-01-01T00:00:00+23:59"],
        ids=short,
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

    @pytest.mark.parametrize("change", [str.upper, str.lower, str.title, str.swapcase])
    def test_keys_are_read_in_any_case(self, change: object) -> None:
        def changed(value: object) -> object:
            if isinstance(value, dict):
                return {change(key): changed(item) for key, item in value.items()}  # type: ignore[operator]
            return [changed(item) for item in value] if isinstance(value, list) else value

        body = calls(call(1), closed=[call(2)])
        assert read(changed(body)) == read(body)
        assert len(read(body).calls) == 2

    @pytest.mark.parametrize("entry", [{}, {"title": None, "code": 10, "address": ["x"]}])
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


class TestNotes:
    def test_the_order_of_the_reply_is_kept(self) -> None:
        newest_first = [{**NOTE, "content": text} for text in ("third", "second", "first")]
        found = notes_in(newest_first)
        assert found is not None
        assert [note.text for note in found] == ["third", "second", "first"]

    def test_a_call_without_notes_has_none_of_them(self) -> None:
        assert notes_in([]) == ()

    @pytest.mark.parametrize(
        "notes",
        [
            None,
            "12:00: D-2: Caller hung up",
            NOTE,
            0,
        ],
        ids=short,
    )
    def test_notes_of_another_shape_are_unknown_and_not_none(self, notes: object) -> None:
        assert notes_in(notes) is None

    @pytest.mark.parametrize(
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
        ids=short,
    )
    def test_a_note_of_another_shape_is_counted_and_the_others_are_read(self, odd: object) -> None:
        (found,) = read(calls(call(1, notes=[odd, NOTE]))).calls
        assert found.notes == (ListedNote("D-2", "Caller hung up"),)
        assert found.unreadable_notes == 1

    def test_a_missing_member_leaves_the_notes_unknown(self) -> None:
        (found,) = read(calls({"callId": 1})).calls
        assert found.notes is None
        assert found.shown_notes == ()

    @pytest.mark.parametrize(
        ("notes", "shown"),
        [
            ("12:00: D-2: Hello", [("", "12:00: D-2: Hello")]),
            (NOTE, [("D-2", "Caller hung up")]),
            (
                ["Hello", NOTE, None, {"content": "x"}],
                [("", "Hello"), ("D-2", "Caller hung up"), ("", "x")],
            ),
        ],
        ids=short,
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
    @pytest.mark.parametrize(
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
        ids=short,
    )
    def test_a_list_that_can_be_misread_is_not_read(self, body: object) -> None:
        error = unclear(reply(body))
        assert error.status == 200
        assert error.text is None

    @pytest.mark.parametrize(
        "odd",
        ["call", None, {}, call("417"), call(417.0), call(True), call(None), [call()]],
        ids=short,
    )
    def test_a_call_without_an_id_does_not_keep_the_others_from_being_read(
        self, odd: object
    ) -> None:
        assert read(calls(odd, call(5))) == read(calls(call(5)))

    def test_of_a_call_that_stands_twice_the_notes_are_unknown_and_no_others(self) -> None:
        for body in (calls(call(), call(), call(5)), calls(call(), call(5), closed=[call()])):
            found = read(body)
            twice, other = found.find(417), found.find(5)
            assert twice is not None
            assert twice.notes is None
            assert other is not None
            assert other.notes == (ListedNote("D-2", "Caller hung up"),)

    @pytest.mark.parametrize("closed", [{}, {"ClosedCalls": None}, {"ClosedCalls": {"4": "x"}}])
    def test_an_odd_list_of_closed_calls_does_not_keep_open_ones_from_being_read(
        self, closed: dict[str, object]
    ) -> None:
        assert read({"ActiveCalls": [call()], **closed}) == read(calls(call()))

    @pytest.mark.parametrize("active", [{}, {"ActiveCalls": None}, {"ActiveCalls": "none"}])
    def test_an_odd_list_of_open_calls_does_not_keep_closed_ones_from_being_read(
        self, active: dict[str, object]
    ) -> None:
        assert read({"ClosedCalls": [call()], **active}) == read(calls(closed=[call()]))

    def test_an_incomplete_list_is_not_read(self) -> None:
        body = json.dumps(calls(call())).encode()
        unclear(Reply(200, {}, body, complete=False))
        unclear(Reply(200, {}, body[:-1]))

    def test_a_reference_of_the_service_is_kept(self) -> None:
        assert unclear(reply({}, x_trace_id="00-1f2e")).trace_id == "00-1f2e"


class TestServers:
    def test_number_and_name_are_read(self) -> None:
        second = {"id": 2, "name": "North County"}
        assert read_servers(reply({"servers": [SERVER, second]})) == ServerList(
            (CadServer(1, "Main"), CadServer(2, "North County"))
        )

    def test_a_list_quoted_as_a_json_text_is_read(self) -> None:
        assert read_servers(reply(json.dumps({"Servers": [SERVER]}))) == MAIN_ALONE

    def test_a_server_without_a_name_keeps_its_number(self) -> None:
        assert read_servers(reply({"servers": [{"id": 3}]})).servers == (CadServer(3, ""),)

    @pytest.mark.parametrize(
        "odd",
        [
            "Main",
            None,
            {},
            {**SERVER, "id": "2"},
            {**SERVER, "id": None},
            {**SERVER, "id": True},
            {**SERVER, "id": 2**31},
            {**SERVER, "id": -1},
        ],
        ids=short,
    )
    def test_an_odd_entry_spoils_no_other_but_the_list_may_lack_a_server(self, odd: object) -> None:
        found = read_servers(reply({"servers": [odd, SERVER]}))
        assert found == ServerList(MAIN_ALONE.servers, whole=False)

    def test_of_two_with_the_same_number_the_first_counts(self) -> None:
        assert read_servers(reply({"servers": [SERVER, {**SERVER, "name": "x"}]})) == MAIN_ALONE

    def test_a_byte_that_is_no_text_spoils_nothing_but_its_character(self) -> None:
        body = b'{"servers": [{"id": 1, "name": "Zo\xeb"}]}'
        assert read_servers(reply(body)) == ServerList((CadServer(1, "Zo\ufffd"),))

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [SERVER],
            {"servers": SERVER},
            json.dumps({"servers": [SERVER]}).encode()[:-1],
            HTML,
            b"\xff",
        ],
        ids=short,
    )
    def test_an_unusable_list_is_not_read_and_shows_no_address(self, body: object) -> None:
        error = unclear(reply(body), servers=True)
        assert ADDRESS not in f"{error!r} {vars(error)}"

    def test_no_address_of_a_game_server_is_shown(self) -> None:
        received = reply({"servers": [SERVER]})
        assert ADDRESS not in repr((received, read_servers(received)))


@both_versions
class TestFailures:
    @pytest.mark.parametrize(
        ("received", "kind"),
        [
            (reply(b"gone", 404), RefusedError),
            (reply(b"", 402), CredentialsError),
            (reply(b"x", 401), CredentialsError),
            (reply({"message": "slow"}, 429), RateLimitedError),
            (reply(b"", 500), OutcomeUnknownError),
            (reply(HTML, 403), CredentialsError),
            (reply(b"", 307), NoEffectError),
            *((reply(body), NoEffectError) for body in PLACEHOLDERS),
        ],
        ids=short,
    )
    def test_a_reply_that_is_no_success_is_an_error_of_its_kind(
        self, wire: Wire, received: Reply, kind: type[SonoranError]
    ) -> None:
        with pytest.raises(SonoranError) as caught:
            wire.raise_failure(received)
        assert type(caught.value) is kind
