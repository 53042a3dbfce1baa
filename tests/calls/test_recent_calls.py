"""The calls that were used last come first: a member's own, then the channel's."""

from __future__ import annotations

import pytest

from bot.calls import recent_calls
from bot.calls.recent_calls import RecentCalls
from bot.sonoran import CallNote
from tests.note_records import record

GUILD, DANA, KIM, CHANNEL, OTHER = 1, 2, 3, 4, 5


def use(
    recent: RecentCalls,
    call_id: int,
    member_id: int = DANA,
    channel_id: int = CHANNEL,
    *,
    server_id: int = 1,
    before: bool = False,
) -> None:
    note = CallNote(server_id, call_id, "Suspect fled", "Dana")
    used = record(guild_id=GUILD, member_id=member_id, channel_id=channel_id, note=note)
    recent.used(used, before=before)


def of(recent: RecentCalls, member_id: int = DANA, guild_id: int = GUILD) -> list[int]:
    return recent.of(guild_id, member_id=member_id, channel_id=CHANNEL, server_id=1)


def test_the_members_own_come_first_and_then_the_channels() -> None:
    recent = RecentCalls()
    use(recent, 1, channel_id=OTHER)
    use(recent, 2, KIM)
    use(recent, 3)
    use(recent, 1, channel_id=OTHER)
    assert of(recent) == [1, 3, 2]
    assert of(recent, KIM) == [2, 3]


def test_another_cad_server_and_another_guild_have_their_own() -> None:
    recent = RecentCalls()
    use(recent, 1, server_id=2)
    use(recent, 2)
    assert of(recent) == [2]
    assert of(recent, guild_id=9) == []


def test_what_is_learnt_of_earlier_comes_behind() -> None:
    recent = RecentCalls()
    use(recent, 1)
    use(recent, 2, before=True)
    use(recent, 1, before=True)
    assert of(recent) == [1, 2]


def test_few_are_remembered_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_calls, "MOST_USERS", 20)
    recent = RecentCalls()
    for number in range(20):
        use(recent, number)
    assert of(recent) == [19, 18, 17, 16, 15]
    for member in range(100, 119):
        use(recent, 7, member, member)
    assert of(recent) == [19, 18, 17, 16, 15]
    use(recent, 7, 119, 119)
    assert of(recent) == []
