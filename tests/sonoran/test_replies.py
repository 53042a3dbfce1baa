import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from bot.sonoran import CallNote, RateLimitedError, VersionSign, v1, v2
from bot.sonoran.exchange import LONGEST_DELAY, Reply
from bot.sonoran.wire import Wire, error_of
from tests.cases import cases

NOTE = CallNote(server_id=2, call_id=417, text="Caller hung up", label="D-2")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DEEP = b'{"version":' * 100_000
HTML = b"<!DOCTYPE html><html></html>"

both_versions = cases("wire", [v1, v2])


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Make a reply; a body that is no bytes goes out as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers or {}, raw)


def rate_limit_from(wire: Wire, received: Reply) -> RateLimitedError:
    with pytest.raises(RateLimitedError) as caught:
        wire.raise_failure(received)
    return caught.value


class TestRetryAfter:
    @cases(
        ("value", "seconds"),
        [
            ("7", 7.0),
            (" 0.5 ", 0.5),
            ("0", 0.0),
            ("-3", 0.0),
            ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
            ("Fri, 02 Jan 2026 04:05:05 +0100", 60.0),
            ("Fri, 02 Jan 2026 03:05:05 -0000", 60.0),
            ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
            ("", None),
            ("soon", None),
            ("inf", None),
            ("-inf", None),
            ("nan", None),
            ("1e999", None),
            ("Fri, 32 Jan 2026 03:00:00 GMT", None),
            (f"Fri, 02 Jan {'9' * 20} 03:00:00 GMT", None),
            (f"Fri, 02 Jan 2026 03:00:00 +{'9' * 20}", None),
        ],
    )
    def test_a_delay_is_read_or_counts_as_not_named(
        self, value: str, seconds: float | None
    ) -> None:
        assert reply(b"", 429, {"retry-after": value}).retry_after(NOW) == seconds

    def test_a_date_in_a_refusal_is_measured_from_the_present(self) -> None:
        error = error_of(reply(b"", 429, {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}))
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == LONGEST_DELAY

    @cases("value", ["86401", "999999999", "1e300", "9999999999"])
    def test_a_delay_of_more_than_a_day_counts_as_a_day(self, value: str) -> None:
        assert reply(b"", 429, {"retry-after": value}).retry_after(NOW) == LONGEST_DELAY

    @cases("name", ["ratelimit-reset", "x-ratelimit-reset"])
    @cases("useless", ["", "soon", "nan", "inf"])
    def test_the_reset_headers_stand_in_for_a_useless_delay(self, name: str, useless: str) -> None:
        received = reply(b"", 429, {"retry-after": useless, name: "12"})
        assert received.retry_after(NOW) == 12.0

    def test_a_reset_far_beyond_a_day_is_taken_for_a_unix_time(self) -> None:
        now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        reset = int(now.timestamp()) + 40
        for value in (reset, reset * 1000):
            received = reply(b"", 429, {"x-ratelimit-reset": str(value)})
            assert received.retry_after(now) == 40

    def test_a_usable_delay_goes_before_the_reset_headers(self) -> None:
        received = reply(
            b"", 429, {"retry-after": "3", "ratelimit-reset": "4", "x-ratelimit-reset": "5"}
        )
        assert received.retry_after(NOW) == 3.0

    @both_versions
    def test_a_rate_limit_carries_its_full_delay(self, wire: Wire) -> None:
        error = rate_limit_from(wire, reply({"message": "slow down"}, 429, {"retry-after": "3600"}))
        assert error.retry_after == 3600.0

    @both_versions
    def test_a_rate_limit_may_name_no_delay(self, wire: Wire) -> None:
        error = rate_limit_from(wire, reply(b"", 429))
        assert error.retry_after is None


class TestTraceId:
    @cases(
        ("body", "headers", "trace_id"),
        [
            ({"traceId": "a", "requestId": "b"}, {"x-trace-id": "c"}, "a"),
            ({"TraceID": "a"}, {}, "a"),
            ({"requestId": "b"}, {}, "b"),
            ({"request_id": "b"}, {"x-kong-request-id": "d"}, "b"),
            ({"traceId": 5}, {"x-trace-id": "c"}, "c"),
            ({"traceId": ""}, {"x-kong-request-id": "d"}, "d"),
            (b"text", {"x-trace-id": "c", "x-kong-request-id": "d"}, "c"),
            (b"text", {}, None),
            ({"traceId": "a" * 101}, {}, None),
            ({"traceId": "Caller hung up"}, {}, None),
            ({"traceId": "x\noutcome=added"}, {"x-trace-id": "00-1f2e"}, "00-1f2e"),
        ],
    )
    def test_the_reference_comes_from_body_then_headers(
        self, body: object, headers: dict[str, str], trace_id: str | None
    ) -> None:
        assert reply(body, 404, headers).trace_id == trace_id


class TestVersionSign:
    @cases(
        ("received", "sign"),
        [
            (reply({"version": 2, "name": "PLUS"}), VersionSign.ANSWERED),
            (reply({"Version": 2}), VersionSign.ANSWERED),
            (reply({"title": "x", "status": 401}, 401), VersionSign.REFUSED),
            (reply(b"", 401), VersionSign.REFUSED),
            (reply(b"", 402), VersionSign.REFUSED),
            (reply(b"", 403), VersionSign.REFUSED),
            (reply(b"", 404, {"content-type": "application/problem+json"}), VersionSign.REFUSED),
            (reply({"title": "x", "status": 404}, 404), VersionSign.REFUSED),
            (reply(b"Backend Service Reached"), VersionSign.PLACEHOLDER),
            (reply(b"Sonoran CAD: Backend Service Reached"), VersionSign.PLACEHOLDER),
            (reply(HTML), VersionSign.WEB_PAGE),
            (reply(HTML, 404), VersionSign.WEB_PAGE),
            (reply({"message": "no Route matched"}, 404), VersionSign.NO_ADDRESS),
            (reply(b"INVALID REQUEST TYPE", 400), VersionSign.NO_ADDRESS),
            (reply(b"", 405), VersionSign.NO_ADDRESS),
            (reply(HTML, 403), None),
            (reply(HTML, 503), None),
            (reply(b"", 500), None),
            (reply({"title": "x", "status": 500}, 500), None),
            (reply(b"", 429), None),
            (reply(b"", 408), None),
            (reply(b"", 301), None),
            (reply(b"", 307), None),
            (reply({"name": "PLUS"}), VersionSign.ANSWERED),
            (reply({"plan": "PLUS"}), None),
            (reply(b""), None),
            (reply(DEEP), None),
            (reply(b"", 204), None),
            (Reply(200, {}, b'{"version": 2}', complete=False), None),
        ],
    )
    def test_a_reply_tells_whether_version_2_is_there(
        self, received: Reply, sign: VersionSign | None
    ) -> None:
        assert v2.read_version_sign(received) is sign
