"""Replies made by hand that name the plan or the community."""

import pytest

from bot.sonoran import CommunityInfo, OutcomeUnknownError, v1, v2
from bot.sonoran.exchange import Reply
from tests.cases import cases
from tests.sonoran.wire_replies import HTML, reply


@cases(
    ("body", "plan"),
    [
        (b"0", "FREE"),
        (b"1", "STARTER"),
        (b"2", "STANDARD"),
        (b"3", "PLUS"),
        (b" 4\n", "PRO"),
        (b"6", "SONORAN ONE"),
        (b'"3"', "PLUS"),
        (b"3: PLUS", "PLUS"),
        (b"5", "plan 5"),
        (b"31", "plan 31"),
    ],
)
def test_version_1_names_the_plan_by_its_leading_digits(body: bytes, plan: str) -> None:
    assert v1.read_plan(reply(body)) == plan


@cases("body", [b"", b"PLUS 3", b"-1", b"99999", "٣".encode(), b"\xff3", HTML, b"{}"])
def test_version_1_without_leading_digits_names_no_plan(body: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        v1.read_plan(reply(body))


def test_version_2_names_the_plan_and_its_number_is_not_used() -> None:
    assert v2.read_plan(reply({"version": 2, "name": "PLUS"})) == "PLUS"
    assert v2.read_plan(reply({"Name": " PRO "})) == "PRO"


@cases(
    "body",
    [b"", b"3", {}, {"version": 3}, {"name": None}, {"name": " "}, {"name": 3}, [], HTML],
)
def test_version_2_without_a_name_names_no_plan(body: object) -> None:
    with pytest.raises(OutcomeUnknownError):
        v2.read_plan(reply(body))


def test_a_cut_reply_names_no_plan_and_no_community() -> None:
    with pytest.raises(OutcomeUnknownError):
        v1.read_plan(Reply(200, {}, b"3", complete=False))
    with pytest.raises(OutcomeUnknownError):
        v2.read_plan(Reply(200, {}, b'{"name": "PLUS"}', complete=False))
    with pytest.raises(OutcomeUnknownError):
        v2.read_community(Reply(200, {}, b'{"community": {"name": "R"}}', complete=False))


@cases(
    ("community", "name"),
    [
        ({"comId": "rockford", "name": "Rockford RP"}, "Rockford RP"),
        ({"ComId": "rockford", "Name": "Rockford RP"}, "Rockford RP"),
        ({"comId": "rockford", "name": ""}, "rockford"),
        ({"comId": "rockford", "name": None}, "rockford"),
        ({"comId": "rockford"}, "rockford"),
    ],
)
def test_a_community_is_called_by_its_name_or_else_its_id(
    community: dict[str, object], name: str
) -> None:
    found = v2.read_community(reply({"uuid": "u", "Community": community}))
    assert found == CommunityInfo("rockford", name)


@cases(
    "body",
    [b"", {}, {"community": None}, {"community": "R"}, {"community": {"name": 5}}, {"name": "R"}],
)
def test_a_reply_without_name_and_id_names_no_community(body: object) -> None:
    with pytest.raises(OutcomeUnknownError):
        v2.read_community(reply(body))
