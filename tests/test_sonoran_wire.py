import json

import pytest

from bot.sonoran import (
    CallNote,
    Credentials,
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    SonoranError,
    v1,
    v2,
)
from bot.sonoran.wire import Reply, Wire, call_named_as_noted

KEY = "key-that-must-not-show"
CREDENTIALS = Credentials(KEY, "rockford")
NOTE = CallNote(server_id=2, call_id=417, text="Caller's line\nwas cut 🚓", label="D-2")
DEEP = b'{"callId":' * 100_000
HTML = b"<!DOCTYPE html><html><body>added to call #417</body></html>"

both_versions = pytest.mark.parametrize("wire", [v1, v2], ids=["v1", "v2"])


def reply(body: object = b"", status: int = 200, **headers: str) -> Reply:
    """Make a reply; a body that is no bytes goes out as JSON, `_` in header names is `-`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def short(value: object) -> str:
    """Name a case after its beginning."""
    return repr(value)[:40]


def error_from(wire: Wire, received: Reply) -> SonoranError:
    with pytest.raises(SonoranError) as caught:
        wire.read_added_note(received, NOTE)
    return caught.value


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
    @pytest.mark.parametrize(
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
        ids=short,
    )
    def test_the_tail_naming_the_call_means_added(self, body: bytes) -> None:
        added = v1.read_added_note(reply(body), NOTE)
        assert added.call_id == 417
        assert added.text.lower().rstrip(".").endswith("added to call #417")

    def test_the_words_of_the_service_are_handed_on_as_they_came(self) -> None:
        text = "NOTE 'it's here' added to call #417"
        assert v1.read_added_note(reply(text.encode()), NOTE).text == text

    @pytest.mark.parametrize(
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

    @pytest.mark.parametrize("number", ["9007199254740991", "1", "007"])
    def test_every_possible_call_number_is_read(self, number: str) -> None:
        assert call_named_as_noted(f"NOTE '' added to call #{number}") == int(number)

    def test_a_number_too_long_for_a_call_is_not_read(self) -> None:
        assert call_named_as_noted(f"added to call #{'1' * 5000}") is None


class TestVersion2Success:
    @pytest.mark.parametrize(
        "body",
        [
            {"callId": 417, "note": "stored"},
            {"CallId": 417, "Note": "stored"},
            {"CALLID": "417", "note": "stored", "more": [1]},
        ],
    )
    @pytest.mark.parametrize("status", [200, 201])
    def test_the_call_named_in_any_casing_means_added(self, body: object, status: int) -> None:
        added = v2.read_added_note(reply(body, status), NOTE)
        assert (added.call_id, added.text) == (417, "NOTE 'stored' added to call #417")

    @pytest.mark.parametrize("body", [{"callId": 417}, {"callId": 417, "note": 5}])
    def test_a_note_not_repeated_is_shown_as_it_was_sent(self, body: object) -> None:
        text = v2.read_added_note(reply(body), NOTE).text
        assert text == f"NOTE '{NOTE.text}' added to call #417"

    def test_the_media_type_does_not_matter(self) -> None:
        received = reply({"callId": 417, "note": "x"}, content_type="text/html")
        assert v2.read_added_note(received, NOTE).call_id == 417

    @pytest.mark.parametrize(
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
        ids=short,
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


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("INVALID REQUEST TYPE", RefusedError),
            ("INVALID COMMUNITY ID", CredentialsError),
            ("API IS NOT ENABLED FOR THIS COMMUNITY", CredentialsError),
            ("LIVE MAP IS NOT ENABLED FOR THIS COMMUNITY", CredentialsError),
            ("INVALID API KEY", CredentialsError),
            ("invalid api key\n", CredentialsError),
            ("VERSION PRO REQUIRED", CredentialsError),
            ("VERSION PLUS REQUIRED", CredentialsError),
            ("Server not found with ID: 9", RefusedError),
            ("", RefusedError),
        ],
    )
    def test_v1_tells_credentials_from_other_texts(
        self, text: str, kind: type[RefusedError]
    ) -> None:
        error = error_from(v1, reply(text.encode(), 400))
        assert type(error) is kind
        assert isinstance(error, RefusedError)
        assert (error.text, error.status) == (text.strip(), 400)

    def test_a_v1_refusal_as_a_json_string_is_unwrapped(self) -> None:
        error = error_from(v1, reply("INVALID API KEY", 400))
        assert isinstance(error, CredentialsError)
        assert error.text == "INVALID API KEY"

    @both_versions
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, RefusedError),
            (401, CredentialsError),
            (402, CredentialsError),
            (403, CredentialsError),
            (404, RefusedError),
            (405, RefusedError),
            (408, OutcomeUnknownError),
            (409, RefusedError),
            (415, RefusedError),
            (429, RateLimitedError),
            (500, OutcomeUnknownError),
            (502, OutcomeUnknownError),
            (301, OutcomeUnknownError),
            (302, OutcomeUnknownError),
            (303, OutcomeUnknownError),
            (307, NoEffectError),
            (308, NoEffectError),
        ],
    )
    def test_a_status_means_one_kind_of_error(
        self, wire: Wire, status: int, kind: type[SonoranError]
    ) -> None:
        error = error_from(wire, reply(b"some words", status, x_trace_id="00-1f2e"))
        assert type(error) is kind
        assert error.trace_id == "00-1f2e"

    @both_versions
    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", HTML, DEEP, b"[1]", b"null"], ids=short)
    def test_a_refusal_stays_one_whatever_its_body(self, wire: Wire, body: bytes) -> None:
        assert type(error_from(wire, reply(body, 404))) is RefusedError

    @both_versions
    def test_a_web_page_is_only_named(self, wire: Wire) -> None:
        error = error_from(wire, reply(HTML, 502))
        assert isinstance(error, OutcomeUnknownError)
        assert error.text == "(a web page instead of an API reply, status 502)"

    @both_versions
    @pytest.mark.parametrize("prefix", [b"", b"Sonoran CAD: ", b" \r\n"])
    def test_the_wrong_path_placeholder_means_nothing_happened(
        self, wire: Wire, prefix: bytes
    ) -> None:
        error = error_from(wire, reply(prefix + b"Backend Service Reached\n"))
        assert isinstance(error, NoEffectError)
        assert error.text is not None

    def test_a_note_that_repeats_the_placeholder_is_added(self) -> None:
        body = b"NOTE 'Backend Service Reached' added to call #417"
        assert v1.read_added_note(reply(body), NOTE).call_id == 417

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"title": "Not Found", "detail": " no such call "}, "no such call"),
            ({"title": "Not Found", "detail": " ", "status": 404}, "Not Found"),
            ({"Title": "Not Found", "Detail": "no such call"}, "no such call"),
            ({"message": "no Route matched", "request_id": "a"}, "no Route matched"),
            ({"detail": 5}, '{"detail": 5}'),
            (b"plain words", "plain words"),
        ],
    )
    def test_v2_shows_the_words_meant_for_people(self, body: object, text: str) -> None:
        error = error_from(v2, reply(body, 404))
        assert isinstance(error, RefusedError)
        assert error.text == text
