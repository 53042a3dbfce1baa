"""The sandbox as a visitor or a script uses it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.cads import API_KEY, COMMUNITY_ID
from bot.sandbox.discord import DiscordServer
from bot.sandbox.help import HELP
from bot.sandbox.manners import MANNERS
from bot.sandbox.scene import LIMITS, TOKEN, Scene
from bot.sandbox.sonoran import SonoranServer
from bot.sonoran import (
    ApiVersion,
    CredentialsError,
    OutcomeUnknownError,
    RateLimitedError,
    SonoranClient,
    SonoranError,
    Transport,
    open_session,
)
from tests.cases import case
from tests.sandbox.cad_caller import CALLS, Caller
from tests.sandbox.session import sandbox
from tests.sonoran_client import CREDENTIALS, NOTE, serving

pytestmark = pytest.mark.long


async def test_a_note_is_echoed_and_nothing_else_printed(tmp_path: Path) -> None:
    lines = await sandbox("/callnote call:123 note:some note here\n", tmp_path, forked=False)
    assert lines == ["NOTE 'some note here' added to call #123"]


async def test_a_calls_card_is_kept_in_the_channel_and_closed_with_it(tmp_path: Path) -> None:
    lines = await sandbox(
        """/calls
choose #517 · Robbery · 77 Vinewood Blvd · P1
press Keep in channel
channel
note 517 Backup sent
close 517
note 4711 Hello
""",
        tmp_path,
    )
    text = "\n".join(lines)
    assert "(only the dispatcher sees this) #517 · Robbery" in text
    assert "Keep in channel shows this card to everyone" in text
    assert "\n#517 · Robbery" in text
    assert "  press: Add note, Refresh" in lines
    assert "(Kim K-9 added a note to call #517 in the CAD)" in lines
    assert "(call #517 is closed in the CAD)" in lines
    assert lines[-1].startswith("Say which call, such as")


async def test_the_hosts_settings_are_not_used_and_the_last_line_needs_no_line_break(
    tmp_path: Path,
) -> None:
    lines = await sandbox(
        "/callnote call:123 note:hi",
        tmp_path,
        DISCORD_TOKEN="a b",
        SONORAN_API_URL="nowhere",
        DISCORD_API_URL="http://127.0.0.1:9",
        HTTP_PROXY="http://127.0.0.1:9",
    )
    assert lines == ["NOTE 'hi' added to call #123"]


async def test_both_api_versions_can_be_tried(tmp_path: Path) -> None:
    lines = await sandbox(
        "api 1\n/callnote call:124 note:hi\ncalls\napi 2\n/callnote call:130 note:ho\ncalls\n",
        tmp_path,
    )
    assert "NOTE 'hi' added to call #124" in lines
    assert "#124 Burglary alarm: Dana D-2: 'hi'" in lines
    assert "NOTE 'ho' added to call #130" in lines
    assert [line for line in lines if line.startswith("#130") and "Dana D-2: 'ho'" in line]


async def test_while_the_cad_is_slow_callnote_is_thinking(tmp_path: Path) -> None:
    lines = await sandbox("cad slow\n/callnote call:123 note:hi\n", tmp_path, thinking=True)
    assert lines[1] == "Callnote is thinking…"


async def test_the_cad_can_be_made_to_misbehave() -> None:
    expected: dict[str, tuple[type[SonoranError], int | None]] = {
        "failing": (OutcomeUnknownError, 500),
        "broken": (OutcomeUnknownError, None),
        "blind": (OutcomeUnknownError, None),
        "webpage": (OutcomeUnknownError, 502),
        "limited": (RateLimitedError, None),
        "wrong-key": (CredentialsError, 401),
    }
    for manner, (kind, status) in expected.items():
        async with serving() as cad, open_session(None) as session:
            MANNERS[manner](cad)
            client = SonoranClient(Transport(session, cad.url), CREDENTIALS, version=ApiVersion.V2)
            with case(manner):
                with pytest.raises(kind) as caught:
                    await client.add_call_note(NOTE)
                assert getattr(caught.value, "status", None) == status


async def test_help_fits_one_screen_and_what_discord_offers_for_a_number_is_shown(
    tmp_path: Path,
) -> None:
    *lines, one, two, three = await sandbox(
        "help\ntype /callnote call:vine\nas civilian type /callnote call:\ntype /callnote note:x\n",
        tmp_path,
    )
    assert "\n".join(lines) == HELP.rstrip("\n")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert [one, two, three] == [
        "  #517 · Robbery · 77 Vinewood Blvd · P1",
        "(Discord would offer nothing)",
        "Discord would not send this: /callnote offers no choices for note",
    ]


BAD_LINES = [
    b"hello",
    b"/other",
    b"/callnote",
    b"/callnote call:1",
    b"type /callnote",
    b"type vine",
    b"as nobody type /callnote call:1",
    b"as nobody /callnote call:1 note:x",
    b"as civilian",
    b"as civilian choose x",
    b"choose Dispatcher",
    b"press",
    b"press Older",
    b"fill a-key",
    b"wait",
    b"/callnote-config",
    b"/callnote-config roles",
    b"as admin /callnote-config upside-down",
    b"as admin /callnote-config roles-add role:Nobody",
    b"as admin /callnote-config roles-add Civilian",
    b"as nobody /callnote-config roles",
    b"cad upside-down",
    b"api 3",
    b"\xff\xfe\x00",
]


async def test_each_bad_line_gets_one_sentence(tmp_path: Path) -> None:
    lines = await sandbox(b"\n".join(BAD_LINES), tmp_path)
    assert len(lines) == len(BAD_LINES)
    assert all(lines)


async def test_an_administrator_opens_the_door_to_civilians_and_chooses_in_lists(
    tmp_path: Path,
) -> None:
    refused, *lines = await sandbox(
        "as civilian /callnote call:123 note:hello\n"
        "as admin /callnote-config roles-add role:Civilian\n"
        "as civilian /callnote call:123 note:hi\n"
        "as admin /callnote-config roles\nchoose civilian\nchoose\n"
        "as admin /callnote-config server\nchoose 2 Night shift\n",
        tmp_path,
    )
    assert refused.startswith("(only the civilian sees this) ")
    assert "@Dispatcher" in refused
    assert lines[:2] == [
        "(only the admin sees this) Dispatcher roles are now @Civilian and @Dispatcher.",
        "NOTE 'hi' added to call #123",
    ]
    said = [line.partition(") ")[2] for line in lines[2:] if line.startswith("(only the admin")]
    assert said[1:] == [
        "The dispatcher role is now @Civilian, and no longer @Dispatcher.",
        "Nobody can add notes now. Choose roles: /callnote-config roles",
        "CAD server: 1 Sandbox Main. Choose below to change it.",
        "The CAD server is now 2 Night shift.",
    ]
    assert "  choose: @everyone, Dispatcher, Civilian" in lines


async def test_settings_last_for_as_long_as_the_sandbox(tmp_path: Path) -> None:
    lines = await sandbox(
        "as admin /callnote-config roles-remove role:Dispatcher\nrestart\n"
        "/callnote call:123 note:hi\n",
        tmp_path,
    )
    assert "Nobody may add notes here yet" in lines[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == []  # noqa: ASYNC240


async def test_a_note_on_its_way_can_be_called_back(tmp_path: Path) -> None:
    lines = await sandbox("cad limited\n/callnote call:123 note:hi\npress Cancel\n", tmp_path)
    assert "⏳ Queued for call #123" in "\n".join(lines)
    assert "  press: Cancel" in lines
    assert lines[-2:] == ["Cancelled: nothing was added to call #123.", "Your note: hi"]


async def test_the_cad_simulator_allows_all_the_readings_that_the_bot_makes_here(
    tmp_path: Path,
) -> None:
    async with (
        DiscordServer(token=TOKEN) as discord,
        SonoranServer(community_id=COMMUNITY_ID, api_key=API_KEY) as cad,
        aiohttp.ClientSession() as session,
    ):
        Scene(discord, cad, tmp_path)
        caller = Caller(session, cad)
        for _ in range(LIMITS.call_reads_per_minute):
            assert (await caller.get(CALLS)).status == 200


async def test_a_message_is_waited_for_until_it_changes(tmp_path: Path) -> None:
    lines = await sandbox("cad broken\n/callnote call:123 note:hi\nwait\n", tmp_path)
    assert lines[1].startswith("⏳ Checking call #123")
    assert lines[-1] == "NOTE 'hi' added to call #123"


async def test_a_note_is_shown_to_its_end_whether_repeated_or_too_long_to_be_shown_in_full(
    tmp_path: Path,
) -> None:
    line = "/callnote call:123 note:hi\n"
    long = "Suspect fled north on foot. " * 80 + "Gone."
    typed = f"{long}\\nlast line"
    lines = await sandbox(
        f"{line}{line}press Add anyway\ncalls\n/callnote call:999 note:{typed}\n", tmp_path
    )
    assert lines.count("NOTE 'hi' added to call #123") == 2
    assert lines[-3:] == ["  note.txt:", f"    {long}", "    last line"]


async def test_no_input_at_all_ends_well(tmp_path: Path) -> None:
    assert await sandbox("", tmp_path) == []


async def test_a_strangers_server_reaches_nothing_until_the_owner_connects_it(
    tmp_path: Path,
) -> None:
    note = "as stranger /callnote call:123 note:hi\n"
    lines = await sandbox(
        f"{note}calls\n"
        "as owner /callnote-config connect\npress Connect\n"
        f"as stranger /callnote-config roles-add role:Dispatcher\n{note}",
        tmp_path,
    )
    assert "is not connected yet" in lines[0]
    assert lines[1] == "#123 Traffic stop: -"
    assert lines[-1] == "NOTE 'hi' added to call #123"
