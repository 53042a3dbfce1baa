from bot.sonoran import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    SonoranError,
    v1,
    v2,
)
from bot.sonoran.wire import Wire
from tests.cases import cases
from tests.sonoran.wire_replies import DEEP, HTML, NOTE, both_versions, error_from, reply


class TestRefusals:
    @cases(
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
            ("INVALID NOTE 'INVALID API KEY'", RefusedError),
            ("NOTE 'INVALID COMMUNITY ID' IS TOO LONG", RefusedError),
            ("NOTE 'API IS NOT ENABLED FOR THIS COMMUNITY' REFUSED", RefusedError),
            ("CALL 9: API IS NOT ENABLED FOR THIS COMMUNITY", RefusedError),
            ("VERSION OF 'x' REQUIRED", RefusedError),
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
    @cases(
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
    @cases("body", [b"", b"\xff\xfe", DEEP, b"[1]", b"null"])
    def test_a_refusal_stays_one_whatever_its_body(self, wire: Wire, body: bytes) -> None:
        assert type(error_from(wire, reply(body, 404))) is RefusedError

    @both_versions
    @cases("status", [400, 404, 405, 410])
    @cases("body", [HTML, b"error code: 1003"])
    def test_what_is_in_front_of_the_cad_refuses_nothing_for_it(
        self, wire: Wire, status: int, body: bytes
    ) -> None:
        error = error_from(wire, reply(body, status, x_trace_id="00-1f2e"))
        assert isinstance(error, NoEffectError)
        assert error.trace_id == "00-1f2e"

    @both_versions
    def test_a_gateway_that_found_no_address_refuses_nothing_else(self, wire: Wire) -> None:
        body = {"message": "Bad thing", "request_id": "a"}
        assert isinstance(error_from(wire, reply(body, 404)), NoEffectError)
        assert type(error_from(wire, reply(body, 400))) is RefusedError

    @both_versions
    def test_a_web_page_is_only_named(self, wire: Wire) -> None:
        error = error_from(wire, reply(HTML, 502))
        assert isinstance(error, OutcomeUnknownError)
        assert error.text == "(a web page instead of an API reply, status 502)"

    @both_versions
    @cases("prefix", [b"", b"Sonoran CAD: ", b" \r\n"])
    def test_the_wrong_path_placeholder_means_nothing_happened(
        self, wire: Wire, prefix: bytes
    ) -> None:
        error = error_from(wire, reply(prefix + b"Backend Service Reached\n"))
        assert isinstance(error, NoEffectError)
        assert error.text is not None

    def test_a_note_that_repeats_the_placeholder_is_added(self) -> None:
        body = b"NOTE 'Backend Service Reached' added to call #417"
        assert v1.read_added_note(reply(body), NOTE) == body.decode()

    @cases(
        ("body", "text"),
        [
            ({"title": "Not Found", "detail": " no such call "}, "no such call"),
            ({"title": "Not Found", "detail": " ", "status": 404}, "Not Found"),
            ({"Title": "Not Found", "Detail": "no such call"}, "no such call"),
            ({"message": "no such call", "requestId": "a"}, "no such call"),
            ({"detail": 5}, '{"detail": 5}'),
            (b"plain words", "plain words"),
        ],
    )
    def test_v2_shows_the_words_meant_for_people(self, body: object, text: str) -> None:
        error = error_from(v2, reply(body, 404))
        assert isinstance(error, RefusedError)
        assert error.text == text
