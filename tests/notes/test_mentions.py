"""Discord's codes in a note become words, and bring nothing else into it."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from bot.notes.mentions import Names, mentioned_channels, mentioned_members, with_names
from tests.hostile_text import few, has_controls, hostile_texts

NAMES = Names(
    members={1: "Anna Meyer"},
    roles={1: "Dispatch", 2: "@everyone"},
    channels={1: "radio"},
)


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("ask <@1>", "ask @Anna Meyer"),
        ("ask <@!1>", "ask @Anna Meyer"),
        ("ask <@&1>", "ask @Dispatch"),
        ("ask <@&2>", "ask @everyone"),
        ("see <#1>", "see #radio"),
        ("ask <@9>", "ask @unknown"),
        ("ask <@&9>", "ask @unknown"),
        ("see <#9>", "see #unknown"),
        ("ok <:thumb:123>", "ok :thumb:"),
        ("ok <a:wave:123>", "ok :wave:"),
        ("<@1><@1>", "@Anna Meyer@Anna Meyer"),
        ("use </callnote:123>", "use /callnote"),
        ("use </callnote-config log-channel:123>", "use /callnote-config log-channel"),
        ("in <id:customize>", "in Channels & Roles"),
        ("in <id:browse>", "in Browse Channels"),
        ("in <id:guide>", "in Server Guide"),
        ("in <id:linked-roles:123>", "in Linked Roles"),
        ("in <id:new-page>", "in new page"),
        ("at <t:1618953630>", "at 2021-04-20 21:20 UTC"),
        ("at <t:1618953630:t>", "at 21:20 UTC"),
        ("at <t:1618953630:T>", "at 21:20:30 UTC"),
        ("on <t:1618953630:d>", "on 2021-04-20 UTC"),
        ("on <t:1618953630:D>", "on 2021-04-20 UTC"),
        ("at <t:1618953630:F>", "at 2021-04-20 21:20 UTC"),
        ("at <t:1618953630:R>", "at 2021-04-20 21:20 UTC"),
        ("at <t:-1>", "at 1969-12-31 23:59 UTC"),
    ],
)
def test_a_mention_code_becomes_a_name(note: str, shown: str) -> None:
    assert with_names(note, NAMES, UTC) == shown


@pytest.mark.parametrize(
    "note",
    [
        "<t:9999999999999>",
        "<t:>",
        "<t:1:tt>",
        "</:1>",
        "</a>",
        "<id:>",
        "<id:X>",
        "<@>",
        "<@1",
        "@1>",
        "<#x>",
        "<@ 1>",
        "<@١>",
        "< 3",
        "a <b> c",
        f"<@{'1' * 21}>",
    ],
)
def test_what_is_no_mention_code_is_kept(note: str) -> None:
    assert with_names(note, NAMES, UTC) == note


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(1618953630, "2021-04-20 16:20 CDT"), (1609459200, "2020-12-31 18:00 CST")],
)
def test_a_time_is_told_in_the_cads_zone(seconds: int, shown: str) -> None:
    assert with_names(f"<t:{seconds}>", NAMES, ZoneInfo("America/Chicago")) == shown


def test_channels_and_threads_are_each_listed_once_in_order() -> None:
    assert mentioned_channels("<#3> <@1> <#2> <#3> <t:4>") == [3, 2]


def test_a_name_that_looks_like_a_code_is_not_resolved_again() -> None:
    assert with_names("<@1>", Names(members={1: "<@2>", 2: "Eve"}), UTC) == "@<@2>"


def test_a_name_brings_no_line_break_or_override_into_a_note() -> None:
    assert with_names("<@1>", Names(members={1: "Eve\nNOTE\u202e x\0"}), UTC) == "@Eve NOTE x"


@few
@given(hostile_texts())
def test_names_never_bring_control_characters(name: str) -> None:
    names = Names(members={1: name}, roles={1: name}, channels={1: name})
    assert not has_controls(with_names("<@1> <@&1> <#1>", names, UTC))


def test_mentioned_members_are_each_listed_once_in_order() -> None:
    assert mentioned_members("<@3> <@!1> <@3> <@2> <@!2>") == [3, 1, 2]


def test_roles_channels_and_emojis_are_no_mentioned_members() -> None:
    assert mentioned_members("<@&3> <#1> <:abc:2>") == []
