"""What is read in a list of servers, and in replies that are none."""

import json

import pytest

from bot.sonoran import (
    CadServer,
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    ServerList,
    SonoranError,
)
from bot.sonoran.exchange import Reply
from bot.sonoran.listings import read_servers
from bot.sonoran.wire import Wire
from tests.cases import cases
from tests.sonoran.listing_replies import (
    ADDRESS,
    MAIN_ALONE,
    PLACEHOLDERS,
    SERVER,
    unclear,
)
from tests.sonoran.wire_replies import HTML, both_versions, reply


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

    @cases(
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
            {**SERVER, "id": 0},
        ],
    )
    def test_an_odd_entry_spoils_no_other_but_the_list_may_lack_a_server(self, odd: object) -> None:
        found = read_servers(reply({"servers": [odd, SERVER]}))
        assert found == ServerList(MAIN_ALONE.servers, whole=False)

    def test_of_two_with_the_same_number_the_first_counts(self) -> None:
        assert read_servers(reply({"servers": [SERVER, {**SERVER, "name": "x"}]})) == MAIN_ALONE

    def test_a_byte_that_is_no_text_spoils_nothing_but_its_character(self) -> None:
        body = b'{"servers": [{"id": 1, "name": "Zo\xeb"}]}'
        assert read_servers(reply(body)) == ServerList((CadServer(1, "Zo\ufffd"),))

    def test_a_name_holds_nothing_that_a_database_cannot_store(self) -> None:
        found = read_servers(reply({"servers": [{"id": 1, "name": "Zo\0\ud800"}]}))
        assert found == ServerList((CadServer(1, "Zo\ufffd?"),))

    @cases(
        "body",
        [
            {},
            [SERVER],
            {"servers": SERVER},
            json.dumps({"servers": [SERVER]}).encode()[:-1],
            HTML,
            b"\xff",
        ],
    )
    def test_an_unusable_list_is_not_read_and_shows_no_address(self, body: object) -> None:
        error = unclear(reply(body), servers=True)
        assert ADDRESS not in f"{error!r} {vars(error)}"

    def test_no_address_of_a_game_server_is_shown(self) -> None:
        received = reply({"servers": [SERVER]})
        assert ADDRESS not in repr((received, read_servers(received)))


class TestFailures:
    @both_versions
    @cases(
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
    )
    def test_a_reply_that_is_no_success_is_an_error_of_its_kind(
        self, wire: Wire, received: Reply, kind: type[SonoranError]
    ) -> None:
        with pytest.raises(SonoranError) as caught:
            wire.raise_failure(received)
        assert type(caught.value) is kind
