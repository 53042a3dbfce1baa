import json

import pytest

from bot.sonoran import (
    CallNote,
    OutcomeUnknownError,
    v1,
    v2,
)
from bot.sonoran.exchange import Reply
from bot.sonoran.wire import Wire, call_named_as_noted
from tests.cases import cases
from tests.sonoran.wire_replies import (
    CREDENTIALS,
    DEEP,
    HTML,
    KEY,
    NOTE,
    both_versions,
    error_from,
    reply,
)


class TestRequests:
    def test_v1_sends_exactly_the_documented_fields(self) -> None:
        request = v1.add_call_note(CREDENTIALS, NOTE)
        assert (request.method, request.path) == ("POST", "/emergency/add_call_note")
        assert request.headers == {"Content-Type": "application/json"}
        assert request.body is not None
        assert json.loads(request.body) == {
            "id": "rockford",
            "key": KEY,
            "type": "ADD_CALL_NOTE",
            "data": [{"serverId": 2, "callId": 417, "note": NOTE.text, "label": "D-2"}],
        }

    def test_v2_sends_exactly_the_documented_fields(self) -> None:
        request = v2.add_call_note(CREDENTIALS, NOTE)
        assert request.method == "POST"
        assert request.path == "/v2/emergency/servers/2/dispatch-calls/417/notes"
        assert request.headers == {
            "Authorization": f"Bearer {KEY}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        assert request.body is not None
        assert json.loads(request.body) == {"note": NOTE.text, "noteType": "text", "label": "D-2"}

    def test_the_version_question_is_a_read_without_a_body(self) -> None:
        request = v2.get_version(CREDENTIALS)
        assert (request.method, request.path) == ("GET", "/v2/general/version")
        assert request.headers == {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
        assert request.body is None

    @both_versions
    def test_a_printed_request_shows_neither_key_nor_note(self, wire: Wire) -> None:
        shown = repr((wire.add_call_note(CREDENTIALS, NOTE), CREDENTIALS, NOTE))
        assert KEY not in shown
        assert "line" not in shown

    @both_versions
    def test_half_a_character_in_a_note_can_still_be_sent(self, wire: Wire) -> None:
        body = wire.add_call_note(CREDENTIALS, CallNote(1, 1, "\ud83d", "D-2")).body
        assert body is not None
        assert b"\\ud83d" in body


class TestVersion1Success:
    @cases(
        "body",
        [
            b"NOTE 'Caller hung up' added to call #417",
            b"NOTE 'Caller hung up' added to call #417.\r\n",
            b"note 'Caller hung up' ADDED TO CALL #417",
            b"NOTE 'x' added to call #999' added to call #417",
            b"NOTE '<html>' added to call #417",
            b"NOTE '\xff\xfe' added to call #417",
            b"\"NOTE 'x' added to call #417\"",
            b"NOTE '" + b"x" * 60_000 + b"' added to call #417",
        ],
    )
    def test_the_tail_naming_the_call_means_added(self, body: bytes) -> None:
        added = v1.read_added_note(reply(body), NOTE)
        assert added.lower().rstrip(".").endswith("added to call #417")

    def test_the_words_of_the_service_are_handed_on_as_they_came(self) -> None:
        text = "NOTE 'it's here' added to call #417"
        assert v1.read_added_note(reply(text.encode()), NOTE) == text

    @cases(
        "body",
        [
            b"NOTE 'x' added to call #999",
            b"NOTE 'x' added to call #417' added to call #999",
            b"NOTE ' added to call #417'",
            b"NOTE 'x' added to call #4170",
            b"NOTE 'x' added to call #1417",
            b"added to call #417 is what you wish",
            b"",
            b"417",
            HTML,
            b"\xff\xfe\x00",
            DEEP,
            b'{"callId": 417}',
            b"[\"NOTE 'x' added to call #417\"]",
        ],
    )
    def test_any_other_success_leaves_the_outcome_unknown(self, body: bytes) -> None:
        error = error_from(v1, reply(body))
        assert type(error) is OutcomeUnknownError
        assert error.status == 200

    def test_a_cut_reply_leaves_the_outcome_unknown(self) -> None:
        cut = Reply(200, {}, b"NOTE 'x' added to call #417", complete=False)
        assert type(error_from(v1, cut)) is OutcomeUnknownError

    @cases("number", ["9007199254740991", "1", "007"])
    def test_every_possible_call_number_is_read(self, number: str) -> None:
        assert call_named_as_noted(f"NOTE '' added to call #{number}") == int(number)

    def test_a_number_too_long_for_a_call_is_not_read(self) -> None:
        assert call_named_as_noted(f"added to call #{'1' * 5000}") is None


class TestVersion2Success:
    @cases(
        "body",
        [
            {"callId": 417, "note": "stored"},
            {"CallId": 417, "Note": "stored"},
            {"CALLID": "417", "note": "stored", "more": [1]},
        ],
    )
    @cases("status", [200, 201])
    def test_the_call_named_in_any_casing_means_added(self, body: object, status: int) -> None:
        added = v2.read_added_note(reply(body, status), NOTE)
        assert added == "NOTE 'stored' added to call #417"

    @cases("body", [{"callId": 417}, {"callId": 417, "note": 5}])
    def test_a_note_not_repeated_is_shown_as_it_was_sent(self, body: object) -> None:
        text = v2.read_added_note(reply(body), NOTE)
        assert text == f"NOTE '{NOTE.text}' added to call #417"

    def test_the_media_type_does_not_matter(self) -> None:
        received = reply({"callId": 417, "note": "x"}, content_type="text/html")
        assert v2.read_added_note(received, NOTE).endswith(" added to call #417")

    @cases(
        "body",
        [
            {"callId": 999, "note": "NOTE 'x' added to call #417"},
            {"callId": "0417"},
            {"callId": None},
            {"callId": [417]},
            {"note": "x"},
            {},
            [],
            [{"callId": 417}],
            417,
            None,
            "NOTE 'x' added to call #417",
            b"NOTE 'x' added to call #417",
            b"",
            b"\xff\xfe\x00{",
            b'{"callId": 417, "note": "x',
            b'{"callId": ' + b"9" * 5000 + b"}",
            DEEP,
            HTML,
        ],
    )
    def test_any_other_success_leaves_the_outcome_unknown(self, body: object) -> None:
        error = error_from(v2, reply(body))
        assert type(error) is OutcomeUnknownError
        assert error.status == 200

    def test_a_truth_value_is_no_call_number(self) -> None:
        with pytest.raises(OutcomeUnknownError):
            v2.read_added_note(reply({"callId": True}), CallNote(1, 1, "x", "D-2"))

    def test_a_success_without_content_leaves_the_outcome_unknown(self) -> None:
        assert type(error_from(v2, reply(status=204))) is OutcomeUnknownError

    def test_a_cut_reply_leaves_the_outcome_unknown(self) -> None:
        cut = Reply(200, {}, b'{"callId": 417, "note": "x"}', complete=False)
        assert type(error_from(v2, cut)) is OutcomeUnknownError
