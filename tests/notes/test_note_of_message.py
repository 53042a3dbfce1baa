"""Whatever a message has in it becomes a note that fits, and says who wrote it and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.notes.form_texts import NO_TEXT, SHORTENED
from bot.notes.note_of_message import MOST_NUMBERS, calls_named_in, note_of
from bot.notes.parsing import parse_note
from tests.hostile_text import CONTROLS, few, hostile_texts, long_hostile_texts, utf16_units

CLIENT = discord.Client(intents=discord.Intents.none())
CHANNEL = CLIENT.get_partial_messageable(5)
WRITTEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIME = WRITTEN.isoformat()
ID = discord.utils.time_snowflake(WRITTEN)
HEAD = "casey wrote, 2026-01-02 03:04 UTC:"
LINK = f"https://discord.com/channels/@me/5/{ID}"
ADDRESS = "https://cdn.discordapp.com/attachments/1/2/scene.png?ex=1&is=2&hm=" + "0" * 64

texts = hostile_texts() | long_hostile_texts(2000)


def embed(title: str, description: str, of_field: str, others: str) -> dict[str, Any]:
    return {
        "author": {"name": others},
        "title": title,
        "description": description,
        "fields": [{"name": others, "value": of_field}],
        "footer": {"text": others},
    }


embeds = st.builds(embed, texts, texts, texts, hostile_texts(5))
HOSTILE = "x\u202e\x1b[31m\r\n\ud83d\t"


def files(count: int) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "filename": "scene.png", "size": 1, "url": ADDRESS, "proxy_url": ADDRESS}
        for n in range(count)
    ]


def parts(**fields: Any) -> dict[str, Any]:
    """Return what a message and a snapshot have in common, with some fields as given."""
    usual: dict[str, Any] = {"type": 0, "content": "", "embeds": [], "attachments": []}
    usual |= {"timestamp": TIME, "edited_timestamp": None, "components": [], "flags": 0}
    return usual | fields


def message(author: str = "casey", **fields: Any) -> discord.Message:
    """Return a message as discord.py makes it of Discord's object."""
    user = {"id": "3", "username": author, "discriminator": "0", "avatar": None}
    data: Any = parts(**fields) | {"id": str(ID), "channel_id": "5", "author": user, "tts": False}
    data |= {"mention_everyone": False, "mentions": [], "mention_roles": [], "pinned": False}
    return discord.Message(state=CLIENT._connection, channel=CHANNEL, data=data)


def forwarding(**fields: Any) -> discord.Message:
    return message(message_snapshots=[{"message": parts(**fields)}])


@few
@given(
    author=texts,
    content=texts,
    shown=st.lists(embeds, max_size=1),
    count=st.integers(0, 10),
    forwarded=st.none() | texts,
)
@example(HOSTILE, HOSTILE, [embed(HOSTILE, HOSTILE, HOSTILE, HOSTILE)], 1, HOSTILE)
@example("😀" * 200, "x" + "😀" * 1999, [embed(*["😀" * 500] * 4)] * 2, 10, "😀" * 2000)
@example("dana", "x" * 1900, [embed("x" * 1900, "", "", "")], 10, None)
@example("dana", "😀" * 2000, [], 0, None)
@example("\u200b", "", [], 0, None)
def test_a_note_fits_and_has_what_may_not_be_cut(
    author: str, content: str, shown: list[dict[str, Any]], count: int, forwarded: str | None
) -> None:
    snapshots = [] if forwarded is None else [{"message": parts(content=forwarded)}]
    made = message(
        author, content=content, embeds=shown, attachments=files(count), message_snapshots=snapshots
    )
    note = note_of(made, UTC, str)
    assert utf16_units(note) <= 4000
    assert note.count(ADDRESS) == count
    assert " wrote, 2026-01-02 03:04 UTC:" in note.split("\n")[0]
    assert not set(note) & (set(CONTROLS) - {"\n"})
    assert parse_note(note, lines=True) == note.strip()
    assert (LINK in note) != (SHORTENED in note) or utf16_units(note) > 4000 - len(LINK) - 1


def test_an_address_for_which_there_is_no_room_is_left_out_and_not_cut() -> None:
    head, *addresses, end = note_of(message(attachments=files(40)), UTC, str).split("\n")
    assert (head, end) == (HEAD, SHORTENED)
    assert len(addresses) > 20
    assert set(addresses) == {ADDRESS}


@few
@given(text=texts)
@example("\u200b")
def test_a_short_text_is_there_whole(text: str) -> None:
    note = note_of(message(content=text[:1000]), UTC, str)
    lines = note.split("\n")
    assert lines[0] == HEAD
    assert lines[-1] == LINK
    if parse_note(f"x{text[:1000]}", lines=True) == "x":
        assert lines[1:-1] == [NO_TEXT]


def test_the_parts_stand_in_the_order_of_the_message() -> None:
    embed = {
        "author": {"name": "CAD"},
        "title": "Plate",
        "description": "ABC 123",
        "fields": [{"name": "Colour", "value": "red"}],
        "footer": {"text": "end"},
    }
    made = message(content=" Look\r\nhere ", embeds=[embed], attachments=files(1))
    assert note_of(made, UTC, str).split("\n") == [
        *(HEAD, "Look", "here", ADDRESS, "CAD", "Plate", "ABC 123", "Colour: red", "end", LINK)
    ]


def test_a_poll_has_its_question_and_its_answers() -> None:
    answers = [{"answer_id": n, "poll_media": {"text": f"Route {n}"}} for n in (1, 68)]
    poll = {"question": {"text": "Which way?"}, "answers": answers, "expiry": TIME}
    lines = note_of(message(poll=poll), UTC, str).split("\n")
    assert lines == [HEAD, "Which way?", "Route 1", "Route 68", LINK]


def test_the_time_is_the_messages_own_in_the_zone() -> None:
    zone = timezone(timedelta(hours=-6), "CST")
    assert note_of(message(content="x"), zone, str).startswith(
        "casey wrote, 2026-01-01 21:04 CST:\n"
    )


def test_a_forwarded_message_has_its_own_time_and_nothing_of_an_empty_one() -> None:
    early = datetime(2025, 12, 31, 23, 59, tzinfo=UTC).isoformat()
    assert note_of(forwarding(content="tip", timestamp=early), UTC, str).split("\n") == [
        *(HEAD, "Forwarded message, 2025-12-31 23:59 UTC:", "tip", LINK)
    ]
    assert note_of(forwarding(), UTC, str).split("\n") == [HEAD, NO_TEXT, LINK]


def test_a_text_that_leaves_no_room_goes_without_the_link() -> None:
    room = 4000 - len(HEAD) - 1
    assert note_of(message(content="x" * room), UTC, str) == f"{HEAD}\n{'x' * room}"
    longer = note_of(message(content="x" * (room + 1)), UTC, str)
    assert len(longer) <= 4000
    assert longer.endswith(f"x\n{SHORTENED}")


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("see #123", [123]),
        ("#123, then (#124)", [123, 124]),
        ("call 123, unit #A1, <#123>, a#5, &#39; and #12-3", []),
        ("#0 #99999999999999999", []),
        (" ".join(f"#{n}" for n in range(1, 50)), [1, 2, 3, 4, 5]),
    ],
)
def test_the_calls_that_a_message_names(text: str, calls: list[int]) -> None:
    assert calls_named_in(message(content=text), 1, "") == calls
    assert calls_named_in(forwarding(content=text), 1, "") == calls
    assert calls_named_in(message(), 1, text) == calls


@pytest.mark.parametrize(
    ("footer", "calls"),
    [
        ("dana | 5 | 517 | 1", [517]),
        ("dana | 6 | 517 | 1", [517]),
        ("dana | 7 | 517", [517]),
        ("dana | 5 | 517 | 2", []),
        ("dana | 8 | 517 | 1", []),
        ("dana | 5 | many | 1", []),
        ("a | b | 5 | 517", [517]),
        ("", []),
        (None, []),
    ],
)
def test_the_call_in_the_footer_of_the_cads_webhook(footer: str | None, calls: list[int]) -> None:
    embed = {"footer": {"text": footer}}
    assert calls_named_in(message(embeds=[embed], webhook_id="9"), 1, "") == calls
    assert calls_named_in(message(embeds=[embed]), 1, "") == []


@few
@given(texts)
@example(" ".join(f"#{number}" for number in (10**16 - 1, *range(10))))
def test_no_message_names_too_many_calls_or_impossible_ones(text: str) -> None:
    found = calls_named_in(message(content=text, embeds=[{"footer": {"text": text}}]), 1, text)
    assert len(found) <= MOST_NUMBERS
    assert all(1 <= number < 2**53 for number in found)
